"""Tables as admins have them: every family of headers in domain.md §4A, typed from there."""

import pytest

from content.importers import banks
from content.importers.sentences import Refused
from content.models import Difficulty, QuestionType

from .making import Rows, ods, xls, xlsx

V1 = ("题号", "题型", "题干", "选项A", "选项B", "选项C", "选项D", "选项E", "正确答案", "正确答案文本", "解析")
V2 = ("题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析", "难度", "标签")
V3 = (
    *("编号", "题库", "分类", "题型", "题干"),
    *("选项A", "选项B", "选项C", "选项D", "答案", "解析", "难度", "知识点", "分值"),
)
V4 = (*("题目类型", "题目内容", "难度", "分类", "标签"), *("选项A", "选项B", "选项C", "选项D", "正确答案", "解析"))
V5 = ("题干", "选项A", "选项B", "选项C", "选项D", "题型", "正确答案", "解析")
V7 = (
    *("question_stem", "score", "difficulty", "analysis", "answer"),
    *(f"option_{letter}" for letter in "abcdefghij"),
    *("primary_tag", "secondary_tag"),
)
OPTIONS = {"A": "甲", "B": "乙", "C": "丙", "D": "丁"}
FAMILIES = {
    "V1": (V1, (1, "单选题", "问什么（ ）", "甲", "乙", "丙", "丁", "", "B", "乙", "因为")),
    "V2": (V2, ("单选题", "问什么（ ）", "甲", "乙", "丙", "丁", "B", "因为", "困难", "党章")),
    "V3": (V3, ("dz-1", "基础", "党章", "单选", "问什么（ ）", "甲", "乙", "丙", "丁", "B", "因为", "难", "党章", 2)),
    "V4": (V4, ("单选题", "问什么（ ）", "困难", "党章", "基础", "甲", "乙", "丙", "丁", "B", "因为")),
    "V5": (V5, ("问什么（ ）", "甲", "乙", "丙", "丁", "单选", "B", "因为")),
    "V7": (V7, ("问什么（ ）", 2, "高", "因为", "B", "甲", "乙", "丙", "丁", *[""] * 6, "党章", "基础")),
}


def read(*rows, name="bank.xlsx", **given):
    return banks.read(name, xlsx(rows, **given))


def one(*rows, **given):
    """The only question of a table, and what is said of it."""
    [draft] = read(*rows, **given).drafts
    return draft


def codes(draft):
    return [note.code for note in draft.notes]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_headers_is_read(family):
    head, row = FAMILIES[family]

    question = one(head, row).question

    assert question.type is QuestionType.SINGLE
    assert (question.stem, question.answer, question.explanation) == ("问什么（ ）", ("b",), "因为")
    assert [option.text for option in question.options] == ["甲", "乙", "丙", "丁"]


def test_what_a_family_says_beside_the_question_is_kept():
    third, seventh = (one(*FAMILIES[family]).question for family in ("V3", "V7"))

    assert (third.id, third.score, third.difficulty) == ("dz-1", 2, Difficulty.HARD)
    assert (third.tags, seventh.tags) == (("基础", "党章"), ("党章", "基础"))
    assert (seventh.score, seventh.difficulty) == (2, Difficulty.HARD)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("简单", "易"),
        ("中等", "中"),
        ("困难", "难"),
        ("低", "易"),
        ("中", "中"),
        ("高", "难"),
        ("易", "易"),
        ("难", "难"),
    ],
)
def test_difficulties_of_all_three_scales(said, means):
    assert one(V2, ("单选", "问", "甲", "乙", "丙", "丁", "A", "", said, "")).question.difficulty == means


def test_a_sheet_a_type():
    sheets: dict[str, Rows] = {
        "单选": [("题干", "选项A", "选项B", "答案"), ("一", "甲", "乙", "A")],
        "多选": [("题干", "选项A", "选项B", "答案"), ("二", "甲", "乙", "AB")],
        "判断": [("题干", "答案"), ("三", "对")],
        "说明": [("这张表没有题目",)],
    }

    reading = banks.read("bank.xlsx", xlsx(sheets))

    assert [each.sheet for each in reading.drafts] == ["单选", "多选", "判断"]
    assert [question.type for question in reading.questions] == ["single", "multi", "judge"]
    assert ("sheet_left", "说明") in [(note.code, note.sheet) for note in reading.notes]


