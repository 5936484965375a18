"""Cases and pictures on their way through files: what goes out comes in again, and what can't is named."""

import pytest

from content import library, sheets
from content.importers import banks, gift, workbooks
from content.importers.merging import Fate
from content.intake import Intake
from content.models import Bank, Option, Picture, Question, QuestionType
from tests.content.builders import PNG, ZONE, a_bank, a_pack, a_question
from tests.content.test_intake import NOW

from .making import docx, paragraphs, with_parts, xlsx
from .test_canonical import read

HEAD = ("题号", "题型", "题干", "答案", "出处", "所属案例")
CASE = ("", "案例题", "某支部开会，到会13人。", "", "条例", "")
PART = ("", "判断题", "这次会可以表决吗？", "错", "条例", "")


def judged(id_: str, stem: str, **given) -> Question:
    return Question(id=id_, type=QuestionType.JUDGE, stem=stem, answer=True, source="条例", **given)


BANK = Bank(
    name="b",
    title="题库",
    topic="dangzhang",
    questions=(
        Question(
            id="anli",
            type=QuestionType.CASE,
            stem="某支部{开会}=材料",
            explanation="说明",
            picture=Picture(file="hui.png", words="会场；右边是门"),
        ),
        judged("anli-1", "对吗？", case="anli"),
        Question(id="zai", type=QuestionType.CASE, stem="又一例", answer=("一；二", "三|四", "五\\"), source="条例"),
        Question(
            id="tu",
            type=QuestionType.SINGLE,
            stem="哪一枚？",
            options=(
                Option(id="b", text="左", picture="zuo.png"),
                Option(id="a", text="中"),
                Option(id="c", text="右", picture="you.png"),
            ),
            answer=("c",),
            source="条例",
        ),
        Question(
            id="kong",
            type=QuestionType.FILL,
            stem="____和____",
            answer=(("甲;乙", "丙"), ("丁|戊",)),
            tags=("一、二", "三"),
            source="条例",
        ),
    ),
)
PICTURES = {f"pictures/{name}.png": PNG for name in ("hui", "zuo", "you")}


def lettered(bank: Bank) -> list[Question]:
    """As a file has them, whose options have letters by their places."""
    again = {"b": "a", "a": "b", "c": "c"}
    return [
        each
        if each.id != "tu"
        else Question(
            id="tu",
            type=each.type,
            stem=each.stem,
            options=tuple(Option(id=again[o.id], text=o.text, picture=o.picture) for o in each.options),
            answer=("c",),
            source="条例",
        )
        for each in bank.questions
    ]


WRITTEN = [("b.xlsx", workbooks.write), ("b.gift", lambda bank: gift.write(bank).encode())]


@pytest.mark.parametrize(("name", "write"), WRITTEN, ids=["xlsx", "gift"])
def test_cases_pictures_and_marks_within_words_come_back(name, write):
    reading = banks.read(name, write(BANK))

    assert reading.questions == lettered(BANK)
    assert reading.counts()["errors"] == 0


def test_columns_that_a_bank_does_not_need_are_not_there():
    plain = Bank(name="b", title="题库", topic="t", questions=(judged("q1", "对吗？"),))

    heads = [next(sheets.readings(workbooks.write(each)))[0].lines[2].cells for each in (plain, BANK)]

    assert [{"所属案例", "图片", "图片说明", "选项图片"} & {*head} for head in heads] == [
        set(),
        {"所属案例", "图片", "图片说明", "选项图片"},
    ]


def test_moodle_shows_a_case_as_a_text_to_be_read():
    assert "\n::anli::某支部\\{开会\\}\\=材料\n\n" in gift.write(BANK)


# Into the pack


@pytest.fixture
def intake(tmp_path):
    folder = a_pack(tmp_path / "pack", {**PICTURES, "phrases.toml": None})
    return Intake(folder=folder, kept=tmp_path / "kept", zone=ZONE, clock=lambda: NOW)


def codes(plan):
    return [(note.row, note.code) for note in plan.errors]


