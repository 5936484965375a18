"""A receipt is a promise: what was shown one is kept, whenever the web part is killed."""

import random
import secrets

import pytest

from tests.end_to_end.receipts import RECEIPT, Street, holds, kept
from tests.end_to_end.running import within

MOMENTS = 3  # twenty are in the drill


def test_whoever_was_shown_a_receipt_finds_their_opinion_though_the_web_part_is_killed(fragile):
    street, dice = Street(fragile), random.Random()
    with street.at_work():
        street.falls_in_work(dice, times=MOMENTS)

    holds(street)


@pytest.mark.quiet
def test_whoever_is_asked_to_say_it_again_and_does_has_their_opinion_kept_as_they_said_it(fragile, memory):
    """Under load Redis is late now and then; who talks on regardless is a step ahead of the program."""
    phone, words = fragile.phone(), f"走廊的灯不亮，第{secrets.token_hex(5)}盏"
    for said in ("意见", "1", "4"):
        phone.says(said)
    excuses, answers = [], []
    for said in (words, "好了", "1"):
        memory.deaf(milliseconds=400)
        excuses.append(phone.says(said))
        assert within(10, fragile.is_ready)
        answers.append(phone.says(said))
    found = RECEIPT.search(answers[-1])

    assert all("没能确认办理" in each for each in excuses), excuses
    assert ["已经记下" in answers[0], "请看一遍" in answers[1], bool(found)] == [True] * 3, answers
    assert [each.words for each in kept(fragile) if words in each.words] == [words]
