"""Digests proposed out of a document: a card a chapter, whose words are the document's own, and what it doesn't say.

Nothing is taken here: somebody mends each card, and says where it goes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types

from content.importers import prose
from content.importers.prose import HAN, Paragraph, Part, Prose
from content.importers.sentences import Note, Refused
from content.models import DigestKind, Topic

MOST = 40  # cards out of one document
LONG = 1200  # characters: what is longer is cut at its headings
QUOTED = 500  # characters on a card, some more where the last quotation goes on
MOST_QUOTED = 5
LONGEST_QUOTE = 200  # of a paragraph that is quoted as it is; of a longer one, sentences are
LONGEST_LIST = 420
LONGEST_SUMMARY = 90
BEST_TITLE = 20  # what a notice shows of a title
FIELDS = (
    "title",
    "kind",
    "topics",
    "source_name",
    "source_url",
    "doc_no",
    "issued_on",
    "publish_at",
    "summary",
    "original",
)
NEEDED = frozenset({"title", "kind", "topics", "source_name", "publish_at", "summary"})

_POLICY = re.compile(
    r"(?:通知|意见|办法|条例|规定|细则|准则|规则|章程|规范|指南|方案|要点|决定|决议|批复|函)(?:[（(].{1,8}[)）])?$"
)
_FIRM = re.compile(r"应当|必须|不得|禁止|严禁|一般|可以|负责|需要|坚持|要")
_FIGURE = re.compile(rf"\d|[{HAN}]+(?:年|个月|日|天|次|人|名|分之|以上|以下|学时)|每(?:年|月|季度|半年)")
_SAYS_LITTLE = re.compile(
    r"制定本|根据.{0,80}(?:规定|精神)，|解释权?|起施行|同时废止|现(?:将|就).{0,60}(?:如下|印发)|大家好|谢谢|同志们"
)
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])|^(\d+)([.)])(?=\s)|^([+-])(?=\s)", re.MULTILINE)

Quotation = Sequence[Paragraph]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A digest as it is proposed, or as somebody has mended it: each field as it is written, "" for what isn't known.

    `original` is the name of the text that its quotations stand in, as the pack keeps it.
    """

    title: str
    kind: str
    topics: Sequence[str]
    source_name: str = ""
    source_url: str = ""
    doc_no: str = ""
    issued_on: str = ""
    publish_at: str = ""
    summary: str = ""
    original: str = ""
    body: str

    def lacks(self) -> Iterator[Note]:
        """Say what somebody has to find out, or to see to, before members read it."""
        for name in ("source_name", "issued_on", "topics", "summary"):
            if not getattr(self, name):
                yield Note(f"card_{name}", 1)
        if len(self.title) > BEST_TITLE:
            yield Note("card_title", 1, facts={"count": len(self.title), "most": BEST_TITLE})

    def text(self) -> str:
        """Give the file of the digest."""
        said: dict[str, Any] = {name: getattr(self, name) for name in FIELDS}
        told = {name: value for name, value in said.items() if value or name in NEEDED} | {"topics": [*self.topics]}
        head = yaml.safe_dump(told, allow_unicode=True, sort_keys=False, default_flow_style=None, width=10_000)
        return f"---\n{head}---\n\n{self.body.strip()}\n"


def read(name: str, data: bytes, *, topics: Iterable[Topic] = (), terms: Iterable[str] = ()) -> list[Card]:
    """Propose a card for a document, or one for each of its chapters where it is long, in their order.

    `terms` are words that the pack is about: a sentence that has one says more. Raises `Refused` where the document
    can't be read, or has nothing that could be quoted.
    """
    text = prose.read(name, data)
    title = text.title.strip("《》") or PurePath(name).stem
    parts = _parts(text)
    worth = _worth([*terms, *(each.name for each in topics)])
    made = (_card(text, _title(title, part, len(parts)), part, topics=topics, worth=worth) for part in parts)
    found = [each for each in made if each.body][:MOST]
    if not found:
        raise Refused("no_cards")
    return found


def original(name: str, data: bytes) -> str:
    """Give the text that quotations are looked for in, a line a paragraph."""
    return "".join(f"{each.text}\n" for each in prose.read(name, data).paragraphs)


# Cutting


def _parts(text: Prose) -> list[Part]:
    if sum(len(each.text) for each in text.body) <= LONG:
        return [Part("", text.body)]
    parts = text.parts()
    return parts if len(parts) > 1 else [*_stretches(text)]


def _stretches(text: Prose) -> Iterator[Part]:
    """A long text without headings, in stretches that are read in one go; none begins within an article."""
    stretch: list[Paragraph] = []
    for each in text.body:
        within = bool(each.article) and bool(stretch) and each.article == stretch[-1].article
        if sum(len(one.text) for one in stretch) + len(each.text) > LONG and stretch and not within:
            yield Part(_span(stretch), stretch)
            stretch = []
        stretch.append(each)
    yield Part(_span(stretch), stretch)


