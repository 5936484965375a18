"""What is said in a mini-program's talk, and every named picture it takes, is judged by the platform, and kept."""

from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from handlers.opinion.engine import Review, review_of, worse
from storage import redis as fast
from storage.checks import WORDS
from storage.inbox import Inbox
from tests.fakes import FakeWeChat
from tests.handlers.opinion.test_jobs import a_photo
from tests.handlers.opinion.world import World, receipt
from wechat import errors
from wechat.messages import Kind, MediaCheck

SITE = "https://a.example"
GOOD, RISKY, DOUBTFUL = "食堂晚上能不能晚一点关门", "这里有违规内容示例", "说一说时政内容示例"
NAMED = {"way": "named", "category": "工作建议", "words": GOOD, "name": "张三"}


class Platform(FakeWeChat):
    """A mini-program's half; it finds whatever lies at our addresses, and may be busy or out of its mind."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock, kind="miniprogram")
        self.fault: int | None = None
        self.asked: list[str] = []

    def check_text(self, openid: str, words: str, **more: Any) -> Any:
        self._asked_for(words)
        return super().check_text(openid, words, **more)

    def check_media(self, openid: str, address: str, *more: Any, **still: Any) -> str:
        self._asked_for(address)
        self.pictures.add(address)
        return super().check_media(openid, address, *more, **still)

    def _asked_for(self, what: str) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise errors.from_code(self.fault, "said so")


class Mini(World):
    """A program whose one account is a mini-program."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        made: list[Platform] = []

        def judge(clock: Any) -> Platform:
            made.append(Platform(clock))
            return made[0]

        super().__init__(*given, judge=judge, **settings)
        (self.judge,) = made

    def visitor(self, openid: str = "oMember-1") -> Any:
        """Somebody who has just been in the mini-program."""
        member = self.member(openid)
        self.judge.sign_in(self.judge.gives_code(openid, "login"))
        return member

    def says(self, words: str = GOOD, *pictures: str, name: str = "张三") -> str:
        """A named opinion by the talk; its id."""
        member = self.visitor()
        member.says("意见", "2", name, "4", words)
        for each in pictures:
            self.platform.pictures.setdefault(each, a_photo())
            member.shows(each)
        return self.opinions.id_of(receipt(member.says("好了", "1")).replace("-", ""))

    def hands_in(self, pictures: int = 1) -> str:
        """A named opinion by the API, with pictures; its id."""
        mini = self.visitor().signs_in()
        ids = [mini.sends_picture(a_photo()).body["id"] for _ in range(pictures)]
        sent = mini.post("/opinion", {**NAMED, "pictures": ids})
        return self.opinions.id_of(sent.body["receipt"].replace("-", ""))

    def asks(self) -> None:
        self.runs("opinion.checks")

    def hears(self, trace: str, suggest: str = "pass", *, code: int = 0) -> str:
        """The platform's event about a trace, or whatever says it is one."""
        found = MediaCheck(
            trace_id=trace, appid="wx", version="2", suggest=suggest, label="100", error_code=code, error=""
        )
        return self.member().sends(Kind.MEDIA_CHECKED, detail=found)

    def traces(self) -> list[str]:
        return list(self.judge.told)

    def erases(self) -> None:
        """The member goes, and what they said loses their name."""
        person = self.member().person
        with self.db.begin() as connection:
            self.opinions.untie(connection, person)

    def marks(self, opinion: str) -> tuple[str, list[str]]:
        """Why a person has to look at the words, and at each picture."""
        found = self.opinions.get(opinion)
        assert found
        doubts = dict(found.doubted)
        return found.review, [doubts.get(each, "") for each in found.pictures]


@pytest.fixture
def mini(db, redis, keys):
    return Mini(db, redis, keys)


def pages(world: World) -> Any:
    web = Flask("pages")
    assert world.feature.pages_for_anyone
    web.register_blueprint(world.feature.pages_for_anyone)
    return web.test_client()


# -- words of the talk


@pytest.mark.parametrize(("words", "review"), [(GOOD, ""), (RISKY, "risky"), (DOUBTFUL, "review")])
def test_words_of_the_talk_are_judged_within_a_minute_and_never_in_the_turn(mini, words, review):
    opinion = mini.says(words)
    in_the_turn = list(mini.judge.asked)
    mini.asks()

    assert in_the_turn == []
    assert mini.marks(opinion) == (review, [])
    assert mini.checks.waiting() == []


def test_a_typed_name_is_judged_with_the_words(mini):
    mini.says(name="阿依古丽")
    mini.asks()

    assert mini.judge.asked == [f"阿依古丽\n{GOOD}"]


def test_who_was_long_not_in_the_mini_program_is_for_a_person(mini):
    mini.judge.fault = 61010
    opinion = mini.says()
    mini.asks()

    assert mini.marks(opinion) == ("unchecked", [])


