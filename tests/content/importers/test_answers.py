"""Answers in every notation of domain.md §4B, typed from there."""

import pytest

from content.importers.answers import Written
from content.importers.drafts import Raw, draft

FOUR = [Written(letter, text) for letter, text in zip("ABCD", "甲乙丙丁", strict=True)]


def made(*, stem="问（ ）", options=FOUR, **fields):
    return draft(Raw(7, fields={"stem": stem, **fields}, options=[*options]))


def question(**given):
    found = made(**given)
    assert found.question, [note.what for note in found.notes]
    return found.question


def code(**given):
    """What is wrong with a question that can't be taken."""
    found = made(**given)
    assert found.question is None
    return found.notes[-1].code


@pytest.mark.parametrize(
    "said",
    ["AB", "A,B", "A，B", "A、B", "A|B", "A;B", "ab", "BA", "1,2", "ＡＢ", "A B", "A和B", "(AB)", "甲;乙", "A.甲 B.乙"],
)
def test_several(said):
    made = question(type="多选", answer=said)

    assert made.answer == ("a", "b")


def test_numbers_name_options():
    assert question(type="多选", answer="1,3").answer == ("a", "c")
    assert question(type="多选", answer="13").answer == ("a", "c")


@pytest.mark.parametrize("said", ["正确", "对", "是", "√", "T", "Y", "同意", "t", "Ｔ", "TRUE"])
def test_right(said):
    assert question(options=(), type="判断", answer=said).answer is True


@pytest.mark.parametrize("said", ["错误", "错", "否", "×", "F", "N", "不同意", "f", "Ｆ", "FALSE"])
def test_wrong(said):
    assert question(options=(), type="判断题", answer=said).answer is False


@pytest.mark.parametrize("said", ["大概", "A", "0.5", "正确错误"])
def test_other_words_are_no_verdict(said):
    assert code(options=(), type="判断", answer=said) == "verdict"


@pytest.mark.parametrize(("said", "means"), [("A", True), ("B", False), ("正确", True), ("1", True)])
def test_letters_are_verdicts_where_options_say_right_and_wrong(said, means):
    verdicts = (Written("A", "正确"), Written("B", "错误"))

    for kind in ({}, {"type": "判断"}):
        made = question(options=verdicts, answer=said, **kind)

        assert (made.type, made.answer, made.options) == ("judge", means, ())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "单选", "answer": "E"}, "letter_unknown"),
        ({"type": "多选", "answer": "AAB"}, "letter_twice"),
        ({"type": "单选", "answer": "AB"}, "single_several"),
        ({"type": "单选", "answer": "戊"}, "answer_letters"),
        ({"type": "单选", "answer": ""}, "answer_missing"),
        ({"type": "单选", "answer": "A", "options": FOUR[:1]}, "option_number"),
        ({"type": "单选", "answer": "A", "options": ()}, "options_missing"),
        ({"type": "单选", "answer": "A", "options": [*FOUR[:3], Written("D", "甲")]}, "option_same"),
        ({"type": "抢答", "answer": "A"}, "type_unknown"),
        ({"type": "判断", "answer": "对"}, "judge_choices"),
        ({"type": "案例分析题", "answer": "A"}, "case_options"),
        ({"type": "单选", "answer": "A", "stem": "长" * 2001}, "too_long"),
        ({"type": "单选", "answer": "A", "options": [*FOUR[:3], Written("D", "长" * 501)]}, "too_long"),
        ({"answer": "", "options": ()}, "answer_missing"),
        ({"answer": "AB", "stem": "没有空", "options": ()}, "options_missing"),
        ({"answer": "1", "stem": "没有空", "options": ()}, "type_unclear"),
        ({"answer": "对", "stem": "是____的", "options": ()}, "type_unclear"),
    ],
)
def test_what_cannot_be_taken_says_why(given, expected):
    assert code(**given) == expected


