"""The rules of the quiz, held for questions of every shape."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.models import Option, Question
from handlers.quiz import engine
from handlers.quiz.engine import marking
from handlers.quiz.engine.chance import shuffled
from handlers.quiz.engine.marking import Asked

MONDAY = date(2026, 11, 23)
WORDS = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=8)


def asked(**fields: Any) -> Question:
    return Question(**fields)


@st.composite
def questions(draw) -> Question:
    kind = draw(st.sampled_from(["single", "multi", "judge"]))
    if kind == "judge":
        return asked(id="q", type=kind, stem="对不对？", answer=draw(st.booleans()), source="党章")
    texts = draw(st.lists(WORDS, min_size=2, max_size=10, unique=True))
    options = tuple(Option(id=f"o{number}", text=text) for number, text in enumerate(texts))
    most = 1 if kind == "single" else len(options)
    ids = st.sampled_from([option.id for option in options])
    answer = draw(st.lists(ids, min_size=1 if kind == "single" else 2, max_size=most, unique=True))
    explanation = "，".join(f"{{{{opt:{option.id}}}}}" for option in options)
    return asked(
        id="q", type=kind, stem="哪一项？", options=options, answer=answer, explanation=explanation, source="党章"
    )


def shown(question: Question, seed: str = "a round") -> tuple[marking.Choice, ...]:
    return marking.choices(question, seed=seed, yes="正确", no="错误")


def look(question: Question) -> str:
    return Asked(question=question, case=None, shown=shown(question)).look


def letters(question: Question, seed: str, ids: frozenset[str]) -> str:
    return "".join(choice.letter for choice in shown(question, seed) if choice.id in ids)


@given(questions(), st.text())
def test_exactly_the_right_choice_marks_right(question, seed):
    right = marking.right_ids(question)
    said = marking.read(question, shown(question, seed), letters(question, seed, right))

    assert said == right
    for choice in shown(question, seed):
        other = marking.read(question, shown(question, seed), choice.letter)
        assert (other == right) is (right == {choice.id})


@given(questions(), st.text())
def test_the_explanation_names_the_letters_that_were_shown(question, seed):
    explained = marking.explain(question, shown(question, seed))
    of_options = [choice for choice in shown(question, seed) if question.options]

    assert "{{" not in explained
    assert all(f"{choice.letter}（{choice.text}）" in explained for choice in of_options)


@given(questions(), st.text())
def test_a_round_shows_every_option_once_and_always_in_the_same_order(question, seed):
    once, again = shown(question, seed), shown(question, seed)

    assert once == again
    assert {choice.text for choice in once} == {option.text for option in question.options} or not question.options
    assert [choice.letter for choice in once] == sorted({choice.letter for choice in once})


@given(questions(), st.text())
def test_letters_wide_small_apart_and_numbers_mean_the_same(question, seed):
    right, offered = marking.right_ids(question), shown(question, seed)
    marks = letters(question, seed, right)
    wide = "".join(chr(ord(mark) + 0xFEE0) for mark in marks)
    numbers = ",".join(str(ord(mark) - ord("A") + 1) for mark in marks)
    ways = [
        marks.lower(),
        wide,
        wide.lower(),
        ", ".join(marks),
        "、".join(marks),
        " ".join(marks),
        f"{marks}.",
        f"我选{marks}",
    ]

    assert {marking.read(question, offered, way) for way in ways} == {right}
    assert "J" in marks or marking.read(question, offered, numbers) == right


@pytest.mark.parametrize("said", ["第二个", "第2个", "我选第二项", "选第二", "第二条。"])
def test_an_option_may_be_said_by_its_place(said):
    options = tuple(Option(id=text, text=text) for text in ("党章", "准则", "条例"))
    question = asked(id="q", type="single", stem="哪一项？", options=options, answer=["准则"], source="党章")
    offered = shown(question)

    assert marking.read(question, offered, said) == frozenset({offered[1].id})


def test_an_option_called_all_of_them_is_that_option_and_where_there_is_none_all_are_chosen():
    def chosen(*texts: str) -> set[str]:
        options = tuple(Option(id=text, text=text) for text in texts)
        question = asked(id="q", type="multi", stem="哪几项？", options=options, answer=[*texts[:2]], source="党章")
        return set(marking.read(question, shown(question), "都对") or ())

    assert chosen("党章", "准则", "都对") == {"都对"}
    assert chosen("党章", "准则", "条例") == {"党章", "准则", "条例"}


@given(questions(), st.text())
def test_an_option_may_be_said_in_its_own_words(question, seed):
    for choice in shown(question, seed):
        assert marking.read(question, shown(question, seed), f" {choice.text}。") == frozenset({choice.id})


@given(questions(), st.text(), st.text())
def test_anything_may_be_said(question, seed, said):
    chosen = marking.read(question, shown(question, seed), said)

    assert chosen is None or chosen <= {choice.id for choice in shown(question, seed)}


@pytest.mark.parametrize(
    "said", ["对", "正确", "是的", "√", "✅", "T", "yes", "Ａ", "A.", "1", "选A", "答案是A", "对！"]
)
def test_a_judge_question_takes_every_yes(said):
    question = asked(id="q", type="judge", stem="对不对？", answer=True, source="党章")

    assert marking.read(question, shown(question), said) == frozenset({"true"})


@pytest.mark.parametrize("said", ["错", "不对", "不正确", "×", "X", "❌", "no", "b", "2", "我选 B", "错。"])
def test_a_judge_question_takes_every_no(said):
    question = asked(id="q", type="judge", stem="对不对？", answer=True, source="党章")

    assert marking.read(question, shown(question), said) == frozenset({"false"})


def a_choice(kind, *texts) -> Question:
    options = tuple(Option(id=f"o{number}", text=text) for number, text in enumerate(texts))
    answer = ["o0"] if kind == "single" else ["o0", "o1"]
    return asked(id="q", type=kind, stem="哪一项？", options=options, answer=answer, source="党章")


@pytest.mark.parametrize("said", ["AB", "A,B", "12", "A和B", "甲乙", "E", "", "。", "答题", "不知道"])
def test_two_letters_or_none_are_no_answer_where_one_is_right(said):
    question = a_choice("single", "甲", "乙", "丙", "丁")

    assert marking.read(question, shown(question), said) is None


def test_the_same_letter_twice_is_one_answer():
    question = a_choice("single", "甲", "乙")

    assert len(marking.read(question, shown(question), "aA") or ()) == 1


def test_a_letter_is_the_letter_though_an_option_is_called_so():
    question = a_choice("single", "B", "A", "C")
    by_letter = {choice.letter: choice.id for choice in shown(question)}

    assert {mark: marking.read(question, shown(question), mark) for mark in "ABC"} == {
        mark: frozenset({found}) for mark, found in by_letter.items()
    }


def test_a_number_that_is_an_options_text_is_that_option():
    question = a_choice("single", "5", "3", "2")
    two = next(choice.id for choice in shown(question) if choice.text == "2")

    assert marking.read(question, shown(question), "2") == frozenset({two})


def pack(count: int) -> list[Question]:
    return [
        asked(id=f"q{number}", type="judge", stem=f"第{number}题", answer=True, source="党章")
        for number in range(count)
    ]


def test_everyone_gets_the_same_five_that_day_and_others_the_next():
    today = engine.draw(pack(100), on=MONDAY, count=5)
    again = engine.draw(reversed(pack(100)), on=MONDAY, count=5)
    tomorrow = engine.draw(pack(100), on=MONDAY + timedelta(days=1), count=5)

    assert len(set(today)) == 5
    assert again == today
    assert set(tomorrow) != set(today)


def test_over_a_year_every_question_has_its_turn():
    drawn = {id_ for day in range(365) for id_ in engine.draw(pack(100), on=MONDAY + timedelta(days=day), count=5)}

    assert len(drawn) == 100


@pytest.mark.parametrize(
    "changed",
    [
        a_choice("single", "甲", "乙", "丙", "丁"),
        a_choice("single", "甲", "乙", "丁"),
    ],
    ids=["an option more", "other words"],
)
def test_a_question_that_looks_otherwise_is_known_by_its_looks(changed):
    question = a_choice("single", "甲", "乙", "丙")

    assert look(question) == look(question)
    assert look(changed) != look(question)


@given(seed=st.text(min_size=1))
def test_options_stay_as_written_where_the_explanation_names_their_letters(seed):
    options = tuple(Option(id=letter, text=f"第{letter}项") for letter in "wxyz")
    question = asked(id="q", type="single", stem="哪一项？", options=options, answer=["x"], explanation="应当选B。")

    assert [choice.id for choice in shown(question, seed)] == ["w", "x", "y", "z"]


@dataclass(frozen=True)
class Begun:
    """A round as far as the rules look at it."""

    name: str
    questions: tuple[str, ...] = ("a", "b")
    answered: int = 0
    wrong: int = 0


@pytest.mark.parametrize(
    ("begun", "goes_on"),
    [
        ([], None),
        (["daily:2026-11-23"], 0),
        (["daily:2026-11-23", engine.of_mistakes("m")], 1),
        ([engine.of_mistakes("m"), "daily:2026-11-23"], 0),
    ],
)
def test_a_round_of_mistakes_goes_on_before_the_days(begun, goes_on):
    rounds = [Begun(name) for name in begun]

    assert engine.unfinished(rounds, known=str) == (None if goes_on is None else rounds[goes_on])


def test_a_round_of_which_the_pack_knows_nothing_more_is_over():
    over, open_still = Begun(engine.of_mistakes("m"), answered=1), Begun("daily:2026-11-23")

    assert engine.unfinished([over, open_still], known=lambda each: each == "a") == open_still


@pytest.mark.parametrize("said", ["全选", "都对！", "全部"])
def test_all_of_them_is_an_answer_where_several_may_be_right(said):
    options = [Option(id=id_, text=text) for id_, text in (("a", "甲"), ("b", "乙"))]
    fields = {"id": "q", "stem": "题", "options": options, "source": "s"}
    several = asked(type="multi", answer=["a", "b"], **fields)
    one = asked(type="single", answer=["a"], **fields)
    shown = marking.choices(several, seed="s", yes="", no="")

    assert marking.read(several, shown, said) == frozenset({"a", "b"})
    assert marking.read(one, shown, said) is None


def test_each_of_a_few_comes_first_as_often_as_any_other():
    firsts = Counter(shuffled("abcd", seed=f"round {number}")[0] for number in range(4000))

    assert set(firsts) == set("abcd")
    assert all(850 < often < 1150 for often in firsts.values())


def test_nothing_is_lost_of_more_than_a_few():
    assert sorted(shuffled(range(16), seed="a round")) == list(range(16))
    with pytest.raises(ValueError, match="17"):
        shuffled(range(17), seed="a round")
