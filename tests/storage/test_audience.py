"""Who of some people answers a condition."""

from datetime import timedelta

import pytest

from storage.audience import Conditions
from storage.deliveries import settle
from storage.quiz import Given, QuizStore
from storage.states import State
from storage.subscription import Subscriptions
from storage.tags import Tags
from tests.scheduler.world import NOON, World, answering

DAY = timedelta(days=1)
SECRETARY = {"roles": ["书记"]}


class Village(World):
    """People of whom different things hold."""

    def __init__(self, db):
        super().__init__(db)
        self.subscriptions, self.quiz, self.tags = Subscriptions(db, NOON.date), QuizStore(db), Tags(db)
        self.conditions = Conditions(db, subscribed=Subscriptions.wants, answered=QuizStore.has_answered)
        self.who = {}

    def comes(self, name, *topics, role="", organisation="", account="official"):
        who = self.person(f"o-{name}", account=account)
        self.people.rename(who.person, name=name, verified=True, organisation=organisation, role=role)
        self.subscriptions.add(who.person, topics)
        self.who[who.person] = name
        return who

    def answers(self, who, at):
        begun = self.quiz.begin(person=who.person, name=f"daily:{at.date()}", day=at.date(), questions=["q1"])
        given = {"round": begun.id, "position": 0, "person": who.person, "question": "q1", "right": True}
        self.quiz.record(**given, given=Given("a", None, f"m-{who.person}-{at}"), now=at)

    def among(self, **condition):
        """The names of those who answer the condition."""
        return sorted(self.who[person] for person in answering(self.db, condition))


@pytest.fixture
def village(db):
    village = Village(db)
    village.comes("甲", "yaowen", role="书记", organisation="zhibu-1")
    village.comes("乙", "yaowen", "zhengce", organisation="zhibu-1")
    village.comes("丙", role="书记", organisation="zhibu-2", account="mini")
    return village


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({}, ["丙", "乙", "甲"]),
        ({"topics": ["yaowen", "other"]}, ["乙", "甲"]),
        ({"organisations": ["zhibu-2"]}, ["丙"]),
        (SECRETARY, ["丙", "甲"]),
        ({"accounts": ["mini"]}, ["丙"]),
        ({"topics": ["yaowen"], **SECRETARY}, ["甲"]),
        ({"any": [{"topics": ["zhengce"]}, SECRETARY]}, ["丙", "乙", "甲"]),
        ({"any": [{"topics": ["zhengce"]}, SECRETARY], "organisations": ["zhibu-1"]}, ["乙", "甲"]),
        ({"all": [{"topics": ["zhengce"]}, {"topics": ["yaowen"]}]}, ["乙"]),
        ({"none": [SECRETARY]}, ["乙"]),
        ({"none": [{"topics": ["zhengce"]}, {"accounts": ["mini"]}]}, ["甲"]),
        ({"none": [{"topics": ["yaowen"], **SECRETARY}]}, ["丙", "乙"]),
        ({"any": [{"none": [SECRETARY]}, {"accounts": ["mini"]}]}, ["丙", "乙"]),
    ],
    ids=str,
)
def test_what_stands_together_holds_together_and_groups_stand_in_each_other(village, condition, names):
    assert village.among(**condition) == names


def test_who_has_answered_lately(village):
    village.answers(village.comes("丁"), NOON - 2 * DAY)
    village.answers(village.comes("戊"), NOON - 9 * DAY)

    assert village.among(answered=7 * 86400) == ["丁"]
    assert "戊" in village.among(none=[{"answered": 7 * 86400}])


def test_received_is_what_was_sent_or_may_have_come(village):
    run = village.run(digests=["a", "b"])
    others = village.run("daily-digest:2026-11-22", digests=["c"])
    sent, doubtful, gone, waiting = (village.comes(name) for name in "子丑寅卯")
    village.deliver(run, sent, doubtful, gone)
    parcels = {parcel.person: parcel for parcel in village.take(run)}
    ends = {sent: State.SENT, doubtful: State.UNSURE, gone: State.GONE}
    village.take(run, *(settle(parcels[who.person], state) for who, state in ends.items()), room=0)
    village.deliver(run, waiting)
    village.deliver(others, village.comes("辰"))

    assert village.among(received=["b"]) == ["丑", "子"]
    assert village.among(received=["nothing"]) == []
    assert "子" not in village.among(none=[{"received": ["a"]}])


def test_a_tag_is_borne_as_the_platform_said_last(village):
    tags = village.tags
    tags.renew("official", "志愿者", ["o-甲", "o-乙", "o-stranger"], walk="1")
    tags.renew("mini", "志愿者", ["o-丙"], walk="2")
    first = village.among(tags=["志愿者"])
    tags.renew("official", "志愿者", ["o-乙"], walk="3")

    assert first == ["丙", "乙", "甲"]
    assert village.among(tags=["志愿者"]) == ["丙", "乙"]

    tags.forget_but(["别的"])
    assert village.among(tags=["志愿者"]) == []


def test_a_tag_of_many_is_taken_in_piece_by_piece(village):
    people = [village.comes(f"n{number}") for number in range(3)]
    many = [f"o-x{number}" for number in range(1200)] + ["o-n0"]

    village.tags.renew("official", "多", iter(many), walk="1")

    assert village.among(tags=["多"]) == [village.who[people[0].person]]


def test_roles_and_tags_that_nobody_bears_are_told(village):
    village.tags.renew("official", "志愿者", ["o-甲"], walk="1")
    condition = {"any": [{"roles": ["书记", "会计"]}, {"tags": ["志愿者", "没有"]}], "none": [{"roles": ["门卫"]}]}

    assert sorted(village.conditions.lacking(condition)) == ["会计", "没有", "门卫"]
    assert village.conditions.lacking({}) == []
