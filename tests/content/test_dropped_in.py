"""A bank may be a file of an office program, dropped into the pack as it is."""

import os
from datetime import date

import pytest

from content import files, library
from content.checking import check
from content.faults import BadContent
from tests.content.importers.making import compound, docx, paragraphs, xlsx

from .builders import ZONE, a_bank, a_pack, a_question, write

HEAD = ("编号", "题干", "选项A", "选项B", "答案", "解析", "出处")
TABLE = [
    ("主题：党章党规",),
    HEAD,
    ("x-1", "第一问", "甲", "乙", "A", "", "党章"),
    ("x-2", "第二问", "甲", "乙", "B", "", "党章"),
]


@pytest.fixture
def pack(tmp_path):
    def make(name, data):
        return a_pack(tmp_path / "pack", {"phrases.toml": None, f"quizzes/{name}": data})

    return make


def load(folder, **given):
    return library.load(folder, zone=ZONE, **given)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("新题库.xlsx", xlsx(TABLE)),
        ("新题库.csv", "\n".join(",".join(row) for row in TABLE).encode("gb18030")),
        (
            "新题库.docx",
            docx(paragraphs("主题：党章党规", "1. 第一问", "编号：x-1", "A.甲", "B.乙", "答案：A", "出处：党章")),
        ),
        ("新题库.txt", "主题：党章党规\n1. 第一问\n编号：x-1\nA.甲\nB.乙\n答案：A\n出处：党章".encode()),
    ],
    ids=["xlsx", "csv", "docx", "txt"],
)
def test_its_questions_are_drawn_with_the_others(pack, name, data):
    folder = pack(name, data)

    made = load(folder)

    assert check(folder, zone=ZONE).faults + check(folder, zone=ZONE).advice == []
    assert (made.banks["新题库"].topic, made.banks["新题库"].title) == ("dangzhang", "新题库")
    assert made.question("x-1").answer == ("a",)
    assert made.question("x-1") in made.questions_on(date(2026, 11, 26), topic="dangzhang")


def test_a_fault_names_the_row_and_keeps_the_pack_back(pack):
    folder = pack("b.xlsx", xlsx([*TABLE, ("x-3", "第三问", "甲", "乙", "C", "", "党章")]))

    with pytest.raises(BadContent) as bad:
        load(folder)

    assert [str(fault) for fault in bad.value.faults] == [
        "quizzes/b.xlsx:5: “Sheet1”表：答案里的“C”没有对应的选项。选项有：AB。"
    ]


def test_a_file_that_is_refused_says_why(pack):
    [fault] = check(pack("b.xls", compound({"EncryptedPackage": b"x"})), zone=ZONE).faults

    assert (fault.file, fault.what) == ("quizzes/b.xls", "文件有密码，打不开")


@pytest.mark.parametrize(
    ("name", "data"), [("b.xlsm", xlsx(TABLE)), ("b.docm", b"x"), ("b.doc", compound({"WordDocument": b"x"}))]
)
def test_what_we_never_take_says_so_in_its_own_words(pack, name, data):
    [fault] = check(pack(name, data), zone=ZONE).faults

    assert "另存为" in fault.mend


def test_advice_is_said_once_a_file(pack):
    folder = pack(
        "b.xlsx", xlsx([("题干", "选项A", "选项B", "答案"), ("问一", "甲", "乙", "A"), ("问二", "甲", "乙", "A")])
    )

    advice = [(each.line, each.what) for each in check(folder, zone=ZONE).advice]

    assert advice == [
        (1, "没有“b”这个主题，没有人能订阅它"),
        (2, "“Sheet1”表：有 2 道题没有出处"),
        (2, "“Sheet1”表：有 2 道题没有编号：改了题干就算另一道题，会员的错题记录接不上"),
    ]


def test_ids_and_questions_that_another_bank_has_are_told_by_row(pack):
    folder = pack(
        "more.xlsx",
        xlsx(
            [
                *TABLE[:2],
                ("q1", "另问", "甲", "乙", "A", "", "党章"),
                ("x-9", "第q2题问什么？", "甲", "乙", "A", "", "党章"),
            ]
        ),
    )

    findings = check(folder, zone=ZONE)

    assert [(fault.line, "用过了" in fault.what) for fault in findings.faults] == [(3, True)]
    assert [(each.line, "和“q2”一样" in each.what) for each in findings.advice] == [(4, True)]


def test_two_files_make_two_banks_with_two_names(pack):
    folder = pack("basics.xlsx", xlsx(TABLE))

    [fault] = check(folder, zone=ZONE).faults

    assert (fault.file, fault.what) == ("quizzes/basics.xlsx", "两个题库都叫“basics”")


def test_a_name_with_spaces_and_brackets_makes_a_bank_too(pack):
    assert "党章-100题-2026" in load(pack("党章 100题（2026）.xlsx", xlsx(TABLE))).banks


def test_an_id_outlives_a_corrected_text(pack):
    folder = pack("b.xlsx", xlsx(TABLE))
    before = load(folder)
    write(folder / "quizzes/b.xlsx", xlsx([*TABLE[:2], ("x-1", "第一问（改）", "甲", "乙", "B", "", "党章")]))

    after = load(folder, previous=before)

    assert (before.question("x-1").stem, after.question("x-1").stem) == ("第一问", "第一问（改）")
    assert after.question("x-2") is None


def test_only_what_changed_is_read_again(pack):
    folder = pack("b.xlsx", xlsx(TABLE))
    before = load(folder)
    stamp = files.scan(folder)["quizzes/b.xlsx"]
    write(folder / "quizzes/basics.toml", a_bank(a_question("neu")))

    after = load(folder, previous=before)

    assert after.sources["quizzes/b.xlsx"] is before.sources["quizzes/b.xlsx"]
    os.utime(folder / "quizzes/b.xlsx", ns=(stamp.modified_ns + 1, stamp.modified_ns + 1))
    assert load(folder, previous=after).sources["quizzes/b.xlsx"] is not before.sources["quizzes/b.xlsx"]


def test_the_file_that_excel_leaves_while_it_is_open_is_no_bank(pack):
    assert check(pack("~$b.xlsx", b"whatever"), zone=ZONE).faults == []
