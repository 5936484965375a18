"""Texts in the conventions of domain.md §4C, typed from there."""

import pytest

from content.importers import banks


def read(text, name="bank.txt"):
    return banks.read(name, text.encode())


def told(reading):
    """Each question: type, stem, options, answer."""
    return [
        (each.question.type.value, each.question.stem, [o.text for o in each.question.options], each.question.answer)
        if each.question
        else [note.code for note in each.notes]
        for each in reading.drafts
    ]


ONE = [("single", "题干（ ）", ["甲", "乙", "丙"], ("a",))]


@pytest.mark.parametrize(
    "options",
    ["A. 甲\nB. 乙\nC. 丙", "A、甲\nB、乙\nC、丙", "（A）甲\n（B）乙\n（C）丙", "A.甲 B.乙 C.丙", "A 甲\nB 乙\nC 丙"],
)
@pytest.mark.parametrize("answer", ["答案：A", "【答案】A", "正确答案：A", "参考答案: A", "答案：Ａ"])
def test_common(options, answer):
    reading = read(f"1. 题干（ ）\n{options}\n{answer}\n解析：因为。")

    assert told(reading) == ONE
    assert reading.drafts[0].question.explanation == "因为。"


@pytest.mark.parametrize("number", ["1. ", "1、", "1．", "（1）", "1) ", "第1题 ", "第1题："])
def test_numbers_of_questions(number):
    assert (
        told(read(f"{number}题干（ ）\nA.甲\nB.乙\nC.丙\n答案：A\n{number}别的（ ）\nA.甲\nB.乙\n答案：B"))[:1] == ONE
    )


def test_answer_and_explanation_on_one_line_and_on_more():
    reading = read(
        "1.题干（ ）A.甲 B.乙 C.丙\n【答案】A【解析】第一行\n第二行\n难度：难\n出处：党章第一条\n知识点：党章"
    )
    question = reading.drafts[0].question

    assert told(reading) == ONE
    assert (question.explanation, question.source, question.tags) == ("第一行\n第二行", "党章第一条", ("党章",))
    assert question.difficulty == "难"


def test_an_option_may_go_on_on_the_next_line():
    assert told(read("1.题干（ ）\nA.甲\n甲二\nB.乙\n答案：B"))[0][2] == ["甲\n甲二", "乙"]


def test_a_decimal_and_a_year_are_no_numbers_of_questions():
    reading = read("1.题干\n2022年的事\n1.5倍（ ）\nA.甲\nB.乙\n答案：A")

    assert told(reading) == [("single", "题干\n2022年的事\n1.5倍（ ）", ["甲", "乙"], ("a",))]


# 道一云


def test_several_by_semicolon_and_a_tag_of_the_type():
    reading = read(
        "1.题干[多选题](系统评分)\nA.甲\nB.乙\nC.丙\n答案：A;C\n2.党的____[填空题](系统评分)\n答案：宗旨;使命"
    )

    assert told(reading) == [
        ("multi", "题干", ["甲", "乙", "丙"], ("a", "c")),
        ("fill", "党的____", [], (("宗旨", "使命"),)),
    ]


# 答题小博士


def test_type_inferred_and_flags():
    reading = read("1.题干\nA.甲\nB.乙\nC.丙\n【答案】AB\n2.____和____（乱序匹配）\n【答案】(甲)(乙)")

    assert told(reading) == [
        ("multi", "题干", ["甲", "乙", "丙"], ("a", "b")),
        ("fill", "____和____", [], (("甲",), ("乙",))),
    ]
    assert [question.ordered for question in reading.questions] == [True, False]


def test_answers_in_brackets_with_their_numbers():
    assert told(read("1.____和____\n【答案】(答案1:甲)(答案2:乙)"))[0][3] == (("甲",), ("乙",))


# 问卷星


def test_the_right_option_is_marked():
    reading = read(
        "1. 题干[单选题]\nA.甲\nB.乙(正确答案)\nC.丙\n\n2. 选哪些[多选题]\n甲（正确答案）\n乙\n丙（正确答案）"
    )

    assert told(reading) == [
        ("single", "题干", ["甲", "乙", "丙"], ("b",)),
        ("multi", "选哪些", ["甲", "乙", "丙"], ("a", "c")),
    ]


