"""Cases and pictures: what an admin writes around a question, and how the program has it."""

from datetime import date

import pytest

from content import library
from content.importers import canonical
from content.models import Option, Picture, Question, QuestionType

from .builders import PNG, ZONE, a_bank, a_pack, a_question

CASE = a_question("anli", type="case", stem="某支部开会。", without=["options", "answer"])


def loaded(folder, *questions):
    files = {"phrases.toml": None, "quizzes/basics.toml": a_bank(*questions), "pictures/hui.png": PNG}
    return library.load(a_pack(folder, files), zone=ZONE)


def test_a_case_is_asked_as_its_parts_and_is_no_question_itself(tmp_path):
    pack = loaded(tmp_path, CASE, a_question("q1", case="anli"), a_question("q2"))

    assert list(pack.questions) == ["q1", "q2"]
    assert pack.case_of(pack.questions["q1"]).stem == "某支部开会。"
    assert pack.case_of(pack.questions["q2"]) is None


def test_a_case_with_an_answer_is_a_question_like_any_other(tmp_path):
    pack = loaded(tmp_path, {**CASE, "answer": ["要点"]})

    assert pack.questions["anli"].answer == ("要点",)


@pytest.mark.parametrize(
    ("of_case", "own", "holds"),
    [
        ({"effective_to": "2026-11-22"}, {}, False),
        ({"effective_from": "2026-11-24"}, {}, False),
        ({"effective_to": "2026-11-23"}, {"effective_to": "2027-01-01"}, True),
        ({"effective_from": "2026-11-23"}, {"effective_to": "2026-11-22"}, False),
    ],
)
def test_a_part_holds_no_longer_than_its_case(tmp_path, of_case, own, holds):
    pack = loaded(tmp_path, {**CASE, **of_case}, a_question("q1", case="anli", **own))

    assert pack.questions["q1"].in_effect(date(2026, 11, 23)) is holds


def test_pictures_are_the_packs_own_and_known_by_their_first_bytes(tmp_path):
    pack = loaded(tmp_path, a_question(picture={"file": "hui.png", "words": "一枚徽章"}))

    assert pack.pictures["hui.png"].kind == "image/png"
    assert pack.questions["q1"].pictures == ("hui.png",)


def test_what_is_written_again_keeps_case_and_pictures():
    question = Question(
        id="q1",
        type=QuestionType.SINGLE,
        stem="哪一枚？",
        case="anli",
        picture=Picture(file="hui.png", words="两枚"),
        options=(Option(id="a", text="左", picture="a.png"), Option(id="b", text="右")),
        answer=("a",),
    )

    assert canonical.block(question).split("\n")[4:9] == [
        'picture = { file = "hui.png", words = "两枚" }',
        "options = [",
        '    { id = "a", text = "左", picture = "a.png" },',
        '    { id = "b", text = "右" },',
        "]",
    ]
    assert 'case = "anli"' in canonical.block(question)
