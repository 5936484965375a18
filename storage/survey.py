"""Surveys: what was chosen and who took part, kept so that nobody can lay the one beside the other (decision 0056).

Both are letters of the letterbox and then leaves of one table without days, as long as each other. A ballot says what
was chosen and has an id that was drawn for it; a mark has an id that is a keyed hash of the survey and the person, and
says nothing else. When a survey is over, what is told of it is kept, and all of its leaves are let go.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import redis as redis_library
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import redis
from storage.db import Database, metadata
from storage.lasting import Lasting, Purpose
from storage.leaves import ID_LETTERS, NO_DAY, Leaf, Leaves, leaf_table
from storage.letterbox import Letterbox
from storage.sealing import CannotOpen, Keys

Slip = Leaf  # what is handed to the postman
IN_LETTERBOX = b"survey"  # how the content of a slip begins
STIRRED = 200
_LEAF_BYTES = 128
_CODE_LETTERS = 8
_MOST_CHOICES = 5
_NO_CODE = "-" * _CODE_LETTERS
_HAND_IN_SECONDS = 10  # longer than a postman is waited for

survey_leaves = leaf_table("survey_leaves")

survey_results = sa.Table(
    "survey_results",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("closed_on", sa.Date, nullable=False),
    sa.Column("told", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

Told = Mapping[str, Any]  # what is shown of a survey that is over, as JSON has it
Choices = Mapping[str, str]  # an option's id by the id of its question


@dataclass(frozen=True, slots=True)
class Result:
    """A survey that is over."""

    key: str
    closed_on: date
    told: Told


def survey_box(db: Database, keys: Keys, *, stirred: int = STIRRED) -> Leaves:
    """The leaves of all surveys."""
    return Leaves(db, survey_leaves, keys, size=_LEAF_BYTES, stirred=stirred, keeps_day=False)


class Surveys:
    """Ballots, marks and results; `letterbox` is where slips lie until the day is over, on their way to `leaves`."""

    def __init__(
        self, db: Database, keys: Keys, client: redis_library.Redis, *, leaves: Leaves, letterbox: Letterbox
    ) -> None:
        self._db = db
        self._client = client
        self._leaves = leaves
        self._letterbox = letterbox
        self._forms = keys.box("survey:form")
        self._papers = keys.mark("survey:paper")
        self._marks = Lasting(db, keys, Purpose.TOOK_PART)
        self._in_redis = keys.mark("survey:redis")

    # -- taking part -----------------------------------------------------------------------------------------------

    @staticmethod
    def paper() -> str:
        """What a ballot's id is made of: drawn when the questions are shown, so that a repeat is the same ballot."""
        return secrets.token_hex(ID_LETTERS // 2)

    def form(self, survey: str, who: str, *, today: date) -> str:
        """A paper for somebody, sealed: whoever shows it has been looked up, so that it need not be done again."""
        given = json.dumps([self.paper(), today.isoformat()])
        return base64.urlsafe_b64encode(self._forms.seal(given.encode(), bound_to=_to(survey, who))).decode()

    def paper_of(self, form: str, survey: str, who: str, *, today: date) -> str | None:
        """The paper of a form that was given to them today or, shortly before midnight, the day before."""
        with suppress(CannotOpen, ValueError):
            opened = self._forms.open(base64.urlsafe_b64decode(form), bound_to=_to(survey, who))
            paper, given = json.loads(opened)
            if today - date.fromisoformat(given) <= timedelta(days=1):
                return str(paper)
        return None

    def ballot(self, survey: str, paper: str, choices: Choices, *, today: date) -> Slip:
        """What was chosen."""
        codes = sorted(map(code_of, choices.items()))[:_MOST_CHOICES]
        codes += [_NO_CODE] * (_MOST_CHOICES - len(codes))
        return Leaf(self._papers(survey, paper)[:ID_LETTERS], today, _content("b", survey, codes))

    def mark(self, survey: str, who: str, *, today: date) -> Slip:
        """That somebody took part; the second one is the same."""
        return Leaf(self._marks(survey, who)[:ID_LETTERS], today, _content("m", survey, [_NO_CODE] * _MOST_CHOICES))

    def answered(self, surveys: Collection[str], who: str) -> frozenset[str]:
        """In which of these somebody took part already, as far as anybody knows."""
        left = [survey for survey in surveys if not self.is_noted(survey, who)]
        waiting = {leaf.id for leaf in self._letterbox.words(of=self._leaves)} if left else set()

        def lies(mark: str) -> bool:
            return mark[:ID_LETTERS] in waiting or self._leaves.get(mark[:ID_LETTERS]) is not None

        return frozenset(surveys) - {survey for survey in left if not any(map(lies, self._marks.all(survey, who)))}

    # -- the same in Redis, until it lies in SQL -------------------------------------------------------------------

    @contextmanager
    def handing_in(self, survey: str, who: str) -> Iterator[bool]:
        """Whether nobody else hands in for them just now; not without Redis."""
        key, is_mine = self._key("lock", survey, who), False
        with suppress(*redis.Gone):
            is_mine = bool(self._client.set(key, "1", nx=True, ex=_HAND_IN_SECONDS))
        try:
            yield is_mine
        finally:
            with suppress(*redis.Gone):
                if is_mine:
                    self._client.delete(key)

    def is_noted(self, survey: str, who: str) -> bool:
        """Whether Redis knows that they took part."""
        with suppress(*redis.Gone):
            return bool(self._client.exists(self._key("part", survey, who)))
        return False

    def note(self, survey: str, who: str, *, until: datetime) -> None:
        """Let Redis know; all that it knows of a survey ends at the same moment."""
        with suppress(*redis.Gone):
            self._client.set(self._key("part", survey, who), "1", exat=until)

    def _key(self, what: str, survey: str, who: str) -> str:
        return f"zhibu:surveys:{self._in_redis(what, survey, who)}"

    # -- what is told of it ----------------------------------------------------------------------------------------

    def results(self) -> dict[str, Result]:
        """Those that are over, by their keys."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(survey_results)).all()
        return {row.key: Result(row.key, row.closed_on, json.loads(row.told)) for row in rows}

    def close(self, survey: str, *, today: date, told: Callable[[Sequence[frozenset[str]]], Told]) -> None:
        """Keep what is `told` of the ballots, a set of codes each, and let go of them and of the marks; only once."""
        self._letterbox.move(before=today)
        ballot, mark = _content("b", survey), _content("m", survey)

        def keep(connection: Connection, gone: Sequence[Leaf]) -> None:
            ballots = [_codes(leaf) for leaf in gone if leaf.content.startswith(ballot)]
            words = json.dumps(told(ballots), ensure_ascii=False)
            row = self._db.insert(survey_results).values(key=survey, closed_on=today, told=words)
            connection.execute(row.on_conflict_do_nothing())

        self._leaves.take_out(NO_DAY, lambda leaf: leaf.content.startswith((ballot, mark)), beside=keep)


def _to(survey: str, who: str) -> bytes:
    return f"{survey}\x1f{who}".encode()


def code_of(choice: tuple[str, str]) -> str:
    """A question and an option of it, in as many letters whatever they are called."""
    return hashlib.sha256("\x1f".join(choice).encode()).hexdigest()[:_CODE_LETTERS]


def _content(kind: str, survey: str, codes: Sequence[str] = ()) -> bytes:
    named = hashlib.sha256(survey.encode()).hexdigest()[: 2 * _CODE_LETTERS]
    return IN_LETTERBOX + "".join((kind, named, *codes)).encode()


def _codes(leaf: Leaf) -> frozenset[str]:
    said = leaf.content[-_CODE_LETTERS * _MOST_CHOICES :].decode()
    return frozenset(said[at : at + _CODE_LETTERS] for at in range(0, len(said), _CODE_LETTERS)) - {_NO_CODE}
