"""Which feature a message is for: look-up in one fixed order, and a clash fails at start."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.conversation import Conversation
from handlers.router import RouteClash, Router, Switchboard, Talk, Talking, Turn, plain
from storage.people import Who
from wechat.messages import Kind, Message, Text

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def says(words):
    return lambda _: Text(words)


def a_router(feature="quiz", **tables):
    return Router(feature, **tables)


def a_talk(accepted=(), answer="talk", **more):
    return Talking(
        takes=lambda turn: says(answer) if turn.text in accepted else None,
        otherwise=says("otherwise"),
        resume=says("resumed"),
        **more,
    )


def turn(text="", *, kind=Kind.TEXT, talk=None, **fields):
    message = Message(id="1", account="official", openid="o1", kind=kind, sent_at=NOW, text=text, **fields)
    return Turn(message=message, who=Who(account="official", openid="o1"), talk=talk or Talk(), now=NOW)


def found(switchboard, asked):
    route = switchboard.find(asked)
    return route and route.handler(asked).content


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"words": {("答题",): says("1")}}, {"words": {("做题", "答题"): says("2")}}),
        ({"words": {("quiz",): says("1")}}, {"words": {("ＱＵＩＺ。",): says("2")}}),
        ({"keys": {"k": says("1")}}, {"keys": {"k": says("2")}}),
        ({"scenes": {"join_": says("1")}}, {"scenes": {"join_": says("2")}}),
        ({"kinds": {Kind.SUBSCRIBE: says("1")}}, {"kinds": {Kind.SUBSCRIBE: says("2")}}),
    ],
    ids=["word", "word in another width", "menu key", "scene", "kind"],
)
def test_two_features_that_want_the_same_stop_the_start(one, other):
    with pytest.raises(RouteClash, match="quiz and digest both want"):
        Switchboard([a_router("quiz", **one), a_router("digest", **other)])


def test_a_clash_stops_the_program_from_starting(town):
    """The words that work everywhere are a feature's rivals too."""
    routers = [feature.chat for feature in town.house.features if feature.chat]
    greedy = a_router("greedy", words={("退出",): says("1")})
    parts = {"inbox": None, "people": town.house.people, "say": town.house.shelf.say, "later": None}

    with pytest.raises(RouteClash, match="conversation and greedy both want the word '退出'"):
        Conversation([*routers, greedy], **parts, clock=town.clock, zone=UTC, threads=4)


def test_one_feature_may_want_a_word_and_a_scene_of_the_same_name():
    switchboard = Switchboard([a_router(words={("quiz",): says("word")}, scenes={"quiz": says("scene")})])

    assert found(switchboard, turn("quiz")) == "word"
    assert found(switchboard, turn(kind=Kind.SCAN, scene="quiz-7")) == "scene"


@pytest.fixture
def switchboard():
    """One feature that wants a message for every reason there is."""
    everything = a_router(
        words={("答题",): says("word"), ("退订",): says("word")},
        keys={"quiz.daily": says("key")},
        patterns={"退订.+": says("pattern"), ".*题": says("pattern")},
        scenes={"quiz": says("scene")},
        kinds={Kind.SUBSCRIBE: says("kind")},
        talking=a_talk(accepted=("答题", "A")),
    )
    return Switchboard([everything, a_router("digest", words={("要闻",): says("news")})])


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (turn("答题"), "word"),
        (turn("答题", talk=Talk("quiz")), "talk"),
        (turn("A", talk=Talk("quiz")), "talk"),
        (turn("要闻", talk=Talk("quiz")), "news"),
        (turn("A"), None),
        (turn("A", talk=Talk("digest")), None),
        (turn("A", talk=Talk("a feature that is gone")), None),
        (turn("退订"), "word"),
        (turn("退订1"), "pattern"),
        (turn("一道题"), "pattern"),
        (turn("一道题吗"), None),
        (turn(kind=Kind.CLICK, key="quiz.daily", text="答题", talk=Talk("quiz")), "key"),
        (turn(kind=Kind.CLICK, key="gone", text="答题", talk=Talk("quiz")), None),
        (turn(kind=Kind.SCAN, scene="quiz"), "scene"),
        (turn(kind=Kind.SCAN, scene="poster", text="答题"), None),
        (turn(kind=Kind.SUBSCRIBE, scene="quiz", talk=Talk("quiz")), "kind"),
        (turn(kind=Kind.VOICE, text="答题"), None),
    ],
    ids=repr,
)
def test_a_message_is_for(switchboard, asked, by):
    assert found(switchboard, asked) == by


def test_looking_up_does_nothing():
    def never(_):
        raise AssertionError("the look-up did something")

    talk = Talk("quiz", {"at": 1})
    Switchboard([a_router(words={("答题",): never})]).find(turn("答题", talk=talk))

    assert talk == Talk("quiz", {"at": 1})


def test_a_word_asked_for_by_name_is_told_from_being_in_the_middle(switchboard):
    assert switchboard.find(turn("要闻")).by_word
    assert not switchboard.find(turn("A", talk=Talk("quiz"))).by_word


def test_what_a_private_feature_answers_is_private():
    secret = a_router("opinion", private=True, words={("意见",): says("word")}, talking=a_talk(accepted=("A",)))
    switchboard = Switchboard([secret])

    routes = [
        switchboard.find(turn("意见")),
        switchboard.find(turn("A", talk=Talk("opinion"))),
        switchboard.otherwise(turn("B", talk=Talk("opinion"))),
    ]

    assert [route and route.private for route in routes] == [True] * 3


def test_every_menu_key_is_known(switchboard):
    assert switchboard.menu_keys == {"quiz.daily"}


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("答题", "答题"),
        (" 答 题 。", "答题"),
        ("【答题】", "答题"),
        ("ＱＵＩＺ！", "quiz"),
        ("“Quiz”", "quiz"),
        ("？", ""),
        ("订阅 1、3", "订阅1、3"),
        ("\u3000答题\n", "答题"),
    ],
)
def test_words_are_compared_without_what_does_not_matter(typed, compared):
    assert plain(typed) == compared


@given(st.text(st.sampled_from("答题quizＱＵＩＺ \u3000\t\x1c。，!？“”-·")))
def test_comparing_twice_is_comparing_once_for_any_words(said):
    assert plain(plain(said)) == plain(said)


def test_holding_a_talk_takes_the_question_back_whether_to_go_on():
    talk = Talk("digest", {"x": 1}, asked=True)
    talk.hold("quiz", {"at": 0})
    held = Talk("quiz", {"at": 0})
    ended = Talk("quiz", {"at": 0}, more="rest", asked=True)
    ended.end()

    assert talk == held
    assert ended == Talk(more="rest")
