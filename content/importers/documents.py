"""Banks that are Word documents: their paragraphs with automatic numbers, bold or red answers, and their tables."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx import Document
from docx.document import Document as Opened
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.shared import RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from content.importers import tables, texts
from content.importers.sentences import Refused
from content.importers.texts import Found, Spoken
from content.sheets import Line, Sheet

_HANZI = "零一二三四五六七八九"
_RED_AT_LEAST, _OTHERS_AT_MOST = 0xB0, 0x60


def read(data: bytes) -> Found:
    """Read the questions of a document: of its tables where those are banks, else of its text."""
    document = _opened(data)
    sheets = [_sheet(number, table) for number, table in enumerate(document.tables, start=1)]
    found = tables.read(sheets) if sheets else None
    said = texts.read(_spoken(document, but=found is not None))
    if found is None:
        return said
    return Found([*said.raws, *found.raws], [*said.notes, *found.notes], said.title, said.topic)


def spoken(data: bytes) -> Iterator[Spoken]:
    """Give all of a document's lines, those in its tables too."""
    return _spoken(_opened(data), but=False)


def _opened(data: bytes) -> Opened:
    try:
        return Document(io.BytesIO(data))
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile):
        raise Refused("broken", suffix=".docx") from None


def _sheet(number: int, table: Table) -> Sheet:
    rows = enumerate(table.rows, start=1)
    return Sheet(str(number), [Line(row, [cell.text for cell in line.cells]) for row, line in rows])


def _spoken(document: Opened, *, but: bool) -> Iterator[Spoken]:
    """The paragraphs, counted as they come; those of tables too, `but` where those are tables of a bank."""
    numbers = _Numbers(document)
    count = 0
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            inner = [] if but else [each for row in block.rows for cell in row.cells for each in cell.paragraphs]
        else:
            inner = [block]
        for paragraph in inner:
            count += 1
            yield from _lines(count, numbers.of(paragraph), paragraph)


def _lines(number: int, prefix: str, paragraph: Paragraph) -> Iterator[Spoken]:
    """The lines of a paragraph, the first with the number that Word shows before it."""
    text, strong = prefix, []
    for run in paragraph.runs:
        if _stands_out(run):
            strong.append((len(text), len(text) + len(run.text)))
        text += run.text
    at = 0
    for line in text.split("\n"):
        yield Spoken(number, line, [(first - at, last - at) for first, last in strong])
        at += len(line) + 1


def _stands_out(run: Run) -> bool:
    return bool(run.bold) or _is_red(run.font.color.rgb if run.font.color else None)


def _is_red(colour: RGBColor | None) -> bool:
    if colour is None:
        return False
    red, green, blue = colour
    return red >= _RED_AT_LEAST and green <= _OTHERS_AT_MOST and blue <= _OTHERS_AT_MOST


@dataclass(slots=True)
class _Numbers:
    """What Word counts by itself: it stands in no paragraph's text."""

    document: Opened
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    def of(self, paragraph: Paragraph) -> str:
        """Give the number that is shown before a paragraph, "" for none."""
        found = self._numbering(paragraph)
        if found is None:
            return ""
        list_id, depth = found
        level = self._level(list_id, depth)
        if level is None:
            return ""
        self.counts[list_id, depth] += 1
        for deeper in [key for key in self.counts if key[0] == list_id and key[1] > depth]:
            del self.counts[deeper]
        shown = level.find(qn("w:lvlText"))
        words = shown.get(qn("w:val"), "") if shown is not None else ""
        for at in range(depth + 1):
            words = words.replace(f"%{at + 1}", self._shown(list_id, at))
        return f"{words} "

    def _numbering(self, paragraph: Paragraph) -> tuple[str, int] | None:
        """The list and the depth that a paragraph or its style names."""
        styles = [paragraph._p.pPr, *self._styles(paragraph)]  # noqa: SLF001 - python-docx shows numbering nowhere else
        for properties in styles:
            numbered = properties.find(qn("w:numPr")) if properties is not None else None
            if numbered is not None:
                list_id, depth = numbered.find(qn("w:numId")), numbered.find(qn("w:ilvl"))
                if list_id is None:
                    continue
                named = str(list_id.get(qn("w:val")))
                return None if named == "0" else (named, int(depth.get(qn("w:val"))) if depth is not None else 0)
        return None

    def _styles(self, paragraph: Paragraph) -> Iterator[Any]:
        style = paragraph.style
        while style is not None:
            yield style.element.find(qn("w:pPr"))
            style = style.base_style

    def _level(self, list_id: str, depth: int) -> Any:
        numbering = self._part()
        if numbering is None:
            return None
        abstract = next(
            (
                each.find(qn("w:abstractNumId")).get(qn("w:val"))
                for each in numbering.findall(qn("w:num"))
                if each.get(qn("w:numId")) == list_id
            ),
            None,
        )
        for each in numbering.findall(qn("w:abstractNum")):
            if each.get(qn("w:abstractNumId")) == abstract:
                return next((lvl for lvl in each.findall(qn("w:lvl")) if lvl.get(qn("w:ilvl")) == str(depth)), None)
        return None

    def _part(self) -> Any:
        try:
            return self.document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return None

    def _shown(self, list_id: str, depth: int) -> str:
        level = self._level(list_id, depth)
        if level is None:
            return ""
        begins, form = level.find(qn("w:start")), level.find(qn("w:numFmt"))
        first = int(begins.get(qn("w:val"))) if begins is not None else 1
        return _in_form(
            first + max(self.counts[list_id, depth], 1) - 1, form.get(qn("w:val")) if form is not None else ""
        )


def _in_form(number: int, form: str) -> str:
    if form in {"upperLetter", "lowerLetter"}:
        return chr(64 + (number - 1) % 26 + 1)
    if form.startswith(("chinese", "ideograph", "japaneseCounting", "taiwaneseCounting")):
        return _in_hanzi(number)
    return "" if form in {"bullet", "none"} else str(number)


def _in_hanzi(number: int) -> str:
    """Up to 99: sections of a bank."""
    tens, ones = divmod(number, 10)
    return f"{_HANZI[tens] if tens > 1 else ''}{'十' if tens else ''}{_HANZI[ones] if ones or not tens else ''}"
