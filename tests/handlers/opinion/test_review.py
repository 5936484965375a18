"""Named words from the mini-program are judged by the platform, and kept whatever it says."""

from datetime import timedelta

import pytest

from storage.opinion import Opinions
from storage.sealing import Keys
from tests.end_to_end.running import within
from tests.handlers.opinion.test_jobs import a_photo

pytestmark = pytest.mark.variant

CHECK, MEDIA = "/wxa/msg_sec_check", "/wxa/media_check_async"
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


# -- what comes by events, and what was said in the talk


def runs(street, name):
    next(job for job in street.town.house.jobs if job.id == name).run(street.town.clock())


def send_with_picture(street, mini):
    picture = mini.sends_picture(a_photo()).body["id"]
    said = {"way": "named", "category": "工作建议", "words": GOOD, "name": "王海棠", "pictures": [picture]}
    assert mini.post("/opinion", said).status == 201
    runs(street, "opinion.checks")


def doubts(street):
    return [why for _, why in kept(street)[GOOD].doubted]


def events(street):
    """What the platform has told of media, heard by the program."""
    wire = street.stage.http.get("/sandbox/wire").get_json()
    entries = wire["entries"] if isinstance(wire, dict) else wire
    return [each for each in entries if each["direction"] == "out" and "wxa_media_check" in each["sent"]]


@pytest.mark.parametrize(
    ("preset", "found"),
    [
        ("", []),
        ("media_review", ["review"]),
        ("media_risky", ["risky"]),
        ("media_not_fetched", ["unchecked"]),
    ],
)
def test_the_platform_fetches_a_picture_and_tells_what_it_is(street, mini, preset, found):
    if preset:
        street.stage.phone("knobs", preset=preset)
    send_with_picture(street, mini)

    assert within(5, lambda: len(events(street)) == 1)
    assert doubts(street) == found
    assert [each["status"] for each in events(street)] == ["ok"]


def test_a_picture_whose_event_is_lost_is_for_a_person(street, mini):
    street.stage.phone("knobs", preset="media_lost")
    send_with_picture(street, mini)
    street.goes_on(minutes=61)
    runs(street, "opinion.checks")

    assert doubts(street) == ["unchecked"]


def test_an_event_that_comes_twice_is_heard_once(street, mini):
    street.stage.phone("knobs", preset="media_risky")
    street.stage.phone("knobs", preset="push_twice")
    send_with_picture(street, mini)

    assert within(5, lambda: len(events(street)) == 2)
    assert doubts(street) == ["risky"]


@pytest.mark.parametrize(("words", "review"), [(GOOD, ""), (RISKY, "risky"), (DOUBTFUL, "review")])
def test_words_of_the_talk_are_judged_beside_it(street, words, review):
    member = street.member()
    street.mini(member)
    member.enters()
    for said in ("意见", "2", "王海棠", "4", words, "好了", "1"):
        member.says(said)
    asked_in_the_talk = street.sends(CHECK)
    runs(street, "opinion.checks")

    assert asked_in_the_talk == []
    assert kept(street)[words].review == review
    assert len(street.sends(CHECK)) == 1


def test_words_of_who_opened_the_talk_long_ago_are_for_a_person(street):
    member = street.member()
    street.mini(member)
    member.enters()
    street.goes_on(hours=3)
    for said in ("意见", "2", "王海棠", "4", GOOD, "好了", "1"):
        member.says(said)
    runs(street, "opinion.checks")

    assert kept(street)[GOOD].review == "unchecked"