def test_a_whole_question_in_one_cell():
    cell = "下列正确的是（ ）\nA.甲\nB.乙\nC.丙\n答案：AC\n解析：都对"

    draft = one(("题干",), (cell,))

    assert (draft.row, draft.question.stem, draft.question.answer) == (2, "下列正确的是（ ）", ("a", "c"))
    assert [option.text for option in draft.question.options] == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("stem", ("题干", "题目", "试题", "题目内容", "问题", "question")),
        ("type", ("题型", "类型", "题目类型", "试题类型")),
        ("answer", ("答案", "正确答案", "标准答案", "参考答案", "answer")),
        ("explanation", ("解析", "答案解析", "试题解析", "analysis")),
        ("difficulty", ("难度", "难易度")),
        ("tags", ("分类", "章节", "类别", "知识点", "标签")),
        ("score", ("分值", "分数", "score")),
        ("option", ("选项A", "A", "A项", "答案A", "option_a")),
    ],
)
def test_every_alias(column, names):
    usual = {"stem": "题干", "type": "题型", "option": "选项A", "second": "选项B", "answer": "答案"}
    usual |= {"explanation": "解析", "difficulty": "难度", "tags": "标签", "score": "分值"}
    row = ("问", "单选", "甲", "乙", "A", "因为", "难", "章", 3)
    for name in names:
        question = one([*{**usual, column: f" {name}* "}.values()], row).question

        assert (question.stem, question.answer, question.explanation) == ("问", ("a",), "因为"), name
        assert (question.difficulty, question.tags, question.score) == ("难", ("章",), 3), name
        assert [option.text for option in question.options] == ["甲", "乙"], name


def test_the_head_is_found_below_a_title_and_notes():
    rows = [("党章基本知识题库",), ("主题：dangzhang",), (), ("说明：答案写字母",), ("题干", "选项A", "选项B", "答案")]

    reading = read(*rows, ("问", "甲", "乙", "B"), merged=["A1:D1"])

    assert (reading.title, reading.topic) == ("党章基本知识题库", "dangzhang")
    assert [(each.row, each.question.answer) for each in reading.drafts] == [(6, ("b",))]


def test_a_head_in_the_eleventh_row_is_not_looked_for():
    with pytest.raises(Refused) as refused:
        read(*[("说明",)] * 10, ("题干", "答案"), ("问", "对"))

    assert refused.value.note.code == "no_head"
    assert "前 10 行" in refused.value.note.what


@pytest.mark.parametrize(
    "cell", ["甲\n乙\n丙", "甲|乙|丙", "A.甲B.乙C.丙", "A、甲\nB、乙\nC、丙", "（A）甲 （B）乙 （C）丙"]
)
def test_options_in_one_cell(cell):
    question = one(("题干", "选项", "答案"), ("问", cell, "AC")).question

    assert [(option.id, option.text) for option in question.options] == [("a", "甲"), ("b", "乙"), ("c", "丙")]
    assert question.answer == ("a", "c")


def test_what_is_merged_downwards_is_said_of_every_row():
    rows = [("题型", "题干", "选项A", "选项B", "答案"), ("多选", "一", "甲", "乙", "AB"), ("", "二", "甲", "乙", "A")]

    reading = read(*rows, merged=["A2:A3"])

    assert [each.question.type for each in reading.drafts] == [QuestionType.MULTI, QuestionType.MULTI]


def test_rows_that_share_a_merged_stem_are_one_question():
    rows = [
        ("题干", "选项", "答案"),
        ("问", "A.甲", "B"),
        ("", "B.乙", ""),
        ("", "C.丙", ""),
        ("二", "A.甲\nB.乙", "A"),
    ]

    first, second = read(*rows, merged=["A2:A4"]).drafts

    assert [option.text for option in first.question.options] == ["甲", "乙", "丙"]
    assert (first.question.answer, second.row) == (("b",), 5)


def test_full_width_hard_spaces_and_what_web_forms_leave():
    rows = [
        ("题\u3000干", "Ａ", "Ｂ", "答 案"),
        ("窗体顶端\n\u00a0问\u00a0什么？\n窗体底端", "\ufeff甲", "乙\u200b", "Ｂ"),
    ]

    question = one(*rows).question

    assert (question.stem, question.answer) == ("问 什么？", ("b",))
    assert [option.text for option in question.options] == ["甲", "乙"]


def test_empty_rows_printed_heads_and_section_rows_are_no_questions():
    head = ("序号", "题干", "选项A", "选项B", "答案")
    rows = [
        head,
        ("", "一、单选题"),
        (1, "一", "甲", "乙", "A"),
        (2,),
        head,
        ("", "二、多选题（每题2分）"),
        (1, "二", "甲", "乙", "AB"),
    ]

    reading = read(*rows)

    assert [(each.row, each.question.type.value) for each in reading.drafts] == [(3, "single"), (7, "multi")]


def test_an_option_that_repeats_its_letter_loses_it():
    question = one(("题干", "选项A", "选项B", "答案"), ("问", "A.甲", "B、乙", "A")).question

    assert [option.text for option in question.options] == ["甲", "乙"]


def test_numbers_are_as_they_were_typed():
    question = one(("题干", "选项A", "选项B", "答案"), ("几人？", 3, 2.5, 1)).question

    assert [option.text for option in question.options] == ["3", "2.5"]
    assert question.answer == ("a",)


def test_true_and_false_of_a_spreadsheet_are_verdicts():
    assert one(("题干", "答案"), ("问", True)).question.answer is True


