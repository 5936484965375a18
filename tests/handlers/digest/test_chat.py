"""What the digests say, through the real door; the talks in dialogs/ go as written."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from content import library
from content.files import folded
from content.models import Block, Digest, DigestKind, Voice
from handlers.digest import chat
from handlers.router import Handler, Talk, Turn
from storage.people import Who
from tests.content.builders import a_digest, write
from tests.driver import Phone
from tests.handlers.digest.conftest import LONG, SITE, bind
from tests.house import NOON
from wechat.messages import Kind, Message, Text

pytestmark = pytest.mark.variant

DIALOGS = sorted((Path(__file__).parent / "dialogs").glob("*.txt"))
TAP, PICTURE = "[tap] ", "[picture]"


def turns(dialog: str) -> list[tuple[str, str]]:
    """What is typed and what is answered, in order."""
    return [
        (typed, "\n".join(line[2:] for line in answered))
        for typed, *answered in (part.splitlines() for part in f"\n{dialog}".split("\n> ")[1:])
    ]


def does(phone: Phone, typed: str) -> str:
    if typed == PICTURE:
        return phone.sends_picture("http://127.0.0.1/p.jpg", "media-1")
    return phone.taps(typed.removeprefix(TAP)) if typed.startswith(TAP) else phone.says(typed)


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda path: path.stem)
def test_a_talk_goes_as_written(town, dialog):
    phone = town.phone()
    for typed, expected in turns(dialog.read_text("utf-8")):
        assert does(phone, typed) == expected, typed


# -- lists -----------------------------------------------------------------------------------------------------------


def test_a_repeat_gets_the_same_digest(town):
    phone = town.phone()
    phone.says("往期要闻")

    first = phone.says("下一篇")

    assert [phone.repeats(), phone.repeats()] == [first, first]


def test_a_number_stays_with_its_digest_whatever_is_published_meanwhile(town):
    phone = town.phone()
    phone.says("往期要闻")

    town.clock.forward(hours=20, minutes=30)
    phone.says("继续")

    assert phone.says("1").startswith("示例今日要闻")
    assert "示例明日要闻" in phone.says("重来")


def test_yesterdays_list_is_not_called_todays(town):
    phone = town.phone()
    phone.says("要闻")

    town.clock.forward(hours=13)

    assert "今天" not in phone.says("继续")


def test_coming_back_after_an_hour_one_may_go_on_reading(town):
    phone = town.phone()
    phone.says("政策")
    read = phone.says("1")

    town.clock.forward(hours=2)

    assert "“要闻和政策”" in phone.says("2")
    assert phone.says("继续") == read


def test_what_is_withdrawn_while_it_is_listed_is_not_opened(town, paper):
    write(paper / "digests" / "short.md", a_digest(title="示例短命要闻", expire_at="2026-11-23 13:00"))
    town.house.shelf.look()
    town.house.shelf.look()
    phone = town.phone()
    assert "示例短命要闻" in phone.says("要闻")
    number = next(line[0] for line in phone.answer["Content"].splitlines() if "短命" in line)

    town.clock.forward(minutes=59)
    open_till_one = phone.says(number)
    town.clock.forward(minutes=1)

    assert open_till_one.startswith("示例短命要闻")
    assert "已经撤下" in phone.says(number)
    assert "短命" not in phone.says("列表")


def test_eight_long_titles_fit_one_message(town, paper):
    for number in range(9):
        title, source = f"{number}{'很长的标题' * 30}", "名字很长的来源" * 9
        write(paper / "digests" / f"wide{number}.md", a_digest(title=title, source_name=source, kind="policy"))
    town.house.shelf.look()
    town.house.shelf.look()

    listed = town.phone().says("政策")

    assert "8. " in listed
    assert "更多" not in listed


def test_the_rest_of_a_long_list_is_on_the_page(town, paper):
    for number in range(41):
        write(paper / "digests" / f"many{number:02}.md", a_digest("正文", title=f"{number}", topics="[yaowen]"))
    town.house.shelf.look()
    town.house.shelf.look()
    phone = town.phone()
    pages = [phone.says("要闻"), *(phone.says("下一页") for _ in range(4))]

    assert "，42 篇：" in pages[0]
    assert [f"{SITE}/p/digest" in page for page in pages] == [False] * 4 + [True]
    assert "后面没有了" in phone.says("下一页")


def test_where_there_is_nothing_at_all_no_other_word_is_asked_for(town, paper):
    for each in (paper / "digests").iterdir():
        each.unlink()
    town.house.shelf.look()
    town.house.shelf.look()

    assert "现在还没有要闻和政策" in town.phone().says("搜索 党费")


# -- one digest ------------------------------------------------------------------------------------------------------


def test_a_long_one_is_read_to_its_end_piece_by_piece(town):
    phone = town.phone()
    phone.says("往期政策")
    pieces = [phone.says("2")]
    while "“更多”" in pieces[-1]:
        pieces.append(phone.says("更多"))

    read = "\n\n".join(piece.removesuffix("（回复“更多”看下文）").strip() for piece in pieces)

    assert len(pieces) > 2
    assert LONG in read
    assert phone.says("返回").startswith("最近的政策")


def test_going_on_in_the_middle_of_a_long_one_goes_on(town):
    phone, other = town.phone(), town.phone()
    for each in (phone, other):
        each.says("往期政策")
        each.says("2")

    assert phone.says("继续") == other.says("更多")


def test_coming_back_to_a_long_one_after_an_hour_goes_on_where_it_was(town):
    phone, other = town.phone(), town.phone()
    for each in (phone, other):
        each.says("往期政策")
        each.says("2")
        each.says("更多")

    town.clock.forward(hours=2)
    offered = phone.says("在吗")

    assert "“重来”" in offered
    assert phone.says("继续") == other.says("更多")


@pytest.mark.parametrize("aside", [("text", {"Content": "嗯嗯嗯"}), ("voice", {"MediaId": "m", "Format": "amr"})])
def test_what_leads_back_to_a_long_one_does_not_lose_its_rest(town, aside):
    phone, other = town.phone(), town.phone()
    for each in (phone, other):
        each.says("往期政策")
        each.says("2")

    phone.sends(aside[0], **aside[1])

    assert phone.says("更多") == other.says("更多")


def test_next_page_means_the_rest_of_a_long_one_while_there_is_some(town):
    phone = town.phone()
    phone.says("往期政策")
    phone.says("2")

    assert "第60段" not in phone.response.body.decode(errors="ignore")
    assert "段。这是" in phone.says("下一页")


def test_more_means_the_rest_of_whatever_was_too_long_before_the_next_page(town, paper):
    write(paper / "phrases.toml", f'"conversation.help" = "{"帮助的第一部分。" * 90}帮助的末尾"')
    town.house.shelf.look()
    town.house.shelf.look()
    phone = town.phone()
    phone.says("往期要闻")
    phone.says("帮助")

    assert phone.says("更多").endswith("帮助的末尾")
    assert phone.says("更多").splitlines()[1].startswith("9. ")


def test_without_an_address_of_our_own_no_page_is_named(town):
    reader = chat.Reader(shelf=town.house.shelf, zone=town.settings.zone, public_url="")

    assert "/p/digest" not in ask(reader.policy).content
    assert reader._address() == ""


# -- who may read ----------------------------------------------------------------------------------------------------


def test_a_stranger_never_hears_of_what_is_for_an_organisation(town):
    phone = town.phone()

    heard = [phone.says(words) for words in ("政策", "往期政策", "搜索 内部", "政策 内部", "专题", "1")]

    assert not [words for words in heard if "示例内部政策" in words]


def test_a_bound_member_reads_what_is_for_the_own_organisation_and_gets_no_page_of_it(town):
    phone = town.phone()
    phone.says("帮助")
    bind(town, "zhibu")

    assert phone.says("政策").splitlines()[:2] == ["今天（11月23日）的政策，1 篇：", "1. 示例内部政策"]
    assert "/p/digest" not in phone.says("1")


@pytest.mark.parametrize(("organisation", "verified"), [("dangwei", True), ("zhibu", False), ("", True)])
def test_the_organisation_above_and_who_only_says_so_do_not(town, organisation, verified):
    phone = town.phone()
    phone.says("帮助")
    bind(town, organisation, verified=verified)

    assert "示例内部政策" not in phone.says("政策")


def test_who_is_unbound_meanwhile_opens_it_no_more(town):
    phone = town.phone()
    phone.says("帮助")
    bind(town, "zhibu")
    phone.says("政策")
    bind(town, "", verified=False)

    assert "已经撤下" in phone.says("1")


# -- words of others -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["查询", "查询 4F7K-2MXP-90TC", "查询4F7K2MXP90TC", "查 4F7K-2MXP-90TC", "查:4f7k2mxp90tc"]
)
def test_a_receipt_is_never_taken_for_words_to_be_found(said):
    router = chat.routes(shelf=a_shelf(None), zone=ZoneInfo("UTC"), public_url="")

    assert not [pattern for pattern in router.patterns if pattern.fullmatch(said.replace(" ", "").casefold())]


def test_what_is_typed_is_shown_as_it_is_and_never_filled_in(town):
    phone = town.phone()

    assert "“{{ 7 * 7 }}<b>]]>”" in phone.says("搜索 {{ 7 * 7 }}<b>]]>")


# -- speed -----------------------------------------------------------------------------------------------------------


def a_shelf(holds: library.Library | None) -> Any:
    """A shelf that has just this."""
    return SimpleNamespace(current=lambda: holds)


def ask(handler: Handler, text: str = "") -> Text:
    message = Message(id="1", account="official", openid="o1", kind=Kind.TEXT, sent_at=NOON, text=text)
    reply = handler(Turn(message=message, who=Who(account="official", openid="o1"), talk=Talk(), now=NOON))
    assert isinstance(reply, Text)
    return reply


@pytest.mark.quiet
def test_among_two_thousand_digests_a_turn_stays_fast(town):
    blocks = (Block(voice=Voice.REPORT, plain="一段示例文字。" * 300, html=""),)
    many = [
        Digest(
            slug=f"d{number:04}", title=f"示例{number}", kind=DigestKind.NEWS, topics=("yaowen",), source_name="来源",
            publish_at=NOON - timedelta(hours=number), summary="一句话", blocks=blocks,
        )
        for number in range(2000)
    ]  # fmt: skip
    great = replace(
        town.house.shelf.current(),
        digests={digest.slug: digest for digest in many},
        _folded={digest.slug: folded(f"{digest.title}\n{digest.plain}") for digest in many},
    )
    reader = chat.Reader(shelf=a_shelf(great), zone=town.settings.zone, public_url=SITE)

    def milliseconds(handler: Handler, text: str) -> float:
        spans = []
        for _ in range(5):
            begun = perf_counter()
            ask(handler, text)
            spans.append((perf_counter() - begun) * 1000)
        return min(spans)

    assert "共 2000 篇" in ask(reader.past_news).content
    assert "示例1999" in ask(reader.search, "搜索 示例1999").content
    assert milliseconds(reader.news, "要闻") < 100
    assert milliseconds(reader.search, "搜索 示例1999") < 100