def questions(intake, bank="b"):
    """What the bank has, in a pack that holds."""
    library.load(intake.folder, zone=ZONE)
    return read((intake.folder / f"quizzes/{bank}.toml").read_text(encoding="utf-8")).questions


@pytest.mark.parametrize(("name", "write"), WRITTEN, ids=["xlsx", "gift"])
def test_what_was_exported_comes_in_whole_and_again_changes_nothing(intake, name, write):
    plan = intake.plan(name, write(BANK), topic="dangzhang")
    intake.take(plan)

    assert [*questions(intake)] == lettered(BANK)
    again = intake.plan(name, intake.export("b", name[2:]).data)
    assert [len(again.merged.of(fate)) for fate in Fate] == [0, 0, 5]


def test_parts_name_a_case_without_an_id_by_its_number(intake):
    rows = [("1", *CASE[1:]), (*PART[:5], "1"), ("2", *CASE[1:2], "另一支部开会。", *CASE[3:]), (*PART[:5], "2")]

    intake.take(intake.plan("b.xlsx", xlsx([HEAD, *rows]), topic="dangzhang"))
    first, part, second, other = questions(intake)

    assert [each.case for each in (first, part, second, other)] == ["", first.id, "", second.id]
    assert part.id != other.id
    again = intake.plan("b.xlsx", xlsx([HEAD, *rows]))
    assert [len(again.merged.of(fate)) for fate in Fate] == [0, 0, 4]


def test_a_case_that_is_known_by_its_words_keeps_its_id_and_its_parts(intake):
    of_bank = a_question("anli", type="case", stem=CASE[2], source="条例", without=["options", "answer"])
    write = intake.folder / "quizzes/basics.toml"
    write.write_text(a_bank(of_bank, a_question("anli-1", case="anli")), encoding="utf-8")

    plan = intake.plan("x.xlsx", xlsx([HEAD, ("7", *CASE[1:]), (*PART[:5], "7")]), to="basics")
    intake.take(plan)

    assert [(each.id, each.case) for each in questions(intake, "basics")][:2] == [("anli", ""), ("anli-1", "anli")]
    assert questions(intake, "basics")[2].case == "anli"


def test_a_part_may_be_added_to_a_case_that_is_there(intake):
    intake.take(intake.plan("b.xlsx", workbooks.write(BANK), topic="dangzhang"))

    plan = intake.plan("mehr.xlsx", xlsx([HEAD, (*PART[:5], "anli")]), to="b")

    assert (codes(plan), plan.merged.of(Fate.NEW)[0].question.case) == ([], "anli")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([CASE], [(2, "case_empty")]),
        ([(*PART[:5], "没有")], [(2, "case_unknown")]),
        ([(*PART[:5], "有 空格")], [(2, "case_unknown")]),
        ([("1", *CASE[1:]), (*PART[:3], "大概", *PART[4:5], "1")], [(2, "case_empty"), (3, "verdict")]),
        ([("1", *CASE[1:2], "长" * 2001, *CASE[3:]), (*PART[:5], "1")], [(2, "too_long"), (3, "case_unknown")]),
        ([("1", *CASE[1:]), ("2", *CASE[1:2], "二", *CASE[3:5], "1"), (*PART[:5], "1")], [(3, "case_in_case")]),
    ],
    ids=["no part", "no case", "no name", "its part is wrong", "the case is wrong", "a case in a case"],
)
def test_what_is_torn_apart_is_told_and_nothing_of_it_taken(intake, rows, expected):
    good = ("", "判断题", "好的", "对", "条例", "")

    plan = intake.plan("b.xlsx", xlsx([HEAD, *rows, good]), topic="dangzhang")

    assert codes(plan) == expected
    intake.take(plan)
    assert questions(intake)[-1].stem == "好的"


