"""Files that must not be opened are refused, each with its reason."""

import io
import resource
import zipfile

import pytest

from content.importers import banks, members, safety
from content.importers.sentences import Refused

from .making import compound, docx, ods, packed, paragraphs, with_parts, xlsx

TABLE = [("题干", "答案"), ("问", "对")]
BOOK = xlsx(TABLE)
WORDS = docx(paragraphs("1. 问", "答案：对"))
MACRO_TYPES = '<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&b;'
    "</w:t></w:r></w:p></w:body></w:document>"
)


def swollen(megabytes):
    """A part of zeros, a thousandth as large while it is packed."""
    return with_parts(BOOK, {"xl/media/image1.bin": bytes(megabytes * 2**20)})


def encrypted():
    """An archive that says that its parts have a password."""
    data = bytearray(BOOK)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (found := data.find(mark, start)) >= 0:
            data[found + at] |= 1
            start = found + 4
    return bytes(data)


def twice():
    stream = io.BytesIO(BOOK)
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


def far(cell):
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
        f'<c r="{cell}"><v>1</v></c></row></sheetData></worksheet>'
    )
    return with_parts(BOOK, {"xl/worksheets/sheet1.xml": sheet})


CELL = (
    '<table:table-cell office:value-type="string" table:number-columns-repeated="16384">'
    "<text:p>x</text:p></table:table-cell>"
)
EMPTY = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


SHEET = "xl/worksheets/sheet1.xml"
SHARED = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def a_sheet(rows, *, lies="worksheets/sheet1.xml"):
    """A workbook whose sheet has these rows, wherever in the archive it lies."""
    with zipfile.ZipFile(io.BytesIO(BOOK)) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    parts = {
        "xl/_rels/workbook.xml.rels": relations.replace("worksheets/sheet1.xml", lies),
        f"xl/{lies}": f"<worksheet {SHARED}><sheetData>{rows}</sheetData></worksheet>",
    }
    return with_parts(BOOK, parts)


