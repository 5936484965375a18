"""A file may come from any editor."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.faults import Unreadable
from content.reading import markdown, text_of, toml

ARTICLE = (
    "为了规范发展党员工作，保证新发展的党员质量，保持党的先进性和纯洁性，根据党章制定本细则。“选项”——A：１２％\r\n"
)
# The everyday hanzi: what any sentence of a real text is made of.
EVERYDAY = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后"
)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2], ids=["bare", "bom", "two boms"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_utf8_is_read_whatever_its_mark_and_line_ends(mark, end):
    assert text_of(mark + f"一{end}二{end}".encode()) == "一\n二\n"


@given(st.text(alphabet=EVERYDAY + "，。“”：、（）ABCabc123 \n", min_size=1))
def test_everyday_chinese_in_gb18030_is_read_back(text):
    written = f"党员学习{text}"  # two lone hanzi can be UTF-8 too, a sentence can't

    assert text_of(written.encode("gb18030")) == written


def test_an_article_in_gb18030_is_read():
    assert text_of(ARTICLE.encode("gb18030")) == ARTICLE.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (ARTICLE.encode("utf-16"), "UTF-16"),
        ("黨員發展工作細則，自發布之日起施行。".encode("big5"), "Big5"),
        (ARTICLE.encode()[:-4] + b"\xff\xff", "未知编码"),
        ("学習についてのお知らせ".encode("shift_jis"), "未知编码"),
        ("écoute déjà".encode("latin-1"), "未知编码"),
        (bytes(range(128, 256)) * 4, "未知编码"),
    ],
    ids=["utf-16", "big5", "broken utf-8", "shift-jis", "latin-1", "binary"],
)
def test_what_isnt_surely_gb18030_is_named(data, name):
    with pytest.raises(Unreadable) as refused:
        text_of(data)

    assert (refused.value.code, refused.value.facts) == ("encoding", {"name": name})


@pytest.mark.parametrize(
    ("parse", "text", "line", "name"),
    [
        (toml, 'a = "一"\nb = "\\u202E二"\n', 2, "U+202E"),
        (toml, 'a = [\n  "一",\n  "\\u0000",\n]\n', 3, "U+0000"),
        (toml, '"\\uFFFF" = 1\n', 1, "U+FFFF"),
        (toml, 'a = "一"\nb = "\uffff"\n', 2, "U+FFFF"),
        (markdown, '---\ntitle: "一\\0"\n---\n正文\n', 2, "U+0000"),
        (markdown, "---\ntitle: 一\n---\n正文\n反\u202e文\n", 5, "U+202E"),
    ],
)
def test_what_nobody_sees_is_refused_however_it_is_written(parse, text, line, name):
    with pytest.raises(Unreadable) as refused:
        parse(text)

    assert (refused.value.code, refused.value.line, refused.value.facts) == ("unseen", line, {"name": name})


def test_line_ends_joined_emoji_and_escapes_of_what_is_seen_are_read():
    assert toml('a = "一\\t\\n\\u4e00👨\u200d👩"').tables == {"a": "一\t\n一👨\u200d👩"}


def test_an_undecodable_byte_is_found_on_its_line():
    with pytest.raises(Unreadable) as refused:
        text_of("一\n二\n".encode() + b"\xff\n")

    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("text", "line", "detail"),
    [
        ("a = 1\nb = 中\n", 2, "看不懂"),
        ('a = "x\n', 1, "引号"),
        ("a = [1 2]\n", 1, "方括号"),
        ("\n\na 1\n", 3, "等号"),
        ("a = 1\n[t]\n[t]\n", 3, "两次"),
        ('a = "\\d"\n', 1, "反斜杠"),
        ("a = 1 b = 2\n", 1, "多了"),
        ('a = 1\nb = """x', 2, "引号"),
    ],
)
def test_a_toml_fault_has_its_line_and_a_reason(text, line, detail):
    with pytest.raises(Unreadable) as refused:
        toml(text)

    assert (refused.value.line, detail in refused.value.facts["detail"]) == (line, True)


def test_front_matter_is_split_from_the_body():
    parsed = markdown("---\ntitle: 一\ntopics:\n- 甲\n---\n\n正文\n\n---\n尾\n")

    assert (parsed.tables, parsed.body.strip()) == ({"title": "一", "topics": ["甲"]}, "正文\n\n---\n尾")


def test_the_bodys_first_line_is_counted():
    text = "---\ntitle: 一\n---\n\n\n正文\n"

    parsed = markdown(text)

    assert text.splitlines()[parsed.body_line - 1 + parsed.body[: parsed.body.find("正")].count("\n")] == "正文"


def test_nothing_is_guessed_from_what_was_written():
    assert markdown("---\na: no\nb: 012\nc: 2026-11-23\nd: 1e3\n---\n正文").tables == {
        "a": "no",
        "b": "012",
        "c": "2026-11-23",
        "d": "1e3",
    }


def test_an_entry_left_empty_counts_as_not_written():
    assert markdown("---\na:\nb: []\nc: 一\n---\n正文").tables == {"c": "一"}


@pytest.mark.parametrize("head", ["a: &x [*x]", "a: &x 1\nb: *x"], ids=["endless", "repeated"])
def test_a_reference_to_another_entry_is_refused(head):
    with pytest.raises(Unreadable, match="yaml"):
        markdown(f"---\n{head}\n---\n正文")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for parse in (toml, markdown):
        with suppress(Unreadable):
            assert parse(text_of(data)).positions() is not None
