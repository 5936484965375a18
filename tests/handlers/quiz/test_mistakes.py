"""Mistakes by FSRS: the days are the library's own, what is due comes first, and no day has more than its load."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import fsrs
import pytest
import sqlalchemy as sa

from content.models import Question, QuestionType
from handlers.quiz.engine import memory
from storage.cards import Card, cards
from storage.quiz import rounds
from tests.handlers.quiz.small import SEVEN, letter, round_of, rows, stem, wrong

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")

# -- the day that a question is due ----------------------------------------------------------------------------------


def test_days_are_those_of_the_library_over_many_histories():
    dice = random.Random(20261123)
    library = fsrs.Scheduler(learning_steps=[], relearning_steps=[], maximum_interval=365, enable_fuzzing=False)
    for _ in range(200):
        at, history, card = NOON, [], fsrs.Card(card_id=1, due=NOON)
        for number in range(dice.randint(1, 12)):
            right = number > 0 and dice.random() < 0.7
            history.append((at, right))
            card, _ = library.review_card(card, fsrs.Rating.Good if right else fsrs.Rating.Again, at)
            at += timedelta(minutes=dice.choice([1, 90, 60 * 24, 60 * 24 * 9, 60 * 24 * 100]))

        assert memory.due(history) == card.due


def due(history):
    """The day of a question that was wrong at some time."""
    at = memory.due(history)
    assert at is not None
    return at


def test_a_mistake_is_due_the_next_day_and_then_ever_later():
    history, days = [(NOON, False)], []
    for _ in range(4):
        at = due(history)
        days.append((at - history[-1][0]).days)
        history.append((at, True))

    assert days[0] == 1
    assert days == sorted(days)
    assert days[-1] > days[0]


def test_what_was_right_before_the_first_mistake_does_not_count():
    before = [(NOON - timedelta(days=number), True) for number in (9, 5, 1)]

    assert memory.due(before) is None
    assert memory.due([*before, (NOON, False)]) == memory.due([(NOON, False)])


def test_nothing_is_left_alone_for_longer_than_a_year():
    at, history = NOON, [(NOON, False)]
    for _ in range(30):
        at = due(history)
        history.append((at, True))

    assert due(history) - at == timedelta(days=365)


def review(number, *, days, is_wrong, **fields: Any):
    question = Question(id=f"q{number}", type=QuestionType.JUDGE, stem="对不对？", answer=True, source="党章", **fields)
    return question, Card(question.id, 1, wrong=is_wrong, due=NOON + timedelta(days=days))


def test_what_is_due_comes_first_and_then_what_is_still_wrong():
    known = [
        review(1, days=1, is_wrong=True),
        review(2, days=0, is_wrong=False),
        review(3, days=-2, is_wrong=True),
        review(4, days=5, is_wrong=False),
        review(5, days=-9, is_wrong=True, effective_to="2026-11-22"),
        (None, Card("left", 1, wrong=True, due=NOON)),
    ]

    found = memory.again(known, on=NOON.date(), zone=SHANGHAI)

    assert [(each.question.id, each.day.day, each.wrong) for each in found] == [
        ("q3", 21, True),
        ("q2", 23, False),
        ("q1", 24, True),
    ]


def test_a_question_is_due_from_midnight_of_its_day_on():
    late = [review(1, days=0.4, is_wrong=False)]  # 21:36 in Shanghai
    next_day = [review(1, days=0.6, is_wrong=False)]

    assert memory.again(late, on=NOON.date(), zone=SHANGHAI)
    assert not memory.again(next_day, on=NOON.date(), zone=SHANGHAI)


# -- in the chat -----------------------------------------------------------------------------------------------------


def again(small, phone, *, right=True):
    """Go through a whole round of mistakes; the stems that were asked."""
    small.town.clock.forward(minutes=1)
    reply, asked = phone.says("错题"), []
    while "【" in reply:
        asked.append(stem(reply[reply.rindex("【") :]))
        reply = phone.says(letter(reply) if right else wrong(reply))
    return asked


def test_what_was_mended_comes_back_on_its_day_and_not_before(small):
    phone = small.town.phone()
    round_of(phone, mistakes=2)
    mended = again(small, phone)
    said = phone.says("错题")
    month, day = map(int, re.findall(r"下次复习是(\d+)月(\d+)日", said)[0])
    due = datetime(2026, month, day, 0, 1, tzinfo=SHANGHAI)
    small.town.clock.at = due - timedelta(minutes=2)
    before = phone.says("错题")
    small.town.clock.at = due

    assert len(mended) == 2
    assert "没有要复习的错题" in before
    assert stem(phone.says("错题")) in mended


def test_what_is_still_wrong_is_due_the_next_day_and_offered_until_then(small):
    phone = small.town.phone()
    round_of(phone, mistakes=1)
    first, second = again(small, phone, right=False), again(small, phone, right=False)

    assert len(first) == 1
    assert first == second
    assert {row.due.astimezone(SHANGHAI).day for row in rows(small, cards)} == {24}


def test_a_days_load_is_put_on_once(tmp_path, small):
    small.begins_anew(tmp_path, reviews_a_day=2)
    phone = small.town.phone()
    round_of(phone, mistakes=5)
    first, second = again(small, phone, right=False), again(small, phone)
    said = phone.says("错题")
    small.town.clock.forward(days=1)

    assert (len(first), len(second)) == (2, 0)
    assert "今天的错题复习够了，还有 5 题" in said
    assert "【1/2】" in phone.says("错题")


def test_answers_from_before_there_were_cards_have_cards_when_they_are_asked_for(small):
    phone = small.town.phone()
    round_of(phone, mistakes=2)
    before = rows(small, cards)
    phone.says("错题")
    kept = rows(small, cards)

    assert before == []
    assert len(kept) == 2
    assert {(row.answers, row.wrong) for row in kept} == {(1, True)}


def test_a_card_is_not_written_again_when_nothing_was_answered(small):
    phone = small.town.phone()
    round_of(phone, mistakes=1)
    phone.says("错题")
    with small.town.house.db.begin() as connection:
        connection.execute(cards.update().values(due=NOON + timedelta(days=99)))
    phone.says("退出")
    with small.town.house.db.begin() as connection:
        connection.execute(rounds.delete().where(rounds.c.name.startswith("wrong:")))
    phone.says("错题")

    assert [row.due for row in rows(small, cards)] == [NOON + timedelta(days=99)]


def test_a_mistake_under_an_old_name_is_mended_under_the_new_one(small):
    phone = small.town.phone()
    question = phone.says("答题")
    phone.says(wrong(question))
    small.holds(
        *({**each, "id": "new", "alias": [each["id"]]} if each["id"] == stem(question) else each for each in SEVEN)
    )
    mended = again(small, phone)

    assert mended == [stem(question)]
    assert "没有要复习的错题" in phone.says("错题")
    assert [(row.question, row.answers) for row in rows(small, cards)] == [("new", 2)]


def test_a_members_cards_go_with_their_data(small):
    phone = small.town.phone()
    round_of(phone, mistakes=1)
    phone.says("错题")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert rows(small, cards) == []


@pytest.mark.parametrize("word", ["答题", "A"])
def test_a_turn_of_the_day_writes_no_card_and_reads_none(small, word):
    """The plain turn is measured (`make bench`): all that reviews cost is paid when somebody asks for them."""
    phone = small.town.phone()
    phone.says(wrong(phone.says("答题")))
    seen = []
    engines = (small.town.house.db._engine, small.town.house.db._alone)
    for each in engines:
        sa.event.listen(each, "before_cursor_execute", lambda *args: seen.append(args[2]))
    phone.says(word)

    assert not [statement for statement in seen if "quiz_cards" in statement or "GROUP BY quiz_answers" in statement]
    assert rows(small, cards) == []
