"""Tables as office programs save them: workbooks, and text with something between its cells."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # what Excel calls Unicode text
BETWEEN = (",", "\t", ";", "，", "；")


@dataclass(frozen=True, slots=True)
class Line:
    """A row: the 1-based number of the line that it ends on, and the text of its cells, without space around it."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; a text's has no name. Rows without a word in them are left out.

    `merged` are cells that are one with those below: the 0-based column, the first row and the last, counted as lines.
    """

    name: str
    lines: Sequence[Line]
    merged: Sequence[tuple[int, int, int]] = ()


def readings(data: bytes) -> Iterator[list[Sheet]]:
    """Every way to read the bytes as tables, the likeliest first; none where they are none, or have a password.

    A text tells neither its encoding nor what stands between its cells: whoever knows what must be in the table, takes
    the first reading that has it. A workbook may claim more than there is memory for: call it in a process of its own.
    """
    if data.startswith(WORKBOOKS):
        book = _workbook(data)
        yield from [book] if book is not None else []
        return
    for text in _texts(data):
        for between in BETWEEN:
            yield from _table(text, between)


def _workbook(data: bytes) -> list[Sheet] | None:
    """All sheets that are seen; None where it is no workbook, or has a password."""
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            seen = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
            ]
            return [_sheet(book.get_sheet_by_name(name)) for name in seen]
    except CalamineError:
        return None


def _texts(data: bytes) -> Iterator[str]:
    for encoding in ("utf-16",) if data.startswith(UTF_16) else ("utf-8-sig", "gb18030"):
        try:
            yield data.decode(encoding)
        except UnicodeDecodeError:
            continue


def _table(text: str, between: str) -> Iterator[list[Sheet]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    try:
        lines = [(rows.line_num, cells) for cells in rows]
    except csv.Error:
        return
    yield [Sheet("", [Line(number, found) for number, cells in lines if any(found := [*map(_shown, cells)])])]


def _sheet(found: CalamineSheet) -> Sheet:
    rows = found.to_python(skip_empty_area=False)
    lines = [Line(number, [*map(_shown, cells)]) for number, cells in enumerate(rows, start=1)]
    merged = [
        (column, first + 1, last + 1)
        for (first, column), (last, _) in found.merged_cell_ranges or ()  # .ods: the library doesn't say
        if last > first
    ]
    return Sheet(found.name, [line for line in lines if any(line.cells)], merged)


def _shown(cell: object) -> str:
    """What stands in the cell; a number as it was typed, since a workbook keeps 12 as 12.0."""
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
