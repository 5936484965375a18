"""The rules of the digests."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.models import Block, Digest, DigestKind, Topic, Voice
from content.organisations import Organisation, belonging
from handlers.digest import engine
from handlers.digest.engine import Ask, By, Listing

ZONE = ZoneInfo("Asia/Shanghai")
TOPICS = (Topic(id="fazhan", name="发展党员"), Topic(id="qa", name="Q & A"))
TREE = {
    "dangwei": Organisation(id="dangwei", name="党委", type="党委"),
    "zhibu": Organisation(id="zhibu", name="支部", type="党支部", parent="dangwei"),
    "other": Organisation(id="other", name="另一支部", type="党支部", parent="dangwei"),
}


def a_digest(slug="a", *, day="2026-11-23", hour=8, blocks=(), **changed) -> Digest:
    digest = Digest(
        slug=slug,
        title="示例",
        kind=DigestKind.NEWS,
        topics=("fazhan",),
        source_name="示例来源",
        publish_at=datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZONE),
        summary="一句话",
        blocks=blocks or (Block(voice=Voice.REPORT, plain="正文", html="<p>正文</p>"),),
    )
    return replace(digest, **changed)


def a_listing(count=20, **changed) -> Listing:
    return replace(engine.listed(By.NEWEST, Ask(), [a_digest(f"d{n}") for n in range(1, count + 1)]), **changed)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("3", 3), ("３", 3), ("③", 3), ("第3条", 3), ("3.", 3), ("“3”", 3), ("看3", 3), ("打开 12", 12), ("第 2 篇", 2),
        ("三", 3), ("十", 10), ("十二", 12), ("二十", 20), ("三十六", 36), ("第十一个", 11), ("0", 0), ("999", 999),
        ("", None), ("12380", None), ("3月", None), ("三十六七", None), ("十十", None), ("一二", None), ("3 4", None),
        ("答题", None), ("-", None), ("第", None), ("３ ＋ 4", None),
    ],
)  # fmt: skip
def test_a_number_may_be_said_in_many_ways(said, number):
    assert engine.number_in(said) == number


@pytest.mark.parametrize(
    ("said", "ask"),
    [
        ("要闻 发展党员", Ask(DigestKind.NEWS, topic="fazhan")),
        ("新闻：发展 党员", Ask(DigestKind.NEWS, topic="fazhan")),
        ("动态q&a", Ask(DigestKind.NEWS, topic="qa")),
        ("政策党费", Ask(DigestKind.POLICY, words="党费")),
        ("今日政策 党费 比例", Ask(DigestKind.POLICY, words="党费 比例")),
        ("最新要闻“预备期”", Ask(DigestKind.NEWS, words="预备期")),
        ("政策" + "长" * 99, Ask(DigestKind.POLICY, words="长" * 30)),
    ],
)
def test_a_kind_with_more_behind_it_asks_for_a_topic_else_for_words(said, ask):
    assert engine.ask_of_kind(said, TOPICS) == ask


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("搜索 预备期", "预备期"), ("搜索：预备期。", "预备期"), ("查党费", "党费"), ("查一下党费 比例", "党费 比例"),
        ("找找“公示”", "公示"), ("ＳＥＡＲＣＨ　公示", "公示"), ("查看 三会一课", "三会一课"), ("搜索！", ""),
    ],
)  # fmt: skip
def test_what_is_sought_is_what_stands_behind_the_verb(said, words):
    assert engine.sought(said) == Ask(words=words)


def test_today_is_today_where_the_members_are():
    late = a_digest("late", day="2026-11-22", hour=23)
    early = a_digest("early", day="2026-11-23", hour=0)

    assert engine.todays([early, late], today=date(2026, 11, 23), zone=ZONE) == [early]
    assert engine.todays([early, late], today=date(2026, 11, 23), zone=ZoneInfo("UTC")) == []


@pytest.mark.parametrize(
    ("organisation", "audience", "may"),
    [
        ("zhibu", (), True), ("", (), True), ("zhibu", ("zhibu",), True), ("zhibu", ("dangwei",), True),
        ("zhibu", ("other", "dangwei"), True), ("dangwei", ("zhibu",), False), ("other", ("zhibu",), False),
        ("", ("zhibu",), False), ("gone", ("gone",), False),
    ],
)  # fmt: skip
def test_a_digest_for_an_organisation_is_for_all_below_it_and_nobody_else(organisation, audience, may):
    belongs = belonging(organisation, TREE)

    assert engine.may_read(a_digest(audience=audience), belongs) is may


@given(st.integers(1, 100), st.integers(-3, 20))
def test_a_number_on_a_page_opens_what_stands_beside_it(count, page):
    listing = a_listing(count).at_page(page)

    assert 1 <= len(listing.numbered()) <= 8
    assert [listing.slug(number) for number, _ in listing.numbered()] == [slug for _, slug in listing.numbered()]


@given(st.integers(1, 40))
def test_an_open_digest_is_on_the_page_that_the_way_back_leads_to(number):
    listing = a_listing(40).opened(number)

    assert number in dict(listing.at_page(listing.page).numbered())


def test_no_number_outside_the_list_opens_anything():
    assert [a_listing(3).slug(number) for number in (0, 4, 999)] == [None, None, None]


def test_a_list_is_cut_to_forty_and_remembers_how_many_there_were():
    listing = a_listing(2000)

    assert (len(listing.slugs), listing.pages, listing.total) == (40, 5, 2000)


def test_a_list_comes_back_from_the_talk_as_it_went_in():
    listing = a_listing(9, kind=DigestKind.POLICY, topic="fazhan", words="党费", page=1, open=9, from_topics=True)

    assert Listing.load(listing.dumped()) == listing


def test_topics_come_in_the_accounts_order_with_how_much_they_have():
    digests = [a_digest(topics=("qa", "fazhan")), a_digest(topics=("qa",)), a_digest(topics=("gone",))]

    assert engine.topics_with(digests, (*TOPICS, Topic(id="empty", name="空"))) == [(TOPICS[0], 1), (TOPICS[1], 2)]


def test_our_own_words_lose_their_heading_and_an_empty_stretch_its_place():
    blocks = (
        Block(voice=Voice.REPORT, plain="摘要", html="<p>摘要</p>"),
        Block(voice=Voice.OWN, plain="【解读】", html="<h2>解读</h2>\n"),
        Block(voice=Voice.OFFICIAL, plain="▎原文", html="<blockquote>原文</blockquote>"),
        Block(voice=Voice.OWN, plain="【解读】\n\n我们说【解读】", html="<h2>解读</h2>\n<p>我们说</p>"),
    )

    parts = [(part.voice, part.plain, part.html) for part in engine.parts(a_digest(blocks=blocks), at=str)]

    assert parts == [
        (Voice.REPORT, "摘要", "<p>摘要</p>"),
        (Voice.OFFICIAL, "▎原文", "<blockquote>原文</blockquote>"),
        (Voice.OWN, "我们说【解读】", "<p>我们说</p>"),
    ]


@pytest.mark.parametrize(("asked", "number", "first"), [(1, 1, 0), (3, 3, 40), (-5, 1, 0), (0, 1, 0), (99, 3, 40)])
def test_a_page_that_is_not_there_becomes_the_nearest_one(asked, number, first):
    found = [a_digest(f"d{n}") for n in range(45)]

    sheet = engine.sheet(found, number=asked, size=20)

    assert (sheet.number, sheet.of, sheet.total, sheet.digests[0].slug) == (number, 3, 45, f"d{first}")


def test_nothing_found_is_one_empty_page():
    assert engine.sheet([], number=1, size=20) == engine.Sheet([], 0, 1, 1)


@pytest.mark.parametrize(("words", "short"), [("", ""), ("一二三四五", "一二三四五"), ("一二三四五六", "一二三四…")])
def test_words_too_long_for_a_line_end_in_an_ellipsis(words, short):
    assert engine.shortened(words, 5) == short


@pytest.mark.parametrize(
    "said", ["政策有哪些", "有什么政策", "今天的政策呢？", "最新政策文件", "我想看政策", "看看政策吗"]
)
def test_words_that_ask_for_nothing_more_are_not_sought(said):
    assert engine.ask_of_kind(said, []) == engine.Ask(DigestKind.POLICY)


def test_words_that_ask_for_more_still_are():
    assert engine.ask_of_kind("有什么政策 党费", []) == engine.Ask(DigestKind.POLICY, words="党费")


def test_the_verb_of_the_opinion_box_may_seek_words_too():
    assert engine.sought("查询 党费") == engine.Ask(words="党费")