def test_a_letter_within_the_bracket():
    assert told(read("1. 题干（ A ）\nA.甲\nB.乙\nC.丙")) == ONE


def test_verdicts_behind_the_stem_or_as_options():
    reading = read("1. 判断一。(对)\n2. 判断二（错）\n3. 判断三[判断题]\n对\n错(正确答案)")

    assert [each[::3] for each in told(reading)] == [("judge", True), ("judge", False), ("judge", False)]
    assert told(reading)[0][1] == "判断一。（ ）"


# Sections and keys

SECTIONS = """\
党章题库

一、单选题（每题2分，共4分）
1. 单一（ ）
A.甲
B.乙
2. 单二（ ）
A.甲
B.乙
二、多选题
1. 多一（ ）
A.甲
B.乙
C.丙
三、判断题
1. 判一（ ）
2. 判二（ ）
"""


@pytest.mark.parametrize(
    "key",
    [
        "参考答案\n一、单选题\n1-2 AB\n二、多选题\n1.ABC\n三、判断题\n1-2 √×",
        "答案：\n单选题：\n1.A 2.B\n多选题：\n1、ABC\n判断题：\n1.对 2.错",
        "【参考答案】\n1-2 AB\n1.ABC\n1.√ 2.×",
        "参考答案\n三、判断题\n1-2 √×\n二、多选题\n1.ABC\n一、单选题\n1-2 AB",
        "附：参考答案\n单选题答案\n1—2：AB\n多选题答案\n1 ABC\n判断题答案\n1、正确；2、错误",
    ],
)
def test_sections_set_the_type_and_a_key_at_the_end_the_answers(key):
    reading = read(f"{SECTIONS}\n{key}")

    assert told(reading) == [
        ("single", "单一（ ）", ["甲", "乙"], ("a",)),
        ("single", "单二（ ）", ["甲", "乙"], ("b",)),
        ("multi", "多一（ ）", ["甲", "乙", "丙"], ("a", "b", "c")),
        ("judge", "判一（ ）", [], True),
        ("judge", "判二（ ）", [], False),
    ]
    assert (reading.title, [question.score for question in reading.questions]) == ("党章题库", [2, 2, 1, 1, 1])


def test_a_range_of_five():
    stems = "".join(f"{number}. 题{number}（ ）\nA.甲\nB.乙\nC.丙\nD.丁\nE.戊\n" for number in range(1, 8))

    reading = read(f"{stems}答案\n1-5 ABCDE 6.A 7.B")

    assert ["".join(each[3]) for each in told(reading)] == ["a", "b", "c", "d", "e", "a", "b"]


def test_an_answer_without_a_question_and_one_that_says_otherwise_are_told():
    reading = read("1.题干（ ）\nA.甲\nB.乙\n答案：A\n\n参考答案\n1.B 9.A")

    assert [note.code for note in reading.notes if note.code == "key_unused"] == ["key_unused"]
    assert [note.what for note in reading.drafts[0].notes] == ["题后的答案是 A，末尾的答案表里是 B"]
    assert reading.drafts[0].question.answer == ("a",)


def test_questions_without_numbers_are_parted_by_blank_lines():
    assert len(told(read("单选题\n\n甲问（ ）\nA.甲\nB.乙\n答案：A\n\n乙问（ ）\nA.甲\nB.乙\n答案：B"))) == 2


def test_gb18030_full_width_and_debris():
    text = "窗体顶端\n１．题干（\u3000）\n Ａ．甲\n Ｂ．乙\n Ｃ．丙\n答案：Ａ\n窗体底端"

    assert told(banks.read("b.txt", text.encode("gb18030"))) == [("single", "题干（ ）", ["甲", "乙", "丙"], ("a",))]


def test_rows_are_lines():
    reading = read("1.题干（ ）\nA.甲\nB.乙\n答案：A\n\n2.别的（ ）\nA.甲\nB.乙\n答案：F")

    assert [(note.row, note.code) for note in reading.said() if note.weight == "error"] == [(6, "letter_unknown")]
