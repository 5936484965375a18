"""Rounds and answers: one row an answer, none twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.quiz import Given, QuizStore

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
THREE = ("q1", "q2", "q3")


@pytest.fixture
def store(db):
    """A store with another person's round in it."""
    made = QuizStore(db)
    noise = made.begin(person="noise", name="daily", day=TODAY, questions=THREE)
    for position, question in enumerate(THREE):
        answer(made, noise, position, question=question, person="noise", message=f"noise-{position}", right=False)
    return made


def begin(store, *, person="p", name="daily", questions=THREE):
    return store.begin(person=person, name=name, day=TODAY, questions=questions)


def answer(store, round_, position=0, *, question="q1", person="p", message="m1", right=True, now=NOON):
    return store.record(
        round=round_.id,
        position=position,
        person=person,
        question=question,
        given=Given("a", None, message),
        right=right,
        now=now,
    )


def test_a_round_begun_twice_is_one_and_keeps_its_first_questions(store):
    first = begin(store)

    assert begin(store, questions=("q9",)) == first
    assert first.questions == THREE


def test_rounds_begun_at_the_same_moment_are_one(store):
    with ThreadPoolExecutor(4) as pool:
        assert len({each.id for each in pool.map(lambda _: begin(store), range(8))}) == 1


def test_an_unknown_round_is_none(store):
    assert store.find(person="p", name="daily") is None


def test_a_round_knows_how_far_it_is_and_what_was_right(store):
    round_ = begin(store)
    answer(store, round_, 0, message="m1", right=True)
    answer(store, round_, 1, message="m2", right=False, question="q2")
    halfway = store.round(round_.id)
    answer(store, round_, 2, message="m3", right=True, question="q3")
    over = store.find(person="p", name="daily")

    assert (halfway.answered, halfway.right, halfway.is_over) == (2, 1, False)
    assert (over.answered, over.right, over.is_over) == (3, 2, True)


def test_a_question_that_was_passed_over_counts_as_behind_us(store):
    round_ = begin(store)
    answer(store, round_, 1)

    assert store.round(round_.id).answered == 2


def test_a_message_counts_once_and_its_repeat_is_told_the_same(store):
    round_ = begin(store)

    assert [answer(store, round_), answer(store, round_)] == [True, True]
    assert store.tally("p") == (1, 1)


def test_another_message_does_not_answer_the_same_question_again(store):
    round_ = begin(store)
    answer(store, round_, message="m1", right=False)

    assert answer(store, round_, message="m2", right=True) is False
    assert store.tally("p") == (1, 0)


def test_one_message_does_not_answer_two_questions(store):
    round_ = begin(store)
    answer(store, round_, 0, message="m1")

    assert answer(store, round_, 1, message="m1") is False
    assert store.round(round_.id).answered == 1


def test_answers_at_the_same_moment_count_once(store):
    round_ = begin(store)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda number: answer(store, round_, message=f"m{number}"), range(8)))

    assert taken.count(True) == 1
    assert store.tally("p") == (1, 1)


def test_answers_in_a_days_rounds_of_mistakes_are_counted_and_no_others(store):
    for number, (name, day) in enumerate([("wrong:m", TODAY), ("wrong:n", TODAY - timedelta(days=1)), ("x", TODAY)]):
        begun = store.begin(person="p", name=name, day=day, questions=THREE)
        for position in range(number + 1):
            answer(store, begun, position, question=THREE[position], message=f"{name}{position}")

    assert store.reviewed(person="p", day=TODAY) == 1
    assert store.reviewed(person="p", day=TODAY - timedelta(days=1)) == 2


def test_erasing_takes_a_persons_answers_and_nobody_elses(store, db):
    answer(store, begin(store))
    with db.begin() as connection:
        store.erase(connection, "p")

    assert store.tally("p") == (0, 0)
    assert store.find(person="p", name="daily") is None
    assert store.tally("noise") == (3, 0)
