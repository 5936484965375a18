"""A digest's Markdown as blocks in one voice each: safe HTML for pages, plain text for the chat."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import quote, unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from content.faults import Unreadable
from content.models import PICTURES, Block, Voice

OWN_WORDS_BEGIN = "解读"
OFFICIAL_BAR = "▎"
TAGS = frozenset(
    {"p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
)
LINE_ENDS = frozenset({"paragraph_close", "heading_close", "tr_close", "fence", "code_block", "hr"})
STRETCH_ENDS = frozenset({"ordered_list_close", "bullet_list_close", "table_close"})
LINE_BREAKS = frozenset({"softbreak", "hardbreak"})
_FILE = re.compile(rf"(?:\.{{1,2}}/)?{PICTURES}([^/?#]+)")  # `../` is the way from a digest's own file
MARKS = {"heading_open": "【", "heading_close": "】", "td_close": "　", "th_close": "　", "hr": "————"}


def blocks(text: str, *, first_line: int = 1) -> tuple[Block, ...]:
    """Split a body at its block quotations and at `## 解读`; raises `Unreadable` for an empty body."""
    tokens = _markdown().parse(text)
    if not tokens:
        raise Unreadable("body_empty", line=first_line)
    return tuple(_block(voice, [token for _, token in spoken]) for voice, spoken in _by_voice(tokens))


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a body: its line, its words, and its file in the pack's `pictures`; "" where it lies elsewhere.

    What lies elsewhere nobody will see.
    """

    line: int
    file: str
    words: str


def pictures(text: str, *, first_line: int = 1) -> Iterator[Shown]:
    """Give the pictures of a body."""
    tokens = _markdown().parse(text) if "![" in text else ()
    for token in tokens:
        line = first_line + (token.map or [0])[0]
        for child in token.children or ():
            line += child.type in LINE_BREAKS
            if child.type == "image":
                yield Shown(line, _file(child), child.content.strip())


@dataclass(frozen=True, slots=True)
class Quoted:
    """A paragraph of a block quotation, with its line."""

    line: int
    words: str


def quotations(text: str, *, first_line: int = 1) -> Iterator[Quoted]:
    """Give the paragraphs of a body's block quotations, as they are read."""
    depth = 0
    for token in _markdown().parse(text):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if depth and token.type in {"inline", "fence", "code_block"}:
            yield Quoted(first_line + (token.map or [0])[0], _said(token))


def _by_voice(tokens: Sequence[Token]) -> Iterator[tuple[Voice, Iterator[tuple[Voice, Token]]]]:
    return ((Voice(key), group) for key, group in groupby(_voiced(tokens), key=lambda pair: pair[0]))


def _voiced(tokens: Sequence[Token]) -> Iterator[tuple[Voice, Token]]:
    ground = voice = Voice.REPORT
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0:
            if token.tag == "h2" and tokens[index + 1].content.strip() == OWN_WORDS_BEGIN:
                ground = Voice.OWN
            voice = Voice.OFFICIAL if token.type == "blockquote_open" else ground
        yield voice, token


def _block(voice: Voice, tokens: list[Token]) -> Block:
    markdown = _markdown()
    html = nh3.clean(
        markdown.renderer.render(tokens, markdown.options, {}),
        tags=set(TAGS),
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}, "img": {"src", "alt"}},
        url_schemes={"http", "https"},
    )
    return Block(voice=voice, plain=_plain(tokens), html=html)


def _plain(tokens: Sequence[Token]) -> str:
    """One paragraph a stretch, list items and rows one line each; quoted lines begin with a bar."""
    lines: list[str] = []
    current: list[str] = []
    bullets: list[int | None] = []
    quoted = 0
    for token in tokens:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        _follow_list(token, bullets, current)
        current.append(_said(token))
        if token.type in LINE_ENDS:
            lines.append(_line("".join(current), quoted=quoted > 0, tight=bool(bullets) or token.type == "tr_close"))
            current.clear()
        elif token.type in STRETCH_ENDS and not bullets:
            lines.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(lines)).strip("\n")


def _follow_list(token: Token, bullets: list[int | None], current: list[str]) -> None:
    match token.type:
        case "ordered_list_open":
            bullets.append(int(token.attrGet("start") or 1))
        case "bullet_list_open":
            bullets.append(None)
        case "ordered_list_close" | "bullet_list_close":
            bullets.pop()
        case "list_item_open":
            number = bullets[-1]
            current.append("  " * (len(bullets) - 1) + ("· " if number is None else f"{number}. "))
            bullets[-1] = None if number is None else number + 1


def _line(words: str, *, quoted: bool, tight: bool) -> str:
    said = words.rstrip()
    if quoted:
        said = "\n".join(f"{OFFICIAL_BAR}{each}" for each in said.split("\n"))
    return said + ("\n" if tight else "\n\n")


def _said(token: Token) -> str:
    if token.type == "inline":
        return "".join(_inline(token.children or []))
    return MARKS.get(token.type, token.content)


def _inline(children: Sequence[Token]) -> Iterator[str]:
    address = ""
    for child in children:
        match child.type:
            case "softbreak" | "hardbreak":
                yield "\n"
            case "link_open":
                address = str(child.attrGet("href") or "")
            case "link_close":
                yield f"（{address}）"
            case "image" if _file(child):
                yield f"［图：{child.content}］"
            case _:
                yield child.content


def _file(image: Token) -> str:
    found = _FILE.fullmatch(unquote(str(image.attrGet("src") or "")))
    return found[1] if found else ""


def _image(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    file = _file(tokens[at])
    return f'<img src="{PICTURES}{quote(file)}" alt="{escape(tokens[at].content)}">' if file else ""


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    markdown.add_render_rule("image", _image)
    return markdown