NEAR = '<row r="1"><c r="A1"><v>1</v></c></row>'
FAR = '<row><c r="XFD60000"><v>1</v></c></row>'  # with what is near, sixteen gigabytes
MANY_STRINGS = f'<sst {SHARED} count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'
STRING_CELL = '<c t="s"><v>0</v></c>'
LONG_STRING = {
    "xl/sharedStrings.xml": f"<sst {SHARED}><si><t>{'a' * 10**6}</t></si></sst>",
    SHEET: f"<worksheet {SHARED}><sheetData><row>{STRING_CELL * 20_000}</row></sheetData></worksheet>",
}


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_sheet(NEAR + FAR.replace('"', "'")),
        lambda: a_sheet(NEAR + FAR.replace("r=", "r = ")),
        lambda: a_sheet(NEAR + FAR.replace(" ", "\n")),
        lambda: a_sheet(NEAR + FAR, lies="elsewhere/sheet1.xml"),
        lambda: a_sheet(f"<row>{'<c><v>1</v></c>' * 300_000}</row>" + "<row><c><v>1</v></c></row>" * 3_000),
        lambda: with_parts(BOOK, {"xl/sharedStrings.xml": MANY_STRINGS}),
        lambda: with_parts(BOOK, LONG_STRING),
    ],
)
def test_a_workbook_that_would_take_all_memory_takes_none_of_ours(make):
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(Refused) as refused:
        banks.read("b.xlsx", data)

    assert refused.value.note.code == "swells"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_a_list_of_members_of_that_kind_is_a_fault():
    found = members.read(a_sheet(NEAR + FAR, lies="elsewhere/sheet1.xml"), {})

    assert [fault.kind for fault in found.faults] == ["unreadable"]


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("b.xlsx", lambda: swollen(301), "swells"),
        ("b.xlsx", lambda: packed({"xl/workbook.xml": "", **{f"x{number}": "" for number in range(10_001)}}), "swells"),
        ("b.xlsx", twice, "swells"),
        ("b.xlsx", lambda: bytes(safety.MOST_BYTES + 1), "too_big"),
        ("b.txt", lambda: b"1" * (safety.MOST_BYTES + 1), "too_big"),
        ("b.xlsx", lambda: far("XFD1048576"), "far_cell"),
        ("b.xlsx", lambda: far("A1048576"), "far_cell"),
        ("b.ods", lambda: ods(TABLE, repeated=f"<table:table-row>{CELL}</table:table-row>"), "far_cell"),
        ("b.xlsm", lambda: BOOK, "macros"),
        ("b.docm", lambda: WORDS, "macros"),
        ("b.xlsx", lambda: with_parts(BOOK, {"xl/vbaProject.bin": b"x"}), "macros"),
        ("b.docx", lambda: with_parts(WORDS, {"word/vbaProject.bin": b"x"}), "macros"),
        ("b.xlsx", lambda: with_parts(BOOK, {"xl/macrosheets/sheet1.xml": "<x/>"}), "macros"),
        ("b.xlsx", lambda: with_parts(BOOK, {"[Content_Types].xml": MACRO_TYPES}), "macros"),
        ("b.ods", lambda: with_parts(ods(TABLE), {"Basic/Standard/Module1.xml": "<x/>"}), "macros"),
        ("b.xls", lambda: compound({"Workbook": b"x", "_VBA_PROJECT": b"x"}), "macros"),
        ("b.xlsx", encrypted, "password"),
        ("b.xlsx", lambda: compound({"EncryptedPackage": b"x"}), "password"),
        ("b.docx", lambda: compound({"EncryptedPackage": b"x"}), "password"),
        ("b.ods", lambda: with_parts(ods(TABLE), {"META-INF/manifest.xml": "<m:encryption-data/>"}), "password"),
        ("b.docx", lambda: with_parts(WORDS, {"word/document.xml": LAUGHS}), "entities"),
        ("b.docx", lambda: with_parts(WORDS, {"word/document.xml": LAUGHS.encode("utf-16")}), "entities"),
        ("b.xlsx", lambda: with_parts(BOOK, {"xl/sharedStrings.xml": LAUGHS}), "entities"),
        ("b.doc", lambda: compound({"WordDocument": b"x"}), "old_word"),
        ("b.docx", lambda: compound({"WordDocument": b"x"}), "old_word"),
        ("b.xls", lambda: b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        ("b.xlsx", lambda: BOOK[: len(BOOK) // 2], "broken"),
        ("b.xls", lambda: compound({"Workbook": b"x"}), "broken"),
        ("b.docx", lambda: b"not a document", "broken"),
        ("b.docx", lambda: with_parts(WORDS, {"word/document.xml": "<w:document"}), "broken"),
        ("b.xlsx", lambda: with_parts(BOOK, {"xl/workbook.xml": "<workbook"}), "broken"),
        ("b.zip", lambda: packed({"a": "b"}), "other_file"),
        ("b.xlsx", lambda: packed({"a": "b"}), "broken"),
        ("b.pdf", lambda: b"%PDF-1.7", "other_file"),
        ("b.txt", lambda: b"\xff\xff\x00\xfe" * 9, "file_encoding"),
        ("b.txt", "没有题目".encode, "no_questions"),
        ("b.csv", bytes, "no_head"),
    ],
)
def test_what_is_refused_says_why(name, make, code):
    with pytest.raises(Refused) as refused:
        banks.read(name, make())

    note = refused.value.note
    assert note.code == code
    assert note.what
    assert note.mend


def test_a_part_that_lies_about_its_size_is_refused():
    data = bytearray(with_parts(BOOK, {"xl/media/image1.bin": bytes(2**20)}))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/media/image1.bin"))
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")

    with pytest.raises(Refused) as refused:
        banks.read("b.xlsx", bytes(data))

    assert refused.value.note.code == "broken"


def test_pictures_and_what_is_packed_well_are_no_danger():
    assert len(banks.read("b.xlsx", swollen(50)).drafts) == 1


def test_a_tail_of_empty_cells_is_no_danger():
    assert len(banks.read("b.ods", ods(TABLE, repeated=EMPTY)).drafts) == 1
