"""Official words and our own stay apart, and nothing unsafe is shown."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.faults import Unreadable
from content.markdown import Shown, blocks, pictures
from content.models import Voice, pictured

DIGEST = """\
一段导语。

> 原文第一句。
> 第二句。

- 甲
- 乙

## 解读

我们的话。

> 再引一句。

完。
"""


def test_voices_change_at_quotations_and_at_our_own_heading():
    assert [block.voice for block in blocks(DIGEST)] == [
        Voice.REPORT,
        Voice.OFFICIAL,
        Voice.REPORT,
        Voice.OWN,
        Voice.OFFICIAL,
        Voice.OWN,
    ]


def test_the_chat_sees_bars_bullets_and_headings():
    assert [block.plain for block in blocks(DIGEST)] == [
        "一段导语。",
        "▎原文第一句。\n▎第二句。",
        "· 甲\n· 乙",
        "【解读】\n\n我们的话。",
        "▎再引一句。",
        "完。",
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**重点** 和 `代码`", "重点 和 代码"),
        ("[网站](https://example.org/a?b=1&c=2)", "网站（https://example.org/a?b=1&c=2）"),
        ("1. 甲\n2. 乙\n   - 丙\n\n完", "1. 甲\n2. 乙\n  · 丙\n\n完"),
        ("3. 从三起", "3. 从三起"),
        ("| 甲 | 乙 |\n|---|---|\n| 一 | 二 |\n\n完", "甲　乙\n一　二\n\n完"),
        ("    代码\n\n完", "代码\n\n完"),
        ("上\n\n---\n\n下", "上\n\n————\n\n下"),
        ("一行\n又一行", "一行\n又一行"),
        ("5 < 6 & 7", "5 < 6 & 7"),
    ],
    ids=["strong", "link", "nested list", "numbered from 3", "table", "code", "rule", "line break", "signs"],
)
def test_markdown_reads_well_as_plain_text(text, plain):
    assert "\n\n".join(block.plain for block in blocks(text)) == plain


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '[x](https://a "onclick=1")',
        "[x](data:text/html,1)",
    ],
)
def test_nothing_in_the_html_can_act(text):
    html = "".join(block.html for block in blocks(text))

    assert not any(f"<{tag}" in html for tag in ("script", "img", "iframe", "style"))
    assert not any(f'="{scheme}' in html for scheme in ("javascript:", "data:"))
    assert "onclick" not in html


@pytest.mark.parametrize("address", ["ftp://example.org/a", "mailto:a@example.org"])
def test_links_lead_to_the_web_alone(address):
    assert "href" not in blocks(f"[x]({address})")[0].html


def test_a_tag_is_shown_as_it_was_written():
    assert (blocks("<b>粗</b>")[0].html, blocks("<b>粗</b>")[0].plain) == (
        "<p>&lt;b&gt;粗&lt;/b&gt;</p>",
        "<b>粗</b>",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "一段\n\n![图](https://example.org/a.png)\n\n![二][b]\n\n[b]: https://example.org/b.png",
            [(12, "", "图"), (14, "", "二")],
        ),
        ("一行\n又一行\n![徽](pictures/hui.png)![](../pictures/a.jpg)", [(12, "hui.png", "徽"), (12, "a.jpg", "")]),
        ("![章](./pictures/党章.png)", [(10, "党章.png", "章")]),
        ("![绝](/pictures/a.png)![里](pictures/b/a.png)", [(10, "", "绝"), (10, "", "里")]),
        ("![外](https://example.org/pictures/a.png)", [(10, "", "外")]),
        ("真好![1](https://example.org)", [(10, "", "1")]),
        ("不是![图", []),
        ("没有", []),
    ],
    ids=["elsewhere", "the pack's", "a Chinese name", "not quite", "a host's", "no picture", "half", "none"],
)  # fmt: skip
def test_pictures_are_found(text, found):
    assert list(pictures(text, first_line=10)) == [Shown(*each) for each in found]


def test_a_picture_of_the_pack_is_shown_on_a_page_and_said_in_the_chat():
    (block,) = blocks('看![党徽，"金"色 > 红](../pictures/徽%201.png "题目")')

    assert block.plain == '看［图：党徽，"金"色 > 红］'
    assert pictured(block.html, lambda name: f"/p/<{name}>") == (
        '<p>看<img src="/p/&lt;徽 1.png&gt;" alt="党徽，&quot;金&quot;色 &gt; 红"></p>'
    )


def test_words_that_look_like_a_picture_are_left_alone():
    text = '`<img src="pictures/a.png">` <img src="pictures/a.png"> src="pictures/a.png"'
    (block,) = blocks(text)

    assert pictured(block.html, lambda name: f"https://example.org/{name}") == block.html


def test_a_picture_from_elsewhere_is_its_caption_in_the_chat_and_nothing_on_a_page():
    (block,) = blocks("看![党徽](https://example.org/a.png)")

    assert (block.plain, block.html) == ("看党徽", "<p>看</p>")


def test_a_quotation_in_html_is_a_block_quotation():
    assert blocks("> 原文")[0].html == "<blockquote>\n<p>原文</p>\n</blockquote>"


@given(st.text(alphabet="># -*|1.[]()`\n\t 解读原文<&!", max_size=80))
def test_any_body_is_read_or_refused(text):
    with suppress(Unreadable):
        assert blocks(text)
