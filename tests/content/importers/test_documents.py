"""Word documents: what stands out, what Word counts by itself, tables and sections (domain.md §4C)."""

import copy

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import RGBColor

from content.importers import banks

from .making import docx, paragraphs
from .test_texts import SECTIONS, told


def read(document):
    return banks.read("bank.docx", docx(document))


def said(document, *runs):
    """A paragraph whose runs may stand out: words alone, or with what they are."""
    paragraph = document.add_paragraph()
    for words, *how in runs:
        run = paragraph.add_run(words)
        run.bold = True if "bold" in how else None
        if "red" in how:
            run.font.color.rgb = RGBColor(0xFF, 0, 0)
        if "blue" in how:
            run.font.color.rgb = RGBColor(0, 0, 0xFF)
    return paragraph


def test_a_text_in_paragraphs():
    reading = read(paragraphs("1. 题干（ ）", "A. 甲", "B. 乙", "答案：B", "解析：因为"))

    assert told(reading) == [("single", "题干（ ）", ["甲", "乙"], ("b",))]


def test_the_right_option_is_bold_or_red():
    document = Document()
    said(document, ("1. 题干（ ）", "bold"))
    said(document, ("A. 甲",))
    said(document, ("B. ",), ("乙", "bold"))
    said(document, ("C. 丙", "blue"))
    said(document, ("2. 选哪些（ ）",))
    said(document, ("A.甲 ", "red"), ("B.乙 ",), ("C.丙", "red"))

    assert told(read(document)) == [
        ("single", "题干（ ）", ["甲", "乙", "丙"], ("b",)),
        ("multi", "选哪些（ ）", ["甲", "乙", "丙"], ("a", "c")),
    ]


def test_options_that_are_all_bold_mark_nothing():
    document = Document()
    said(document, ("1. 题干（ ）",))
    said(document, ("A. 甲", "bold"))
    said(document, ("B. 乙", "bold"))

    assert told(read(document)) == [["answer_missing"]]


def test_a_written_answer_comes_before_what_stands_out():
    document = Document()
    said(document, ("1. 题干（ ）",))
    said(document, ("A. 甲", "red"))
    said(document, ("B. 乙",))
    said(document, ("答案：B",))
    [draft] = read(document).drafts

    assert draft.question.answer == ("b",)
    assert [note.what for note in draft.notes] == ["标出的正确选项是 A，答案写的是 B"]


LEVELS = (("chineseCounting", "%1、"), ("decimal", "%2."), ("upperLetter", "%3."))


def numbered(document):
    """Lists of three levels: sections, questions and options, counted by Word."""
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(LEVELS)
    )
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>')
    numbering.insert(0, abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))


def counted(document, words, depth):
    paragraph = document.add_paragraph(words)
    paragraph._p.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>')
    )
    return paragraph


def test_automatic_numbers_are_counted():
    document = Document()
    numbered(document)
    for words, depth in [("单选题", 0), ("单一（ ）", 1), ("甲", 2), ("乙", 2), ("单二（ ）", 1), ("丙", 2), ("丁", 2)]:
        counted(document, words, depth)
    for words, depth in [("判断题", 0), ("判一", 1)]:
        counted(document, words, depth)
    for words in ("参考答案", "单选题", "1-2 AB", "判断题", "1.×"):
        document.add_paragraph(words)

    assert told(read(document)) == [
        ("single", "单一（ ）", ["甲", "乙"], ("a",)),
        ("single", "单二（ ）", ["丙", "丁"], ("b",)),
        ("judge", "判一", [], False),
    ]


def test_numbers_by_a_style_are_counted_too():
    document = Document()
    numbered(document)
    properties = document.styles["List Number"].element.get_or_add_pPr()
    for old in properties.findall("{*}numPr"):
        properties.remove(old)
    properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="1"/><w:numId w:val="77"/></w:numPr>'))
    for words in ("一（ ）A.甲 B.乙", "二（ ）A.甲 B.乙"):
        document.add_paragraph(words, style="List Number")
    document.add_paragraph("答案")
    document.add_paragraph("1-2 AB")

    assert [each[1::2] for each in told(read(document))] == [("一（ ）", ("a",)), ("二（ ）", ("b",))]


def test_sections_and_a_key_at_the_end():
    lines = [*SECTIONS.splitlines(), "参考答案", "一、单选题", "1-2 AB", "二、多选题", "1.ABC", "三、判断题", "1-2 √×"]

    assert [each[3] for each in told(read(paragraphs(*lines)))] == [("a",), ("b",), ("a", "b", "c"), True, False]


def test_a_table_of_a_bank_is_read_as_one():
    document = paragraphs("党章题库")
    rows = [("题型", "题干", "选项", "答案"), ("单选", "问", "A.甲\nB.乙", "B"), ("判断", "对吗", "", "错")]
    table = document.add_table(rows=0, cols=4)
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    reading = read(document)

    assert told(reading) == [("single", "问", ["甲", "乙"], ("b",)), ("judge", "对吗", [], False)]
    assert (reading.title, [draft.row for draft in reading.drafts]) == ("党章题库", [2, 3])


def test_questions_within_a_table_of_another_kind_are_text():
    document = Document()
    cell = document.add_table(rows=1, cols=1).rows[0].cells[0]
    cell.text = "1. 题干（ ）"
    for words in ("A.甲", "B.乙", "答案：A"):
        cell.add_paragraph(words)

    assert told(read(document)) == [("single", "题干（ ）", ["甲", "乙"], ("a",))]


def test_rows_are_paragraphs():
    reading = read(paragraphs("题库", "1. 题干（ ）", "A.甲", "B.乙", "答案：F"))

    assert [(note.row, note.code) for note in reading.said() if note.weight == "error"] == [(2, "letter_unknown")]


def test_copied_paragraphs_are_read_each():
    document = paragraphs("1. 题干（ ）", "A.甲", "B.乙", "答案：A")
    body = document.element.body
    for each in [*body.iterchildren("{*}p")]:
        body.append(copy.deepcopy(each))

    assert [note.code for draft in read(document).drafts for note in draft.notes] == ["same_again"]
