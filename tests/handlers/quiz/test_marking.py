"""What an answer is worth, however it is typed: blanks, parts of an answer, and what its reader judges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.models import Question, QuestionType
from handlers.quiz import engine
from handlers.quiz.engine import blanks, marking
from handlers.quiz.engine.marking import Asked, Mark

OPTIONS = [{"id": id_, "text": f"说法{id_}"} for id_ in "abcd"]


def asked(seed="a round", **fields):
    question = Question(id="q", **fields)
    return Asked(question=question, case=None, shown=marking.choices(question, seed=seed, yes="对", no="错"))


def fill(stem, *answer, **more):
    return asked(type="fill", stem=stem, answer=[*answer], **more)


def is_right(question, said):
    answer = question.read(said)
    return answer is not None and question.mark(answer).right


# -- one blank -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        (["民主集中制"], "民主集中制"),
        (["民主集中制"], "  民主 集中制。"),
        (["民主集中制"], "“民主集中制”"),
        (["民主集中制"], "答案是：民主集中制！"),
        (["民主集中制"], "填民主集中制"),
        (["中国共产党章程", "党章"], "《党章》"),
        (["1921"], "１９２１"),
        (["1921"], "一九二一"),
        (["一九二一"], "1921"),
        (["二十八"], "28"),
        (["28"], "二十八"),
        (["105"], "一百零五"),
        (["12000"], "一万二千"),
        (["12000"], "1万2千"),
        (["10"], "十"),
        (["80%"], "百分之八十"),
        (["80%"], "８０％"),
        (["1/5"], "1／5"),
        (["3.5"], "3.5"),
        (["CPC"], "ｃｐｃ"),
        (["两"], "2"),
    ],
)
def test_an_answer_is_right_however_it_is_typed(accepted, said):
    assert is_right(fill("写上____。", accepted), said)


@pytest.mark.parametrize(
    ("accepted", "said"),
    [(["28"], "82"), (["3.5"], "35"), (["80%"], "80"), (["一"], "十一"), (["民主集中制"], "民主"), (["32"], "132")],
)
def test_what_is_something_else_is_wrong(accepted, said):
    assert not is_right(fill("写上____。", accepted), said)


@pytest.mark.parametrize("said", ["18", "满18", "18岁", "年满18岁", "年满十八岁的", "年满18岁的中国工人"])
def test_words_of_the_stem_may_be_said_with_it(said):
    assert is_right(fill("年满____岁的中国工人可以申请入党。", ["18"]), said)


@pytest.mark.parametrize("said", ["", "。。", "《》"])
def test_nothing_is_no_answer(said):
    assert fill("写上____。", ["18"]).read(said) is None


@pytest.mark.parametrize("said", ["不会", "不知道。", "跳过", "?"])
def test_who_does_not_know_may_say_so(said):
    question = fill("写上____和____。", ["甲"], ["乙"])

    assert question.read(said) == ("", "")
    assert question.mark(("", "")) == Mark(right=False, credit=0)


@given(st.text(max_size=200))
def test_anything_may_be_written(said):
    answer = fill("第____条和第____条", ["8"], ["9"], partial_credit=True).read(said)

    assert answer is None or len(answer) == 2


@given(st.integers(0, 99_999_999))
def test_a_number_is_the_same_in_both_writings(number):
    assert blanks.folded(_in_hanzi(number)) == str(number)


def _in_hanzi(number):
    """A number as it is read aloud: by the rules of primary school, written down for this test alone."""
    digits = "零一二三四五六七八九"
    if number >= 10_000:
        rest = number % 10_000
        return (
            _in_hanzi(number // 10_000) + "万" + ("" if not rest else ("零" if rest < 1000 else "") + _in_hanzi(rest))
        )
    said, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if zero and said else "") + digits[digit] + name
            zero = False
        else:
            zero = True
    return said or "零"


# -- several ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    ["党员大会；党课", "党员大会;党课", "党员大会 党课", "党员大会、党课", "党员大会，党课", "党员大会\n党课",
     "1.党员大会 2.党课", "①党员大会②党课", "党员大会和党课", "(1)党员大会(2)党课", "党员大会|党课"],
)  # fmt: skip
def test_blanks_may_be_parted_by_anything(said):
    assert is_right(fill("____和____", ["党员大会"], ["党课"]), said)


def test_what_can_be_parted_in_two_ways_is_parted_as_it_is_right():
    assert is_right(fill("____和____", ["甲、乙"], ["丙"]), "甲、乙 丙")


def test_a_message_for_fewer_blanks_is_no_answer():
    assert fill("____和____", ["甲"], ["乙"]).read("甲") is None


def test_order_matters_unless_the_file_says_that_it_does_not():
    ordered, free = (fill("____和____", ["甲", "丙"], ["乙"], ordered=ordered) for ordered in (True, False))

    assert not is_right(ordered, "乙；甲")
    assert is_right(free, "乙；甲")
    assert is_right(free, "乙；丙")
    assert not is_right(free, "甲；丙")  # both are accepted of one blank: the other is still open


# -- partly right ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "credit"),
    [("abc", 100), ("ab", 66), ("a", 33), ("abcd", 0), ("ad", 0), ("d", 0)],
)
def test_some_right_options_and_no_wrong_one_have_credit_where_the_file_says_so(chosen, credit):
    partly = asked(type="multi", stem="哪几项？", options=OPTIONS, answer=[*"abc"], partial_credit=True)
    wholly = asked(type="multi", stem="哪几项？", options=OPTIONS, answer=[*"abc"])

    assert partly.mark(frozenset(chosen)) == Mark(right=credit == 100, credit=credit)
    assert wholly.mark(frozenset(chosen)) == Mark(right=credit == 100, credit=credit if credit == 100 else 0)


def test_each_right_blank_has_its_share_where_the_file_says_so():
    partly = fill("____和____", ["甲"], ["乙"], partial_credit=True)

    assert partly.mark(("甲", "丙")) == Mark(right=False, credit=50)
    assert fill("____和____", ["甲"], ["乙"]).mark(("甲", "丙")) == Mark(right=False, credit=0)


# -- judged by its reader --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["short", "case"])
def test_an_answer_in_ones_own_words_is_judged_by_its_reader(kind):
    question = asked(type=kind, stem="说说看。", answer=["要点一", "要点二"])

    assert question.model == ("要点一", "要点二")
    assert (is_right(question, "对"), is_right(question, "错")) == (True, False)
    assert question.read("我觉得是这样") is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (fill("____", ["甲"]), frozenset({"true"})),
        (fill("____", ["甲"]), ("甲", "乙")),
        (fill("____", ["甲"]), (" ",)),
        (asked(type="judge", stem="？", answer=True), ("true",)),
        (asked(type="short", stem="？", answer=["甲"]), frozenset({"true", "false"})),
        (asked(type="short", stem="？", answer=["甲"]), frozenset({"甲"})),
    ],
)
def test_an_answer_of_another_kind_is_none(question, answer):
    assert not question.takes(answer)


@pytest.mark.parametrize("answer", [("甲", '乙"；['), frozenset({"a", "b"}), ("", "乙")])
def test_an_answer_is_kept_as_it_was_given(answer):
    assert Asked.was(Asked.kept(answer)) == answer


# -- cases in a draw -------------------------------------------------------------------------------------------------


def of_case(id_, case=""):
    return Question(id=id_, type=QuestionType.JUDGE, stem="？", answer=True, case=case)


@given(st.text(), st.integers(1, 12))
def test_the_parts_of_a_case_stay_together_and_a_round_is_full(seed, count):
    pack = [*(of_case(f"q{n}") for n in range(6)), *(of_case(f"c{n}", "anli") for n in range(3)), of_case("q9")]
    drawn = engine.some(pack, seed=seed, count=count, known=lambda _: False)
    parts = [id_ for id_ in drawn if id_.startswith("c")]

    assert len(drawn) == len(set(drawn)) == min(count, 10)
    assert "".join(parts) in "".join(drawn)
    assert parts in ([], ["c0", "c1", "c2"]) or (7 < count < 10 and drawn[7:] == ["c0", "c1"][: count - 7])


def test_a_case_longer_than_a_round_is_begun_where_there_is_nothing_else():
    assert engine.some([of_case(f"c{n}", "anli") for n in range(3)], seed="", count=2, known=str) == ["c0", "c1"]