def _span(stretch: Sequence[Paragraph]) -> str:
    ends = [each.article or f"第{each.number}段" for each in (stretch[0], stretch[-1])]
    return "至".join(dict.fromkeys(ends))


def _title(title: str, part: Part, of: int) -> str:
    return f"{title}：{part.heading}" if of > 1 and part.heading else title


# Choosing


def _card(text: Prose, title: str, part: Part, *, topics: Iterable[Topic], worth: Callable[[str], int]) -> Card:
    said = "".join((text.title, *(each.text for each in part.paragraphs)))
    is_policy = bool(text.doc_no) or text.has_articles or bool(_POLICY.search(text.title))
    return Card(
        title=title,
        kind=(DigestKind.POLICY if is_policy else DigestKind.NEWS).value,
        topics=[each.id for each in topics if each.name in said],
        source_name=text.issuer,
        doc_no=text.doc_no,
        issued_on=str(text.issued_on or ""),
        summary=_summary(part, worth),
        body=_body(_chosen(part, worth)),
    )


def _worth(terms: Sequence[str]) -> Callable[[str], int]:
    """How much some words say: figures, duties and what the pack is about say something, forms of speech don't."""

    def worth(said: str) -> int:
        about = any(len(term) > 1 and term in said for term in terms)
        points = 2 * bool(_FIGURE.search(said)) + 2 * bool(_FIRM.search(said)) + 2 * about
        return points - 4 * bool(_SAYS_LITTLE.search(said))

    return worth


def _chosen(part: Part, worth: Callable[[str], int]) -> list[Quotation]:
    """The quotations that say most, in the order of the text."""
    found = [*_quotable(part.paragraphs)]
    ranked = sorted(range(len(found)), key=lambda at: (-worth(_said(found[at])), at))
    chosen: list[int] = []
    for at in ranked:
        if len(chosen) == MOST_QUOTED or sum(len(_said(found[each])) for each in chosen) >= QUOTED:
            break
        if worth(_said(found[at])) >= 0:
            chosen.append(at)
    return [found[at] for at in sorted(chosen)]


def _said(quotation: Quotation) -> str:
    return "".join(each.said for each in quotation)


def _quotable(paragraphs: Sequence[Paragraph]) -> Iterator[Quotation]:
    """What can stand by itself: a list with what leads to it, a paragraph, or sentences of a long one."""
    at = 0
    while at < len(paragraphs):
        each, items = paragraphs[at], _items(paragraphs, at)
        if items:
            whole = paragraphs[at : at + 1 + items]
            if sum(len(one.text) for one in whole) <= LONGEST_LIST:
                yield whole
        elif len(each.text) <= LONGEST_QUOTE:
            if prose.ENDED.search(each.text) and not prose.LEANS.search(each.said):
                yield [each]
        else:
            yield from ([Paragraph(each.number, one, each.article)] for one in _sentences(each))
        at += 1 + items


def _items(paragraphs: Sequence[Paragraph], at: int) -> int:
    """How many items of a list follow a paragraph that leads to one."""
    if not paragraphs[at].text.endswith(("：", ":")):
        return 0
    following = paragraphs[at + 1 :]
    return next((count for count, each in enumerate(following) if not prose.ITEM.match(each.text)), len(following))


def _sentences(paragraph: Paragraph) -> Iterator[str]:
    for each in prose.sentences(paragraph.text):
        said = each.strip()
        if prose.is_whole(said) and not prose.LEANS.search(Paragraph(1, said).said):
            yield said


def _summary(part: Part, worth: Callable[[str], int]) -> str:
    """The sentence that says most and is short enough; without the mark of a list before it."""
    said = (prose.ITEM.sub("", one.strip()) for each in part.paragraphs for one in prose.sentences(each.said))
    whole = [each for each in said if prose.is_whole(each) and each.endswith("。") and not prose.LEANS.search(each)]
    short = [each for each in whole if len(each) <= LONGEST_SUMMARY and worth(each) >= 0]
    return max(short, key=lambda each: (worth(each), len(each)), default="")


# Writing


def _body(quotations: Iterable[Quotation]) -> str:
    return "\n\n".join(
        "\n>\n".join(f"> {escaped(line)}" for each in quotation for line in each.text.split("\n"))
        for quotation in quotations
    )


def escaped(said: str) -> str:
    """Give words as Markdown in which they are these words and nothing else."""
    return _SPECIAL.sub(_as_it_is, said)


def _as_it_is(found: re.Match[str]) -> str:
    sign, number, stop, bullet = found.groups()
    return f"{number}\\{stop}" if number else f"\\{sign or bullet}"
