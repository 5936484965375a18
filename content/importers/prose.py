"""Texts that are there to be read, a regulation, a notice, a speech: their head, their parts and their sentences.

Whatever is given of them stands in them word by word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import PurePath

from content.importers import banks, bounded, documents, plain, safety, texts
from content.importers.safety import Format
from content.importers.sentences import Refused
from content.importers.telling import Tell

LONGEST = 150  # of a sentence, in characters
LONGEST_HEADING = 40
HEAD_WITHIN, FOOT_WITHIN = 12, 6  # paragraphs
MOST_TITLE_LINES = 3
_ONES = "一二三四五六七八九"
HAN = f"零〇{_ONES}两十百千万"

ITEM = re.compile(rf"^(?:[(（](?:[{HAN}]+|\d+)[)）]|[{HAN}]+、|\d+[.．、])\s*")
# Says nothing to who hasn't read what stands around it.
LEANS = re.compile(r"^(?:其|该|这|那|此|并|但|或|以及|对此)|前款|前项|前条|上述|下列|如下|[:：]。?$")
ENDED = re.compile(r"[。！？；][”’）)]*$")
_ARTICLE = re.compile(rf"(第(?:[{HAN}]+|\d+)条(?:之[{HAN}]+)?)(?:[\s:：]+|$)")
_HEADINGS = (  # the highest first
    re.compile(rf"第(?:[{HAN}]+|\d+)[编章]\s*(?P<name>\S.*)"),
    re.compile(rf"(?:[{HAN}]+、|第[{HAN}]+[,，、])\s*(?P<name>\S.*)"),
)
_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’）)]*|[^。！？]+$")  # goes over a text once, whatever is in it
_PART = re.compile(r"[^；]+(?:；|$)")
_PAIRS = (("“", "”"), ("（", "）"), ("《", "》"))

_SECRET = re.compile(r"(?:绝密|机密|秘密)\s*(?:[★☆].*)?")
_DOC_NO = re.compile(r"(?P<said>[\u4e00-\u9fff]{1,14}[〔［\[(（]\d{4}[〕］\])）]\s*第?\d{1,5}号)(?:\s+签发人.*)?")
_LETTERHEAD = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,30})文件")
_DATE = re.compile(
    r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日"
    r"|(?P<han_year>[〇零○Ｏ一二三四五六七八九]{4})年(?P<han_month>[一二三四五六七八九十]{1,2})月(?P<han_day>[一二三四五六七八九十]{1,3})日"
)
_FROM_THEN = re.compile(r"自([^自]{8,14})起施行")
_IN_BRACKETS = re.compile(r"[（(].*[)）]")
_ISSUES = re.compile(r"\s*(?P<by>[\u4e00-\u9fff、]*?)(?:发布|公布|印发)")
_KIND_OF_PAPER = re.compile(
    r"(?:通知|意见|办法|条例|规定|细则|准则|规则|章程|规范|指南|方案|要点|决定|决议|公报|公告|通告|通报|报告|讲话|致辞|批复|函|纪要|倡议书?|解读|答记者问)"
    r"(?:[（(].{1,8}[)）])?$"
)
_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "Ｏ": 0}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One of a text, counted from 1; `article` is the one that it belongs to, "" where there are none."""

    number: int
    text: str
    article: str = ""

    @property
    def said(self) -> str:
        """Give it without the number of the article that it begins."""
        found = _ARTICLE.match(self.text)
        return self.text[found.end() :] if found else self.text


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under a heading; "" is what stands before the first."""

    heading: str
    paragraphs: Sequence[Paragraph]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text as it was read: each of `title`, `doc_no`, `issuer` and `issued_on` is empty where it doesn't say it.

    `days` are those on which it was issued, as far as it tells, or came into force.
    """

    title: str
    doc_no: str = ""
    issuer: str = ""
    issued_on: date | None = None
    days: frozenset[date] = frozenset()
    paragraphs: Sequence[Paragraph]
    body: Sequence[Paragraph]

    @property
    def has_articles(self) -> bool:
        """Whether it is parted into articles."""
        return bool(self.body) and bool(self.body[-1].article)

    def parts(self) -> list[Part]:
        """Give it at its headings of the highest kind, where it has two of one kind; else it is one part."""
        for heading in _HEADINGS:
            names = [_heading(each.text, heading) for each in self.body]
            if sum(map(bool, names)) > 1:
                return [*_parted(self.body, names)]
        return [Part("", self.body)]


def read(name: str, data: bytes) -> Prose:
    """Read a Word document or a text; raises `Refused` where it can't be read, is no prose, or is marked as secret."""
    if PurePath(name).suffix.lower() not in {".docx", ".txt", *safety.OTHER_OFFICE}:
        raise Refused("not_prose")
    safety.weigh(data)
    return bounded.read(partial(_read, name), data)


def _read(name: str, data: bytes, _tell: Tell) -> Prose:
    match safety.look(name, data).format:
        case Format.DOCUMENT:
            spoken = documents.spoken(data)
        case Format.TEXT:
            spoken = iter(texts.spoken(banks.text_in(data)))
        case _:
            raise Refused("not_prose")
    said = [*filter(None, (plain.text(line.text) for line in spoken))]
    return _with_head(said, [*_in_articles(said)])


