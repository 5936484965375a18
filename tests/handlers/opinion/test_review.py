"""Named words from the mini-program are judged by the platform, and kept whatever it says."""

from datetime import timedelta

import pytest

from storage.opinion import Opinions
from storage.sealing import Keys

CHECK = "/wxa/msg_sec_check"
RISKY, DOUBTFUL, GOOD = "这里有违规内容示例", "说一说时政内容示例", "食堂晚上能不能晚一点关门"


@pytest.fixture
def mini(street):
    return street.mini(street.member())


def send(mini, words, *, way="named", name="王海棠", key=""):
    said = {"way": way, "category": "工作建议", "words": words, "name": name if way == "named" else ""}
    return mini.post("/opinion", said, key=key)


def kept(street):
    opinions = Opinions(street.town.house.db, Keys("a secret key that only the tests know"))
    today = street.town.clock().date()
    return {each.words: each for each in opinions.of_days([today, today + timedelta(days=1)])}


@pytest.mark.parametrize(("words", "review"), [(GOOD, ""), (RISKY, "risky"), (DOUBTFUL, "review")])
def test_words_are_kept_with_what_the_platform_says_of_them(street, mini, words, review):
    sent = send(mini, words)

    assert sent.status == 201
    assert kept(street)[words].review == review
    assert mini.post("/opinion/lookup", {"receipt": sent.body["receipt"]}).status == 200


def test_a_name_that_somebody_typed_is_judged_too(street, mini):
    send(mini, GOOD, name="广告内容示例")

    assert kept(street)[GOOD].review == "risky"


@pytest.mark.parametrize("code", [-1, 45009, 61010, 40001])
def test_where_the_platform_says_nothing_a_person_decides(street, mini, code):
    street.breaks(code, times=9, path=CHECK)

    assert send(mini, GOOD).status == 201
    assert kept(street)[GOOD].review == "unchecked"


def test_who_was_not_in_the_mini_program_for_two_hours_is_not_asked_about(street, mini):
    street.goes_on(hours=3)
    send(mini, RISKY)

    assert kept(street)[RISKY].review == "unchecked"


def test_a_repeat_is_judged_once(street, mini):
    receipts = {send(mini, GOOD, key="k" * 32).body["receipt"] for _ in range(2)}

    assert len(receipts) == len(kept(street)) == len(street.sends(CHECK)) == 1


def test_anonymous_words_are_sent_to_nobody(street, mini):
    assert send(mini, RISKY, way="anonymous").status == 201

    assert street.sends(CHECK) == []
    assert kept(street)[RISKY].review == ""
