"""Words that the pack watches: a mark for a person by whatever door, and nothing that a sender could tell."""

import re

import pytest

from handlers.opinion.engine import Review, receipts, watched
from storage.letterbox import letterbox
from tests.handlers.opinion.test_api import everything_but
from tests.handlers.opinion.test_judging import Mini
from tests.handlers.opinion.world import World, receipt
from wechat.messages import Kind

WORDS = "有人在群里刷 单，请管一管"
PLAIN = "有人在群里发链接，请管一管"


@pytest.fixture
def world(db, redis, keys):
    world = World(db, redis, keys)
    world.watched = ("刷单",)
    return world


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("刷单的又来了", True),
        ("刷 单", True),
        ("刷.\n单", True),
        ("印刷单位", True),
        ("ＡＢＣ", True),
        ("a-b-c", True),
        ("刷了一单", False),
        ("ab", False),
        ("", False),
    ],
)
def test_a_watched_word_is_found_however_it_is_written(words, found):
    assert bool(watched(words, ["刷单", "Abc", "！"])) is found


def by_chat(world, words, way):
    named = ("2", "张三") if way == "named" else ("1",)
    return receipt(world.member(f"o-{words}").says("意见", *named, "4", words, "好了", "1"))


def by_api(world, words, way):
    said = {"way": way, "category": "生活困难", "words": words, "name": "张三"}
    return world.member(f"o-{words}").signs_in().post("/opinion", said).body["receipt"]


def by_page(world, words, way):
    reader = world.member(f"o-{words}").opens_pages()
    reader.get("/p/opinion")
    reader.post("/p/opinion", {"step": "way", "way": way})
    reader.post("/p/opinion", {"step": "look", "category": "生活困难", "words": words, "name": "张三"})
    return re.findall(r"<code>(.{14})</code>", reader.post("/p/opinion", {"step": "send"}).text)[0]


@pytest.mark.parametrize("way", ["anonymous", "named"])
@pytest.mark.parametrize("send", [by_chat, by_api, by_page])
def test_by_every_door_it_is_kept_and_marked(world, send, way):
    found = [
        world.opinions.get(world.opinions.id_of(receipts.read(send(world, words, way)))) for words in (WORDS, PLAIN)
    ]

    assert [each.review for each in found] == ["watched", ""]
    assert [each.words for each in found] == [WORDS, PLAIN]


def test_a_name_that_somebody_typed_is_looked_at_too_and_the_rosters_is_not(world):
    world.watched = ("张三",)
    typed = world.opinions.get(world.opinions.id_of(receipts.read(by_chat(world, PLAIN, "named"))))
    member = world.member("o-known")
    world.people.rename(member.person, name="张三", verified=True)
    known = receipt(member.says("意见", "2", "4", "走廊的灯坏了三天", "好了", "1"))

    assert typed.review == "watched"
    assert world.opinions.get(world.opinions.id_of(receipts.read(known))).review == ""


def test_the_sender_can_t_tell_and_nothing_else_is_written_without_a_name(world):
    member = world.member()
    before = everything_but(world, letterbox)
    said = [
        re.sub("[0-9A-Z]{4}-[0-9A-Z-]{9}", "", member.says("意见", "1", "4", each, "好了", "1"))
        for each in (WORDS, PLAIN)
    ]

    assert said[0] == said[1]
    assert everything_but(world, letterbox) == before


def test_a_graver_mark_of_the_platform_stays_and_a_lighter_one_goes(db, redis, keys):
    mini = Mini(db, redis, keys)
    mini.watched = ("刷单",)
    found = [mini.says("刷单，这里有违规内容示例"), mini.says("有人刷单，请管一管")]
    mini.asks()

    assert [each.review for each in map(mini.opinions.get, found) if each] == ["risky", "watched"]
    assert list(Review) == ["risky", "review", "watched", "unchecked"]


def test_what_has_no_words_is_not_judged_for_its_words(db, redis, keys):
    mini = Mini(db, redis, keys)
    member = mini.visitor()
    mini.people.rename(member.person, name="张三", verified=True)
    mini.platform.pictures["voice-1"] = b""
    member.says("意见", "2", "4")
    member.sends(Kind.VOICE, media_id="voice-1")
    spoken = mini.opinions.id_of(receipts.read(receipt(member.says("好了", "1"))))
    mini.asks()

    assert mini.judge.asked == []
    (kept,) = mini.kept(named=True)
    assert (kept.id, kept.review) == (spoken, "")
