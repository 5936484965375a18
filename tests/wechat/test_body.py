"""A body's fields are those that an XML parser finds, whichever way they were read."""

import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wechat.body import LARGEST_BYTES, BadMessage, Form, read

OPENINGS = ["<a>", "<b>", "<a1_>", "<中>", "<_a>", "<a >", '<a c="d">', "<xml>"]
CLOSINGS = ["</a>", "</b>", "</a1_>", "</中>", "</_a>", "</a >", "</xml>"]
WITHIN = ["<![CDATA[", "]]>", "]", "]]", ">", "<", "&", "&lt;", "&#65;", "\r", "\n", "\r\n", " ", "\u3000", "x", "中"]
OTHERS = ["<a/>", "<!-- x -->", "<?x y?>", "<![CDATA[]]>", "<a><![CDATA[x]]></a>", "<b>1</b>", "<a>x]</a>"]
PIECES = st.lists(st.sampled_from(OPENINGS + CLOSINGS + WITHIN + OTHERS), max_size=9).map("".join)


def fields_of(element: ET.Element) -> Any:
    """An element's children by their names, in lists where a name comes again; its text where it has none."""
    if len(element) == 0:
        return element.text or ""
    fields: dict[str, list[Any]] = {}
    for child in element:
        fields.setdefault(child.tag, []).append(fields_of(child))
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def by_another_parser(text: str) -> Any:
    """The fields by the standard library's tree, None where it finds no XML of ours."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - the words of this test
    except ET.ParseError:
        return None
    fields = fields_of(root)
    return fields if root.tag == "xml" and isinstance(fields, dict) else None


def by_us(text: str) -> Any:
    try:
        body = read(text.encode())
    except BadMessage:
        return None
    assert body.form is Form.XML
    return body.fields


@given(PIECES)
@settings(max_examples=400)
@example("<a><![CDATA[x]]]></a>")
@example("<a>1</a></x<b>2</b>ml>")
@example("<a>1</a> \n\t<b><![CDATA[]]]]></b>\n")
@example("<a>1</a>x<b>2</b>")
@example("<a>1</a><b>2</b><a>3</a>")
@example("<a><![CDATA[1]]>2</a>")
@example("<a>]]></a>")
@example("<xml>1</xml>")
def test_fields_are_those_of_a_parser(inside: str):
    text = f"<xml>{inside}</xml>"
    assert by_us(text) == by_another_parser(text)


@given(PIECES, PIECES)
def test_nothing_may_stand_around_them(before: str, after: str):
    text = f"<xml><a>1</a>{before}</xml>{after}"
    assert by_us(text) == by_another_parser(text)


@pytest.mark.parametrize("piece", ["<a>", "<a><![CDATA[", "<a><![CDATA[]", "<a>1</a", "]", "<a>1</a>"])
def test_a_body_that_was_made_to_take_long_does_not(piece: str):
    body = b"<xml>" + piece.encode() * (LARGEST_BYTES // len(piece) - 1)
    begun = time.process_time()
    with pytest.raises(BadMessage):
        read(body)
    assert time.process_time() - begun < 5
