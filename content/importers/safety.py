"""Whether a file may be opened at all: nothing in it is unpacked or parsed before its size and its parts are known."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from content.importers.sentences import Refused

MOST_BYTES = 20 * 2**20
MOST_UNPACKED = 300 * 2**20  # 100 000 questions take about a third of it
MOST_PARTS = 10_000
MOST_ROWS, MOST_COLUMNS = 200_000, 300
MOST_REPEATED = 10_000  # an .ods file says how often a cell or row is repeated
PIECE = 2**16

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,4})([0-9]{1,9})"[^>]*>(?=(<(?:\w+:)?f[ >/])?)')
_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="([0-9]{1,9})"')
_REPEATED = re.compile(rb"<table:(?:table-row|table-cell)\b[^>]*?(?:rows|columns)-repeated=\"([0-9]+)\"[^>]*>")
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:table-cell\b([^>]*value-type=[^>]*)>")
_TIMES = re.compile(rb"-repeated=\"([0-9]+)\"")
_PICTURE = re.compile(r"(?:xl/media|word/media|Pictures)/.+\.(?:png|jpe?g|gif|bmp|tiff?|webp|emf|wmf)$", re.IGNORECASE)
_DEFINITIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_WIDE_XML = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_PAGE = re.compile(
    rb"^[\s\xef\xbb\xbf]*<(?:!doctype html|html|table|meta|\?xml[^>]*>\s*<(?:html|\w*:?workbook))", re.IGNORECASE
)


class Format(StrEnum):
    """How a bank's file is read."""

    WORKBOOK = "workbook"
    DOCUMENT = "document"
    TABLE = "table"
    TEXT = "text"
    GIFT = "gift"