@pytest.mark.parametrize("code", [-1, 45009])
def test_a_busy_platform_is_asked_again_until_it_is_too_late(mini, code):
    mini.judge.fault = code
    opinion = mini.says()
    mini.asks()
    waits = mini.checks.parts_of(opinion)
    mini.judge.fault = None
    mini.asks()

    assert waits == {WORDS}
    assert mini.marks(opinion) == ("", [])
    assert len(mini.judge.asked) == 2


def test_what_nobody_judged_in_two_hours_is_for_a_person(mini):
    mini.judge.fault = -1
    opinion = mini.says()
    mini.clock.passes(hours=2, minutes=1)
    mini.asks()

    assert mini.marks(opinion) == ("unchecked", [])
    assert mini.judge.asked == []


def test_a_busy_platform_is_asked_once_a_round(mini):
    mini.judge.fault = -1
    mini.says()
    mini.says("走廊的灯坏了三天了")
    mini.asks()

    assert len(mini.judge.asked) == 1


@pytest.mark.parametrize("code", [48001, 40001, 40097])
def test_a_platform_that_refuses_is_not_asked_for_ever(mini, code):
    mini.judge.fault = code
    opinion = mini.says()
    mini.asks()
    mini.asks()

    assert mini.marks(opinion) == ("unchecked", [])
    assert len(mini.judge.asked) == 1


def test_the_openid_of_who_has_gone_is_not_there_to_ask_with(mini):
    opinion = mini.says()
    mini.erases()
    mini.asks()

    assert mini.marks(opinion) == ("unchecked", [])
    assert mini.judge.asked == []


def test_a_turn_that_runs_again_after_a_crash_is_judged_once(mini, redis):
    member = mini.visitor()
    member.says("意见", "2", "张三", "4", GOOD, "好了")
    before = {key: redis.dump(key) for key in (*redis.keys("zhibu:talk:*"), *redis.keys("zhibu:draft:*"))}
    member.says("1")
    redis.flushdb()
    for key, value in before.items():
        redis.restore(key, 60_000, value)
    member.repeats()
    mini.asks()

    assert len(mini.kept(named=True)) == 1
    assert len(mini.judge.asked) == 1


def test_an_official_accounts_talk_is_judged_by_nobody(db, redis, keys):
    world = World(db, redis, keys)
    world.member().says("意见", "2", "张三", "4", RISKY, "好了", "1")

    assert [each.review for each in world.kept(named=True)] == [""]
    assert world.checks.waiting() == []


# -- pictures


@pytest.mark.parametrize(("suggest", "review"), [("pass", ""), ("review", "review"), ("risky", "risky")])
def test_a_picture_by_the_api_is_judged_when_the_event_comes(mini, suggest, review):
    opinion = mini.hands_in()
    mini.asks()
    before = mini.marks(opinion)
    answer = mini.hears(*mini.traces(), suggest)

    assert before == ("", [""])
    assert mini.marks(opinion) == ("", [review])
    assert (answer, mini.checks.waiting()) == ("", [])


@pytest.mark.parametrize(("suggest", "code"), [("", -1008), ("pass", 87020), ("other", 0), ("", 0)])
def test_an_event_without_a_verdict_is_for_a_person(mini, suggest, code):
    opinion = mini.hands_in()
    mini.asks()
    mini.hears(*mini.traces(), suggest, code=code)

    assert mini.marks(opinion) == ("", ["unchecked"])


def test_an_event_that_never_comes_is_for_a_person(mini):
    opinion = mini.hands_in()
    mini.asks()
    mini.clock.passes(minutes=61)
    mini.asks()
    late = mini.hears(*mini.traces(), "pass")

    assert late == ""
    assert mini.marks(opinion) == ("", ["unchecked"])
    assert len(mini.judge.asked) == 2  # the words at once, the picture once


def test_of_two_pictures_each_has_its_verdict(mini):
    opinion = mini.hands_in(2)
    mini.asks()
    first, second = mini.traces()
    mini.hears(second, "risky")
    mini.hears(first, "pass")

    assert sorted(mini.marks(opinion)[1]) == ["", "risky"]


def test_an_event_that_overtakes_its_answer_is_kept_for_it(mini):
    opinion = mini.hands_in()
    plain = mini.judge.check_media

    def told_first(openid: str, address: str, *more: Any) -> str:
        trace: str = plain(openid, address, *more)
        mini.hears(trace, "risky")
        return trace

    mini.judge.check_media = told_first
    mini.asks()

    assert mini.marks(opinion) == ("", ["risky"])
    assert mini.checks.waiting() == []


def test_double_unknown_and_late_events_change_nothing(mini):
    opinion = mini.hands_in()
    mini.asks()
    (trace,) = mini.traces()
    mini.hears(trace, "risky")
    answers = [mini.hears(each, "pass") for each in (trace, trace, "nobody's", "")]
    mini.clock.passes(hours=3)
    mini.asks()

    assert answers == [""] * 4
    assert mini.marks(opinion) == ("", ["risky"])


