"""What comes of a vote at its boundaries: numbers typed from the rules, not reckoned by the code that is tried."""

from datetime import date

import pytest

from content.decisions import kinds
from handlers.decision import engine
from handlers.decision.engine import Fault, Outcome, State, Votes

KINDS = kinds()
JUNE = date(2026, 6, 20)
PASSED, NOT_PASSED, NO_MEETING = Outcome.PASSED, Outcome.NOT_PASSED, Outcome.NO_MEETING


def votes(entitled, present, approve, *, written=0, against=0, abstain=0):
    return Votes(entitled=entitled, present=present, written=written, approve=approve, against=against, abstain=abstain)


def test_the_kinds_that_there_are():
    assert [*KINDS] == ["admission", "full_membership", "general"]


@pytest.mark.parametrize("kind", ["admission", "full_membership"])
@pytest.mark.parametrize(
    ("entitled", "present", "approve", "outcome"),
    [
        (20, 10, 10, NO_MEETING),  # 到会要超过半数：20 人要 11 人
        (20, 11, 11, PASSED),
        (20, 15, 10, NOT_PASSED),  # 赞成按应到算，不按到会算：20 人要 11 票
        (20, 15, 11, PASSED),
        (21, 10, 10, NO_MEETING),  # 21 人要 11 人
        (21, 11, 10, NOT_PASSED),
        (21, 11, 11, PASSED),
        (3, 2, 2, PASSED),
        (3, 2, 1, NOT_PASSED),
        (2, 1, 1, NO_MEETING),
        (1, 1, 1, PASSED),
    ],
)
def test_who_is_admitted_needs_more_than_half_of_all_twice(kind, entitled, present, approve, outcome):
    assert engine.verdict(votes(entitled, present, approve), KINDS[kind].rule(JUNE)).outcome is outcome


@pytest.mark.parametrize(
    ("entitled", "present", "approve", "outcome"),
    [
        (20, 9, 9, NO_MEETING),
        (20, 10, 10, NOT_PASSED),  # 到会达到半数可以表决，赞成还是要超过半数
        (20, 11, 11, PASSED),
        (21, 10, 10, NO_MEETING),
        (21, 11, 11, PASSED),
    ],
)
def test_anything_else_needs_half_of_all_to_meet_and_more_to_pass(entitled, present, approve, outcome):
    assert engine.verdict(votes(entitled, present, approve), KINDS["general"].rule(JUNE)).outcome is outcome


def test_who_wrote_before_counts_as_a_vote_and_not_as_there():
    rule = KINDS["admission"].rule(JUNE)

    assert engine.verdict(votes(20, 11, 13, written=2), rule).outcome is PASSED
    assert engine.verdict(votes(20, 10, 12, written=2), rule).outcome is NO_MEETING


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2026, 5, 17), "（2014 年"), (date(2026, 5, 18), "（2026 年"), (date(1990, 1, 1), "（2014 年")],
)
def test_the_rule_of_the_meetings_day_holds(day, text):
    assert text in KINDS["admission"].rule(day).source


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (votes(0, 0, 0), Fault.ENTITLED),
        (votes(20, 21, 11), Fault.PRESENT),
        (votes(20, 20, 20), None),
        (votes(20, 15, 15, written=6), Fault.WRITTEN),
        (votes(20, 15, 20, written=5), None),
        (votes(20, 15, 11, against=4, abstain=1), Fault.CAST),
        (votes(20, 15, 11, against=3, abstain=1), None),
        (votes(20, 15, 11, against=1), None),  # somebody gave none, or one that isn't good
    ],
)
def test_numbers_that_cannot_be_together_are_refused(said, fault):
    assert engine.vote_fault(said, KINDS["admission"].rule(JUNE)) is fault


def test_only_where_the_rule_says_so_a_letter_is_a_vote():
    assert engine.vote_fault(votes(20, 15, 11, written=1), KINDS["general"].rule(JUNE)) is Fault.NOT_WRITTEN


@pytest.mark.parametrize(
    ("now", "by", "fault"),
    [
        (State.PENDING, "li", Fault.SAME_PERSON),
        (State.PENDING, "wang", None),
        (State.CONFIRMED, "wang", Fault.NOT_PENDING),
        (State.CORRECTED, "wang", Fault.NOT_PENDING),
    ],
)
def test_a_record_is_confirmed_by_another_person_once(now, by, fault):
    assert engine.confirm_fault(now, recorded_by="li", by=by) is fault