FORMATS = {
    ".xlsx": Format.WORKBOOK, ".xls": Format.WORKBOOK, ".ods": Format.WORKBOOK,
    ".csv": Format.TABLE, ".tsv": Format.TABLE,
    ".docx": Format.DOCUMENT, ".txt": Format.TEXT, ".gift": Format.GIFT,
}  # fmt: skip
OTHER_OFFICE = (".xlsm", ".xltm", ".xlsb", ".docm", ".dotm", ".doc")  # refused in their own words
_WITH_MACROS = {".xlsm": ".xlsx", ".xltm": ".xlsx", ".xlsb": ".xlsx", ".docm": ".docx", ".dotm": ".docx"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a file that may be read: its format, how many formulas it has, and the row of the first.

    `pictures` are those that it holds, which nothing reads.
    """

    format: Format
    formulas: int = 0
    first_formula: int = 1
    pictures: int = 0


def weigh(data: bytes) -> None:
    """Raise `Refused` where a file has more bytes than any that is looked at."""
    if len(data) > MOST_BYTES:
        raise Refused("too_big", size=len(data) // 2**20, most=MOST_BYTES // 2**20)


def look(name: str, data: bytes) -> Looked:
    """See what a file is, by its bytes before its name; raises `Refused` where it must not be opened."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _WITH_MACROS:
        raise Refused("macros", suffix=_WITH_MACROS[suffix])
    if suffix not in FORMATS and suffix != ".doc":
        raise Refused("other_file", allowed="、".join(FORMATS))
    if data.startswith(_ZIP):
        return _archive(data, suffix)
    if data.startswith(_OLE):
        return _compound(data, suffix)
    if suffix == ".doc":
        raise Refused("old_word")
    if suffix in {".ods", ".docx"} or (suffix in {".xls", ".xlsx"} and _PAGE.match(data)):
        raise Refused("broken" if not _PAGE.match(data) else "web_page", suffix=suffix)
    return Looked(Format.TABLE if suffix in {".xls", ".xlsx"} else FORMATS[suffix])


def _compound(data: bytes, suffix: str) -> Looked:
    """A file of the old office programs, or a new one under a password: told by the names of its streams."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused("password")
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Refused("macros", suffix=".docx" if suffix == ".doc" else ".xlsx")
    if "WordDocument".encode("utf-16-le") in data:
        raise Refused("old_word")
    return Looked(Format.WORKBOOK)


def _archive(data: bytes, suffix: str) -> Looked:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts(archive, suffix)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError):
        raise Refused("broken", suffix=suffix) from None


def _parts(archive: zipfile.ZipFile, suffix: str) -> Looked:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("password")
    if len(parts) > MOST_PARTS or len(set(names)) < len(names):
        raise Refused("swells")
    kind = _kind(names, suffix)
    left, formulas, first = MOST_UNPACKED, 0, 0
    for part in parts:
        unpacked = _unpacked(archive, part, left)
        left -= len(unpacked)
        _refuse_macros(part.filename, unpacked, kind)
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            _refuse_definitions(unpacked)
        if kind is Format.WORKBOOK:
            count, row = _measured(part.filename, unpacked)
            formulas, first = formulas + count, first or row
    return Looked(kind, formulas, first or 1, sum(bool(_PICTURE.match(name)) for name in names))


def _kind(names: list[str], suffix: str) -> Format:
    if "word/document.xml" in names:
        return Format.DOCUMENT
    if "xl/workbook.xml" in names or "content.xml" in names:
        return Format.WORKBOOK
    if "xl/workbook.bin" in names:
        raise Refused("macros", suffix=".xlsx")
    raise Refused("broken", suffix=suffix)


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> bytes:
    """What is in a part, whatever size it says that it has."""
    pieces = []
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            most -= len(piece)
            if most < 0:
                raise Refused("swells")
            pieces.append(piece)
    return b"".join(pieces)


def _refuse_macros(name: str, unpacked: bytes, kind: Format) -> None:
    suffix = ".docx" if kind is Format.DOCUMENT else ".xlsx"
    if name.lower().endswith("vbaproject.bin") or name.startswith(("Basic/", "Scripts/", "xl/macrosheets/")):
        raise Refused("macros", suffix=suffix)
    if name == "[Content_Types].xml" and b"macroEnabled" in unpacked:
        raise Refused("macros", suffix=suffix)
    if name == "META-INF/manifest.xml" and b"encryption-data" in unpacked:
        raise Refused("password")


def _refuse_definitions(unpacked: bytes) -> None:
    """Office programs write no document types, and UTF-8: what has them wants to swell, or to hide that it does."""
    if unpacked.startswith(_WIDE_XML) or _DEFINITIONS.search(unpacked):
        raise Refused("entities")


def _measured(name: str, unpacked: bytes) -> tuple[int, int]:
    """The formulas of a part, and the row of the first.

    A table is held as large as its farthest cell: how far that may be is bounded.
    """
    formulas, first = 0, 0
    if name.startswith("xl/worksheets/"):
        for column, row, formula in _cells(unpacked):
            if row > MOST_ROWS or column > MOST_COLUMNS:
                raise Refused("far_cell", far=row, column=column)
            formulas, first = formulas + formula, first or (row if formula else 0)
    if name == "content.xml":
        _refuse_repeated(unpacked)
        formulas = len(re.findall(rb"table:formula=", unpacked))
    return formulas, first


def _cells(unpacked: bytes) -> Iterator[tuple[int, int, bool]]:
    """The column and the row of each cell that has something in it, and whether that is a formula."""
    for found in _ROW.finditer(unpacked):
        row = int(found[1])
        if row > MOST_ROWS and b"<v" in unpacked[found.end() : unpacked.find(b"</row>", found.end())]:
            yield 1, row, False
    for found in _CELL.finditer(unpacked):
        if found[0].endswith(b"/>"):
            continue
        column = 0
        for letter in found[1]:
            column = column * 26 + letter - 64
        yield column, int(found[2]), bool(found[3])


def _refuse_repeated(unpacked: bytes) -> None:
    for attributes, inner in _ODS_ROW.findall(unpacked):
        cells = _ODS_CELL.findall(inner)
        rows = int(next(iter(_TIMES.findall(attributes)), 1))
        columns = max((int(next(iter(_TIMES.findall(cell)), 1)) for cell in cells), default=0)
        if cells and (rows > MOST_REPEATED or columns > MOST_COLUMNS):
            raise Refused("far_cell", far=rows, column=columns)