def test_a_verdict_on_the_words_of_who_was_erased_changes_no_name(mini):
    opinion = mini.hands_in()
    mini.asks()
    mini.erases()
    mini.hears(*mini.traces(), "risky")
    kept = mini.opinions.get(opinion)

    assert (kept.person, kept.name) == ("", "")
    assert mini.marks(opinion) == ("", ["risky"])


def test_without_redis_a_verdict_is_heard_all_the_same(mini, keys):
    opinion = mini.hands_in()
    mini.asks()
    mini.inbox = Inbox(fast.connect("redis://127.0.0.1:9/0"), keys)
    mini.conversation = mini.conversing()
    mini.hears(*mini.traces(), "risky")

    assert mini.marks(opinion) == ("", ["risky"])


def test_a_picture_of_the_talk_is_judged_once_it_is_fetched(mini):
    opinion = mini.says(GOOD, "media-1")
    mini.asks()
    before = mini.traces()
    mini.runs("opinion.pictures")
    mini.asks()
    mini.hears(*mini.traces(), "review")

    assert before == []
    assert mini.marks(opinion) == ("", ["review"])


def test_a_picture_that_could_not_be_had_is_waited_for_no_more(mini):
    mini.platform.pictures["media-1"] = b"no picture"
    opinion = mini.says(GOOD, "media-1")
    mini.runs("opinion.pictures")
    mini.asks()

    assert mini.checks.waiting() == []
    assert mini.marks(opinion) == ("", [])


def test_a_program_that_nobody_reaches_leaves_its_pictures_to_a_person(db, redis, keys):
    mini = Mini(db, redis, keys, public_url="")
    opinion = mini.hands_in()
    mini.asks()

    assert mini.marks(opinion) == ("", ["unchecked"])
    assert mini.traces() == []


# -- the address


def address(mini: Mini) -> str:
    return next(each for each in mini.judge.asked if each.startswith(SITE)).removeprefix(SITE)


def test_the_platform_finds_the_picture_and_no_store_keeps_it(mini):
    mini.hands_in()
    mini.asks()
    got = pages(mini).get(address(mini))

    assert got.status_code == 200
    assert got.data.startswith(b"\xff\xd8\xff")
    assert (got.mimetype, got.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert (got.headers["X-Robots-Tag"], got.headers["X-Content-Type-Options"]) == ("noindex", "nosniff")


def test_after_the_verdict_or_an_hour_nothing_lies_there(mini):
    mini.hands_in()
    mini.asks()
    first = address(mini)
    mini.hears(*mini.traces())
    judged = pages(mini).get(first).status_code
    mini.judge.asked.clear()
    mini.hands_in()
    mini.asks()
    mini.clock.passes(minutes=60)

    assert judged == 404
    assert pages(mini).get(address(mini)).status_code == 404


def test_the_picture_of_somebody_who_was_erased_is_shown_to_nobody(mini):
    mini.hands_in()
    mini.asks()
    before = pages(mini).get(address(mini)).status_code
    mini.erases()

    assert (before, pages(mini).get(address(mini)).status_code) == (200, 404)


def test_a_picture_has_no_address_before_it_goes_with_a_name(mini):
    mini.visitor().signs_in().sends_picture(a_photo())
    mini.asks()

    assert mini.checks.waiting() == []
    assert mini.judge.asked == []


def test_pictures_without_a_name_have_no_address_and_are_shown_to_nobody(mini):
    member = mini.visitor()
    mini.platform.pictures["media-1"] = a_photo()
    member.says("意见", "1", "4", RISKY)
    member.shows("media-1")
    member.says("好了", "1")
    mini.clock.passes(days=1)
    mini.runs("opinion.pictures")
    mini.asks()
    (kept,) = mini.kept(named=False)

    assert len(kept.pictures) == 1
    assert mini.judge.asked == []
    assert mini.checks.waiting() == []


@pytest.mark.parametrize("word", ["x", "A" * 95, ".."])
def test_a_made_up_address_shows_nothing(mini, word):
    mini.hands_in()
    mini.asks()

    assert pages(mini).get(f"/p/opinion/pictures/{word}.jpg").status_code == 404


# -- rules


@pytest.mark.parametrize(
    ("suggest", "review"),
    [("pass", ""), ("review", "review"), ("risky", "risky"), ("", "unchecked"), ("block", "unchecked")],
)
def test_a_suggestion_we_do_not_know_is_for_a_person(suggest, review):
    assert review_of(suggest) == review


def test_the_graver_review_stays():
    graver = [*reversed(list(Review))]

    assert [worse(one, other) for one, other in pairwise(graver)] == graver[1:]
    assert worse(Review.RISKY, "") == worse("", Review.RISKY) == Review.RISKY