def test_what_is_wrong_names_its_row_and_how_to_mend_it():
    [note] = made(type="单选", answer="AB").notes

    assert (note.row, note.what) == (7, "单选题的答案有 2 个（AB）")
    assert note.mend == "不止一个正确的，请把题型改成“多选”；否则只留一个"


@pytest.mark.parametrize(
    ("said", "stem", "options", "type_"),
    [
        ("对", "问", (), "judge"),
        ("B", "问", FOUR, "single"),
        ("BD", "问", FOUR, "multi"),
        ("宗旨", "党的____", (), "fill"),
        ("宗旨", "党的（ ）", (), "fill"),
        ("为人民服务", "宗旨是什么", (), "short"),
    ],
)
def test_a_type_that_is_missing_is_told_by_the_answer(said, stem, options, type_):
    assert question(answer=said, stem=stem, options=options).type == type_


@pytest.mark.parametrize("name", ["单选", "单选题", "单项选择题", "single", "【单选题】", "单选题 "])
def test_types_by_every_name(name):
    assert question(type=name, answer="A").type == "single"


def test_a_choice_of_no_said_kind_is_told_by_its_answer():
    assert [question(type="选择题", answer=said).type for said in ("A", "AB")] == ["single", "multi"]


@pytest.mark.parametrize(
    ("stem", "said", "blanks"),
    [
        ("党的____", "宗旨", (("宗旨",),)),
        ("党的____", "宗旨;使命", (("宗旨", "使命"),)),
        ("____和（ ）", "甲|乙", (("甲",), ("乙",))),
        ("____和____", "甲;丙|乙", (("甲", "丙"), ("乙",))),
        ("____和____", "甲;乙", (("甲",), ("乙",))),
        ("____和____", "甲、乙", (("甲",), ("乙",))),
        ("____和____", "甲\n乙", (("甲",), ("乙",))),
        ("____和____", "(甲)(乙)", (("甲",), ("乙",))),
        ("党的【 】", "宗旨", (("宗旨",),)),
        ("党的＿＿＿＿", "宗旨", (("宗旨",),)),
    ],
)
def test_blanks(stem, said, blanks):
    stem = stem.replace("＿", "_")

    assert question(type="填空", stem=stem, answer=said, options=()).answer == blanks


@pytest.mark.parametrize(("stem", "said"), [("没有空", "甲"), ("____和____", "甲"), ("只有____", "甲|乙")])
def test_blanks_and_answers_must_fit(stem, said):
    assert code(type="填空", stem=stem, answer=said, options=()) == "blank_count"


def test_a_letter_in_an_explanation_becomes_a_reference():
    found = made(type="多选", answer="AC", explanation="故选AC。A、C项正确，B项错误，选项D不对；A级企业、C项目不算。")

    assert found.question.explanation == (
        "故选{{opt:a}}、{{opt:c}}。{{opt:a}}、{{opt:c}}项正确，{{opt:b}}项错误，选项{{opt:d}}不对；A级企业、C项目不算。"
    )
    assert [note.facts["said"] for note in found.notes] == ["选AC", "A、C项", "B项", "选项D"]
    assert found.question.letters_said == ""


def test_a_letter_that_is_no_option_stays_and_is_advice_later():
    assert question(type="单选", answer="A", explanation="选F").explanation == "选F"


def test_an_explanation_that_says_another_answer_is_doubtful():
    [doubt, _] = made(type="单选", answer="A", explanation="所以选B").notes

    assert (doubt.code, doubt.weight) == ("explained_otherwise", "warning")
    assert doubt.what == "解析说选 B，答案却是 A"


@pytest.mark.parametrize(("stem", "answer"), [("应当（ B ）。", ""), ("应当（ B ）。", "B"), ("应当(ｂ)。", "")])
def test_an_answer_within_the_stem_is_taken_out(stem, answer):
    found = question(stem=stem, answer=answer, type="单选")

    assert (found.stem, found.answer) == ("应当（ ）。", ("b",))


def test_what_only_looks_like_an_answer_stays():
    assert question(stem="维生素（C）有益（ ）", answer="A", type="单选").stem == "维生素（C）有益（ ）"