PICTURED = ("题型", "题干", "选项A", "选项B", "答案", "出处", "图片", "图片说明", "选项图片")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("hui.png", "会场", "A：zuo.png；B=you.png"), []),
        (("nicht.png", "会场", ""), ["picture_unknown"]),
        (("hui.png", "", ""), ["picture_words"]),
        (("../x.png", "会场", ""), ["picture_name"]),
        (("", "", "A：nicht.png"), ["picture_unknown"]),
        (("", "", "C：zuo.png"), ["picture_letter"]),
        (("", "", "zuo.png"), ["option_pictures"]),
        (("", "", "A：zuo.png；A：you.png"), ["option_pictures"]),
    ],
)
def test_pictures_are_named_and_have_to_be_there(intake, cells, expected):
    row = ("单选", "哪一枚？", "左", "右", "A", "条例", *cells)
    good = ("单选", "好的", "左", "右", "A", "条例", "", "", "")

    plan = intake.plan("b.xlsx", xlsx([PICTURED, row, good]), topic="dangzhang")

    assert [code for _, code in codes(plan)] == expected
    intake.take(plan)
    assert questions(intake)[0].pictures == (() if expected else ("hui.png", "zuo.png", "you.png"))


def test_a_file_that_does_not_speak_of_pictures_takes_none_away(intake):
    intake.take(intake.plan("b.xlsx", workbooks.write(BANK), topic="dangzhang"))

    plan = intake.plan("b.xlsx", xlsx([("编号", *PICTURED[:6]), ("tu", "单选", "哪一枚呢？", "左", "右", "A", "条例")]))

    assert plan.merged.of(Fate.CHANGED)[0].question.options[0].picture == "zuo.png"


@pytest.mark.parametrize("kind", ["xlsx", "gift"])
def test_an_export_says_which_pictures_are_not_in_it(intake, kind):
    intake.take(intake.plan("b.xlsx", workbooks.write(BANK), topic="dangzhang"))

    [note] = intake.export("b", kind).notes

    assert "hui.png、you.png、zuo.png" in note.what
    assert intake.export("basics", kind).notes == []


def test_pictures_within_a_file_are_counted_and_not_lost_silently():
    table = with_parts(xlsx([("题干", "答案"), ("一", "对")]), {"xl/media/image1.png": PNG, "xl/media/image2.JPG": PNG})
    text = with_parts(docx(paragraphs("1. 一", "答案：对")), {"word/media/image1.png": PNG})

    found = [
        [(note.code, note.facts["count"]) for note in banks.read(name, data).notes if note.code == "pictures_left"]
        for name, data in (("b.xlsx", table), ("b.docx", text))
    ]

    assert found == [[("pictures_left", 2)], [("pictures_left", 1)]]


def test_what_moodle_has_to_be_read_is_told():
    blocks = ("::一::只是一段话", "::二::对吗 {T}", '[html]看 <img src\\="x">，对吗 {F}\n')

    reading = banks.read("b.gift", "\n\n".join(blocks).encode())

    assert [(note.row, note.code) for note in reading.said() if note.code != "no_source"] == [
        (1, "text_only"),
        (5, "picture_in_text"),
    ]
    assert len(reading.questions) == 2


def test_parts_in_the_same_words_are_told_apart_by_their_cases(intake):
    rows = [("", *CASE[1:2], stem, *CASE[3:]) for stem in ("甲支部开会。", "乙支部开会。")]
    parts = [(f"{of}-1", *PART[1:3], said, "条例", of) for of, said in (("jia", "对"), ("yi", "错"))]
    named = xlsx([("编号", *HEAD[1:]), ("jia", *rows[0][1:]), ("yi", *rows[1][1:]), *parts])
    intake.take(intake.plan("b.xlsx", named, topic="dangzhang"))
    bare = [("1", *rows[0][1:]), (*PART[:3], "对", "条例", "1"), ("2", *rows[1][1:]), (*PART[:3], "错", "条例", "2")]

    again = intake.plan("b.xlsx", xlsx([HEAD, *bare]))

    assert [len(again.merged.of(fate)) for fate in Fate] == [0, 0, 4]
