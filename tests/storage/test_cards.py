"""What there is to review: reckoned from answers, kept beside them, and given away with them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from storage.cards import Card, Cards, Tally
from storage.quiz import Given, QuizStore

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def cards(db):
    """Somebody has answered q1 wrong and then right, and q2 right; another one's answers lie beside."""
    store = QuizStore(db)
    for person in ("p", "noise"):
        begun = store.begin(person=person, name="daily", day=TODAY, questions=("q1", "q2", "q1"))
        for position, (question, right) in enumerate([("q1", False), ("q2", True), ("q1", True)]):
            store.record(
                round=begun.id,
                position=position,
                person=person,
                question=question,
                given=Given("a", None, f"{person}{position}"),
                right=right,
                now=NOON + timedelta(minutes=position),
            )
    return Cards(db)


def card(question="q1", answers=2, due=NOON):
    return Card(question, answers, wrong=False, due=due)


def test_answers_are_tallied_by_question(cards):
    assert cards.tallies("p") == {"q1": Tally(2, 1), "q2": Tally(1, 0)}


def test_a_history_is_in_the_order_of_the_answers(cards):
    assert cards.history("p", ["q1", "q9"]) == {"q1": [(NOON, False), (NOON + timedelta(minutes=2), True)]}
    assert cards.history("p", []) == {}


def test_a_card_takes_the_place_of_the_one_before(cards):
    cards.keep("p", [card(answers=1), card("q2")])
    cards.keep("p", [card(answers=2, due=NOON + timedelta(days=3))])
    cards.keep("p", [])

    assert cards.of("p") == {"q1": card(due=NOON + timedelta(days=3)), "q2": card("q2")}
    assert cards.of("noise") == {}


def test_cards_of_two_become_those_of_one_once_each(cards, db):
    cards.keep("gone", [card(answers=5), card("q2")])
    cards.keep("into", [card(answers=1)])
    with db.begin() as connection:
        cards.unite(connection, "gone", "into")

    assert cards.of("into") == {"q1": card(answers=1), "q2": card("q2")}
    assert cards.of("gone") == {}


def test_erasing_takes_a_persons_cards_and_nobody_elses(cards, db):
    cards.keep("p", [card()])
    cards.keep("noise", [card()])
    with db.begin() as connection:
        cards.erase(connection, "p")

    assert cards.of("p") == {}
    assert cards.of("noise") == {"q1": card()}