def test_columns_that_nothing_is_taken_from_are_named():
    reading = read(("题干", "答案", "命题单位", "备注"), ("问", "对", "某处", ""))

    [note] = [note for note in reading.notes if note.code == "columns_left"]
    assert note.what == "“Sheet1”表：没有用到这些列：命题单位、备注"


def test_two_columns_of_one_meaning_are_a_fault():
    reading = read(("题干", "答案", "正确答案"), ("问", "对", "错"))

    assert [note.weight for note in reading.notes if note.code == "column_twice"] == ["error"]


def test_formulas_are_read_by_their_value_and_told():
    data = xlsx([("题干", "答案"), ("问", '=IF(1=1,"对","错")')])

    assert [note.facts["count"] for note in banks.read("b.xlsx", data).notes if note.code == "formulas"] == [1]


TABLE = "题干,选项A,选项B,答案\n问什么,甲,乙,B\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("b.csv", TABLE.encode()),
        ("b.csv", TABLE.encode("utf-8-sig")),
        ("b.csv", "\ufeff".encode() + TABLE.encode("utf-8-sig")),
        ("b.csv", TABLE.encode("gb18030")),
        ("b.csv", TABLE.replace(",", "\t").encode("utf-16")),
        ("b.csv", TABLE.replace(",", ";").encode()),
        ("b.xls", TABLE.replace(",", "\t").encode("gb18030")),
        ("b.xls", xls([line.split(",") for line in TABLE.split()])),
        ("b.ods", ods([line.split(",") for line in TABLE.split()])),
        ("b.xlsx", xlsx([line.split(",") for line in TABLE.split()])),
        ("b.csv", xlsx([line.split(",") for line in TABLE.split()])),
    ],
    ids=[
        "utf-8",
        "bom",
        "two boms",
        "gb18030",
        "utf-16",
        "semicolons",
        "text named xls",
        "xls",
        "ods",
        "xlsx",
        "misnamed",
    ],
)
def test_every_kind_of_file_and_encoding(name, data):
    reading = banks.read(name, data)

    assert [draft.row for draft in reading.drafts] == [2]
    assert [(question.stem, question.answer) for question in reading.questions] == [("问什么", ("b",))]


def test_line_ends_within_quotes_are_the_cells():
    [question] = banks.read("b.csv", '题干,答案\n"问\n什么",对\n'.encode()).questions

    assert question.stem == "问\n什么"


def test_ids_hang_on_the_words_where_none_is_given():
    head, row = ("题干", "答案"), ("问什么？", "对")

    alone, among = read(head, row), read(head, ("别的", "错"), ("问 什么", "对"))

    assert alone.drafts[0].question.id == among.drafts[1].question.id
    assert not alone.drafts[0].own_id
    assert [note.facts["count"] for note in among.nameless()] == [2]


def test_one_stem_with_other_options_is_another_question():
    head = ("题干", "选项A", "选项B", "答案")

    reading = read(head, ("选对的", "甲", "乙", "A"), ("选对的", "丙", "丁", "A"), ("选对的", "乙", "甲", "B"))

    assert len({question.id for question in reading.questions}) == 2
    assert codes(reading.drafts[2]) == ["same_again"]
    assert reading.drafts[2].notes[0].what == "“Sheet1”表：和第 2 行的题一样，跳过"


def test_an_id_is_used_once():
    reading = read(("编号", "题干", "答案"), ("a1", "一", "对"), ("a1", "二", "错"), ("a 2", "三", "对"))

    assert [codes(draft) for draft in reading.drafts] == [[], ["id_twice"], ["id_shape"]]


def test_what_an_export_says_of_a_question_comes_in_again():
    head = ("编号", "题干", "答案", "出处", "依据条文", "生效日期", "失效日期", "案例日期", "审核人", "曾用编号")
    days = ("2022-10-22", "2030/1/5", "2026年3月1日")
    row = ("a1", "一", "对", "党章第一条", "dangzhang/2022/1；tiaoli/2018/3", *days, "甲", "a0、a00")

    question = one(head, row).question

    assert [(each.reg, each.version, each.article) for each in question.cites] == [
        ("dangzhang", "2022", "1"),
        ("tiaoli", "2018", "3"),
    ]
    said = question.effective_from, question.effective_to, question.as_of
    assert [str(each) for each in said] == ["2022-10-22", "2030-01-05", "2026-03-01"]
    assert (question.source, question.reviewer, question.alias) == ("党章第一条", "甲", ("a0", "a00"))


def test_counts_and_what_is_to_be_mended():
    reading = read(
        ("题干", "选项A", "选项B", "答案"), ("一", "甲", "乙", "A"), ("二", "甲", "乙", "E"), ("", "甲", "乙", "A")
    )

    assert reading.counts() == {"ok": 1, "warnings": 0, "errors": 2}
    assert [(note.row, note.what, note.mend) for note in reading.said() if note.weight == "error"] == [
        (3, "“Sheet1”表：答案里的“E”没有对应的选项", "选项有：AB"),
        (4, "“Sheet1”表：没有题干", "请补上题干，或者删掉这一行"),
    ]
