"""All opinions as they stand: which are meant by a filter, and what of them waits for an account."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlencode

from content.roles import Duty
from handlers.asking import Asked
from handlers.feature import Queued, Waiting
from handlers.opinion import engine
from handlers.opinion.engine.promises import Promise
from handlers.opinion.service import Confidence, Readers
from scheduler.staff import Staff
from storage.opinion import Heard, Opinion, Opinions, Unread

UNSEEN_BY_US, HEARD = "unseen", "heard"
WAITING, SOON, OVERDUE = "waiting", "soon", "overdue"
NOBODY = "-"  # no admin is called that: a filter for what nobody handles yet
OF_ORGANISATION = "org:"  # nor so
PAGE = "/admin/opinion/"
_DAYS_LOOKED_AT = 3_660
_ALL = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Filter(Asked):
    """Which opinions are meant, as an address says it; "" is all.

    `state` is one of those, or what needs a look first, or what its sender spoke to last; `due` is what waits for an
    answer, all of it or what has a workday left at most, or none; `whose` is an account, nobody or an organisation.
    """

    state: str = ""
    due: str = ""
    whose: str = ""
    category: str = ""
    tag: str = ""

    def takes(self, opinion: Opinion, left: int | None, staff: Staff) -> bool:
        """Whether it is meant; `left` as in Promise.left."""
        return (
            self._is_in_state(opinion)
            and self._is_due(left)
            and self._is_with(opinion.assignee, staff)
            and self.category in {"", opinion.category}
            and (not self.tag or self.tag in opinion.tags)
        )

    def _is_in_state(self, opinion: Opinion) -> bool:
        if self.state == UNSEEN_BY_US:
            return bool(opinion.review or opinion.doubted)
        return bool(opinion.heard) if self.state == HEARD else self.state in {"", opinion.state}

    def _is_due(self, left: int | None) -> bool:
        bounds = {OVERDUE: left is not None and left < 0, SOON: left in {0, 1}, WAITING: left is not None}
        return bounds.get(self.due, True)

    def _is_with(self, assignee: str, staff: Staff) -> bool:
        if self.whose.startswith(OF_ORGANISATION):
            return assignee in staff.within(self.whose.removeprefix(OF_ORGANISATION))
        return self.whose in {"", assignee or NOBODY}


class Everything(NamedTuple):
    """All opinions with what their senders said last, those of them that can wait for somebody, and what is damaged."""

    all: list[Opinion]
    pressing: list[Opinion]
    unread: list[Unread]


class Latest:
    """Everything as it lay at the last look: two who look at once open it once."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._seen: tuple[Hashable, Everything] | None = None

    def at(self, state: Hashable, look: Callable[[], Everything]) -> Everything:
        """The same again where the state is the same, else what a new look finds."""
        with self._turn:
            if self._seen is None or self._seen[0] != state:
                self._seen = state, look()
            return self._seen[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """All opinions as they stand, without what they say: each is opened once, and again when it was changed.

    What is known of them lives in this process alone. While none was changed, none is looked at again: every page of
    the console counts them. One that was merged is with whoever has the one it goes with.
    """

    opinions: Opinions
    promise: Promise
    staff: Staff
    confidence: Confidence
    today: Callable[[], date]
    words: Mapping[str, str]
    known: dict[str, Opinion | Heard | Unread | None] = field(default_factory=dict)
    latest: Latest = field(default_factory=Latest)

    def standing(self) -> list[Opinion]:
        """All of them, after what their senders said."""
        return [self._current(each) for each in self._everything().all]

    def _everything(self) -> Everything:
        return self.latest.at(self.opinions.state(), self._look)  # the state first: what comes between is newer than it

    def _look(self) -> Everything:
        days = self.opinions.days(most=_DAYS_LOOKED_AT)
        every: list[Opinion | Heard | Unread] = self.opinions.glimpsed(days, self.known, _without_words, most=_ALL)
        heard = {each.id: each for each in every if isinstance(each, Heard)}
        found = {each.id: each for each in every if isinstance(each, Opinion)}
        whole = [self._with_heard(_with_its_lead(each, found), heard) for each in found.values()]
        unread = sorted({each for each in every if isinstance(each, Unread)}, key=lambda each: (each.day, each.id))
        return Everything(whole, [each for each in whole if _can_wait(each)], unread)

    def _with_heard(self, opinion: Opinion, heard: Mapping[str, Heard]) -> Opinion:
        last = self.opinions.last_of(opinion, heard) if heard and opinion.turns else None
        return replace(opinion, heard=(last,)) if last else opinion

    def _current(self, opinion: Opinion) -> Opinion:
        return self.promise.current(opinion) if opinion.heard else opinion

    def read_by(self, name: str) -> list[tuple[Opinion, int | None]]:
        """Those that an account may read, with the workdays that are left, as in Promise.left."""
        return self._read_by(name, self._everything().all, self.confidence.readers())

    def _read_by(self, name: str, opinions: list[Opinion], readers: Readers) -> list[tuple[Opinion, int | None]]:
        today = self.today()
        left = cache(lambda state, due: self.promise.left(state, due, today))  # many have a day in common
        standing = (self._current(each) for each in opinions if readers.may_read(name, each))
        return [(each, left(each.state, each.due)) for each in standing]

    def unread_by(self, name: str) -> list[Unread]:
        """What can't be read, for who handles the whole house: whose it is isn't known."""
        reach = self.confidence.readers().reaches.get(name)
        return self._everything().unread if reach and reach.everywhere else []

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account, and where it is listed."""
        readers = self.confidence.readers()
        if name not in readers.reaches:
            return []
        rows = self._read_by(name, self._everything().pressing, readers)
        kinds = {
            "overdue": Filter(due=OVERDUE),
            "soon": Filter(due=SOON),
            "mine": Filter(due=WAITING, whose=name),
            "nobodys": Filter(due=WAITING, whose=NOBODY),
            "unseen": Filter(state=UNSEEN_BY_US),
        }
        counts = {kind: sum(wanted.takes(*row, self.staff) for row in rows) for kind, wanted in kinds.items()}
        return [
            Waiting(
                count=counts[kind],
                said=self.words[kind].format(counts[kind]),
                link=f"{PAGE}?{urlencode(wanted.address)}",
                is_late=kind == "overdue",
            )
            for kind, wanted in kinds.items()
            if counts[kind]
        ]

    def queue(self) -> Iterator[Queued]:
        """One thing where any waits that no account may read: of how many, and whose, nothing is told here."""
        readers = self.confidence.readers()
        if any(not readers.whose(each) for each in self._everything().pressing):
            yield Queued(duty=Duty.OPINIONS, who=())


def _without_words(each: Opinion | Heard | Unread) -> Opinion | Heard | Unread:
    if isinstance(each, Unread):
        return each
    if isinstance(each, Heard):
        return replace(each, words="")
    return replace(each, words="", reply="", name="", person="", place="", pictures=(), voices=(), awaited=())


def _can_wait(opinion: Opinion) -> bool:
    """Whether somebody may have to do something: not where it has ended, and nothing was said since."""
    return bool(opinion.state not in engine.ENDS or opinion.heard or opinion.review or opinion.doubted)


def _with_its_lead(opinion: Opinion, known: Mapping[str, Opinion]) -> Opinion:
    return replace(opinion, assignee=_lead(opinion, known).assignee) if opinion.same_as else opinion


def _lead(opinion: Opinion, known: Mapping[str, Opinion]) -> Opinion:
    """The one that it goes with in the end."""
    seen = {opinion.id}
    while opinion.same_as in known and opinion.same_as not in seen:
        opinion = known[opinion.same_as]
        seen.add(opinion.id)
    return opinion
