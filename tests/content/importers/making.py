"""Files as office programs save them, made here: a workbook of each kind, and a document."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Opened
from openpyxl import Workbook, load_workbook

Rows = Sequence[Sequence[object]]


def xlsx(sheets: Rows | Mapping[str, Rows], *, merged: Sequence[str] = ()) -> bytes:
    """A workbook; `merged` are ranges of its first sheet."""
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    book = Workbook()
    book.remove(book.active)
    for name, rows in named.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    return saved(book)


def marked(data: bytes, marks: Mapping[int, object]) -> bytes:
    """A workbook with something in its first column, by the row."""
    book = load_workbook(io.BytesIO(data))
    for row, said in marks.items():
        book.worksheets[0].cell(row, 1).value = said
    return saved(book)


def docx(document: Opened) -> bytes:
    """A document's bytes."""
    return saved(document)


def paragraphs(*lines: str) -> Opened:
    """A document with a paragraph a line."""
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    return document


def saved(what) -> bytes:
    stream = io.BytesIO()
    what.save(stream)
    return stream.getvalue()


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def with_parts(data: bytes, parts: Mapping[str, str | bytes]) -> bytes:
    """An office file with some parts put in or replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return packed({name: archive.read(name) for name in archive.namelist()} | dict(parts))


def ods(rows: Rows, *, repeated: str = "") -> bytes:
    """An OpenDocument table; `repeated` stands in its last row's cells."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(str(cell))}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{cells}{repeated}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return packed({"mimetype": kind, "META-INF/manifest.xml": "<manifest/>", "content.xml": content})


def xls(rows: Rows) -> bytes:
    """A workbook as Excel 97 saved it: its records in a stream of a compound file."""
    text = b"".join(
        _label(row, column, str(cell)) for row, cells in enumerate(rows) for column, cell in enumerate(cells)
    )
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + text + _record(0x000A)
    begins = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    codepage = _record(0x0042, struct.pack("<H", 1200))
    length = len(begins) + len(codepage) + 4 + 8 + len("Sheet1") + len(_record(0x000A))
    bound = _record(0x0085, struct.pack("<IHBB", length, 0, len("Sheet1"), 0) + b"Sheet1")
    return compound({"Workbook": begins + codepage + bound + _record(0x000A) + sheet})


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _label(row: int, column: int, text: str) -> bytes:
    said = text.encode("utf-16-le")
    return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(said) // 2, 1) + said) if text else b""


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file of the old office programs, with one stream of some size and others of none."""
    big = {name: data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0") for name, data in streams.items()}
    sectors = sum(len(data) // 512 for data in big.values())
    chain, entries, at = [0xFFFFFFFD, 0xFFFFFFFE], [_entry("Root Entry", 5, 0xFFFFFFFE, 0, 1)], 2
    for number, (name, data) in enumerate(big.items(), start=1):
        count = len(data) // 512
        chain += [*range(at + 1, at + count), 0xFFFFFFFE]
        entries.append(_entry(name, 2, at, len(data), 0xFFFFFFFF if number == len(big) else number + 1))
        at += count
    assert sectors < 120
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    head += struct.pack("<108I", *[0xFFFFFFFF] * 108)
    return head[:512] + table + b"".join(entries).ljust(512, b"\0")[:512] + b"".join(big.values())


def _entry(name: str, kind: int, begins: int, size: int, link: int) -> bytes:
    said = (name + "\0").encode("utf-16-le")
    right = link if kind == 2 else 0xFFFFFFFF
    child = link if kind == 5 else 0xFFFFFFFF
    head = said.ljust(64, b"\0") + struct.pack("<HBBIII", len(said), kind, 1, 0xFFFFFFFF, right, child)
    return head + bytes(36) + struct.pack("<IQ", begins, size)