def sentences(text: str) -> Iterator[str]:
    """Give the sentences of a paragraph as they stand in it; of very long ones their parts."""
    for sentence in _SENTENCE.findall(text):
        yield from [sentence] if len(sentence) <= LONGEST else _PART.findall(sentence)


def is_whole(sentence: str) -> bool:
    """Whether a sentence is there from its beginning to its end, with both signs of each pair."""
    paired = all(sentence.count(left) == sentence.count(right) for left, right in _PAIRS)
    return paired and len(sentence) <= LONGEST and bool(ENDED.search(sentence))


def _in_articles(said: Sequence[str]) -> Iterator[Paragraph]:
    article = ""
    for number, text in enumerate(said, start=1):
        found = _ARTICLE.match(text)
        article = found[1] if found else article
        yield Paragraph(number, text, article)


# The head and the foot of an official paper


def _with_head(said: Sequence[str], paragraphs: Sequence[Paragraph]) -> Prose:
    head = said[: _head_length(said)]
    if any(_SECRET.fullmatch(each) for each in said[:HEAD_WITHIN]):
        raise Refused("secret")
    doc_no, issuer, issued_on, others = "", "", None, []
    for each in head:
        if found := _DOC_NO.fullmatch(each):
            doc_no = found["said"]
        elif found := _LETTERHEAD.fullmatch(each):
            issuer = found["name"]
        elif _is_note(each):
            day, by = _issued(each)
            issued_on, issuer = day or issued_on, issuer or by
        else:
            others.append(each)
    ends, signed, day = _foot(said, begins=len(head))
    return Prose(
        title=_title(others),
        doc_no=doc_no,
        issuer=signed or issuer,
        issued_on=day or issued_on,
        days=frozenset(filter(None, (issued_on, day, *map(_day, _FROM_THEN.findall("".join(said[-FOOT_WITHIN:])))))),
        paragraphs=paragraphs,
        body=paragraphs[len(head) : ends],
    )


def _title(lines: Sequence[str]) -> str:
    """The first of the lines of a head, with the next ones where it is only then called what papers are called."""
    for count in range(1, MOST_TITLE_LINES + 1):
        title = "".join(lines[:count])
        if _KIND_OF_PAPER.search(title) and len(title) <= LONGEST:
            return title
    return lines[0] if lines else ""


def _is_note(said: str) -> bool:
    return bool(_IN_BRACKETS.fullmatch(said) or _DATE.fullmatch(said))


def _head_length(said: Sequence[str]) -> int:
    """How many paragraphs stand above the text itself; a text has its title there and may have nothing more."""
    for at, each in enumerate(said[:HEAD_WITHIN]):
        begins = len(each) > LONGEST or ENDED.search(each) or each.endswith(("：", ":")) or _ARTICLE.match(each)
        if not _is_note(each) and (begins or any(heading.match(each) for heading in _HEADINGS)):
            return at
    return min(len(said), 1)


def _foot(said: Sequence[str], *, begins: int) -> tuple[int, str, date | None]:
    """Where the text ends, who signed it, and on what day."""
    for at in range(len(said) - 1, max(begins, len(said) - FOOT_WITHIN) - 1, -1):
        if _DATE.fullmatch(said[at]):
            is_name = at - 1 >= begins and len(said[at - 1]) <= LONGEST_HEADING and not re.search(r"\W", said[at - 1])
            return (at - 1, said[at - 1], _day(said[at])) if is_name else (at, "", _day(said[at]))
    return len(said), "", None


def _issued(note: str) -> tuple[date | None, str]:
    """The day that a note under a title tells, and who published on it."""
    found = [*_DATE.finditer(note.strip("（()）"))]
    for each in reversed(found):
        if issues := _ISSUES.match(each.string, each.end()):
            return _day(each[0]), issues["by"]
    return (_day(found[-1][0]), "") if found else (None, "")


def _day(said: str) -> date | None:
    found = _DATE.search(said)
    if found is None:
        return None
    try:
        if found["year"]:
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
        year = int("".join(str(_DIGITS[sign]) for sign in found["han_year"]))
        return date(year, number_in(found["han_month"]), number_in(found["han_day"]))
    except ValueError:
        return None


def number_of(article: str) -> str:
    """Give the number of an article as it is cited ("13" of 第十三条), "" where there is none."""
    found = re.match(rf"第([{HAN}]+|\d+)条(.*)", article)
    return f"{number_in(found[1])}{found[2]}" if found else ""


def number_in(said: str) -> int:
    """Give the number below a thousand that is written in digits or in hanzi."""
    if said.isdecimal():
        return int(said)
    hundreds, _, rest = said.rpartition("百")
    tens, ten, ones = rest.lstrip("零〇").rpartition("十")
    return 100 * _DIGITS.get(hundreds, 0) + (10 * _DIGITS.get(tens, 1) if ten else 0) + _DIGITS.get(ones, 0)


# Headings


def _heading(text: str, heading: re.Pattern[str]) -> str:
    found = heading.fullmatch(text)
    return found["name"].strip() if found and len(text) <= LONGEST_HEADING and not ENDED.search(text) else ""


def _parted(paragraphs: Sequence[Paragraph], names: Sequence[str]) -> Iterator[Part]:
    begins = [at for at, name in enumerate(names) if name]
    if begins[0]:
        yield Part("", paragraphs[: begins[0]])
    for at, end in zip(begins, [*begins[1:], len(names)], strict=True):
        yield Part(names[at], paragraphs[at + 1 : end])
