"""The rules of the opinion box, without anything around them."""

import random
import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.opinion import engine
from handlers.opinion.engine import drafts, near, promises, receipts
from handlers.opinion.engine.drafts import Bounds, Draft, Problem, Step

BOUNDS = Bounds(shortest=5, longest=100, pictures=2, voices=2)
LETTERS = "0123456789ACDEFGHJKMNPRTVWXY"
OPTIONS = ("工作建议", "生活困难", "其他")
codes = st.integers().map(lambda seed: receipts.drawn(random.Random(seed).randrange))


def a_draft(*pieces: str, pictures: tuple[str, ...] = ()) -> Draft:
    return Draft(receipt="0" * 12, step=Step.WORDS, category="其他", pieces=pieces, pictures=pictures)


# -- receipt codes ---------------------------------------------------------------------------------------------------


def test_no_two_letters_of_a_code_look_alike():
    groups = ("0OQ", "1IL", "2Z", "5S", "8B", "VU")
    used = set(receipts.ALPHABET)

    assert used == set(LETTERS)
    assert all(len(used & set(group)) == 1 for group in groups)


def test_a_billion_guesses_at_a_hundred_thousand_codes_are_expected_to_hit_less_than_once():
    codes_there_are = len(receipts.ALPHABET) ** (receipts.CODE_LETTERS - 1)

    assert 10**9 * 10**5 / codes_there_are < 0.1


@given(codes)
def test_a_drawn_code_is_one(code: str):
    assert len(code) == 12
    assert set(code) <= set(LETTERS)
    assert receipts.is_code(code)


@given(codes, st.integers(0, 11), st.sampled_from(LETTERS))
def test_one_wrong_letter_is_noticed(code: str, at: int, letter: str):
    typed = code[:at] + letter + code[at + 1 :]

    assert receipts.is_code(typed) == (typed == code)


@given(codes, st.integers(0, 10))
def test_two_letters_the_wrong_way_round_are_noticed(code: str, at: int):
    typed = code[:at] + code[at + 1] + code[at] + code[at + 2 :]

    assert receipts.is_code(typed) == (typed == code)


@pytest.mark.parametrize(
    "typed",
    [
        "HX03-MXM3-5Y2E",
        "hx03mxm35y2e",
        " hx03 mxm3 5y2e ",
        "ＨＸ０３－ＭＸＭ３－５Ｙ２Ｅ",
        "HXO3—MXM3—SYZE",
        "hxQ3.mxm3.5yze",
        "查询：HX03 MXM3 5Y2E",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str):
    assert receipts.read(typed) == "HX03MXM35Y2E"
    assert receipts.is_code(receipts.read(typed))


@given(st.text(max_size=40))
def test_anything_may_be_typed_as_a_code(typed: str):
    receipts.is_code(receipts.read(typed))
    receipts.has_code(typed)


@given(codes, st.sampled_from(["-", " ", "", "－"]))
def test_a_code_inside_a_text_is_seen(code: str, between: str):
    typed = between.join((code[:4], code[4:8], code[8:]))

    assert receipts.has_code(f"我上次的回执码是{typed}，请再看看")
    assert not receipts.has_code("一共花了 123456 元，电话 0991-1234567")


def test_a_code_is_shown_in_groups_of_four():
    assert receipts.shown("HX03MXM35Y2E") == "HX03-MXM3-5Y2E"


def test_no_drawn_code_needs_the_check_number_that_has_no_letter():
    drawn = {receipts.drawn(secrets.randbelow)[-1] for _ in range(2000)}

    assert drawn <= set(LETTERS)


# -- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("received", {"in_hand", "answered", "closed"}),
        ("in_hand", {"answered", "closed"}),
        ("answered", {"answered", "in_hand", "closed"}),
        ("closed", {"in_hand"}),
    ],
)
def test_a_state_is_followed_only_by_some(state: str, following: set[str]):
    everything = {"received", "in_hand", "answered", "closed", "nonsense"}

    assert {each for each in everything if engine.may_become(state, each)} == following


# -- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("1", 0),
        ("三", 2),
        ("第2个", 1),
        ("我选2", 1),
        ("2.生活困难", 1),
        ("困难", 1),
        ("其他吧", 2),
        ("4", None),
        ("0", None),
        ("12", None),
        ("不是其他", None),
        ("食堂太咸了其他还好", None),
        ("", None),
        ("议", None),
    ],
)
def test_an_option_is_chosen_by_number_or_name(said: str, at: int | None):
    assert drafts.chosen(said, OPTIONS) == at


def test_a_list_is_read_with_any_comma_and_ends_at_nine():
    assert promises.listed("甲、乙，丙, 丁\n") == ("甲", "乙", "丙", "丁")
    assert len(promises.listed("、".join(string.ascii_letters))) == 9


# -- a draft ---------------------------------------------------------------------------------------------------------


def test_several_messages_are_lines_of_one_opinion():
    first = drafts.with_words(a_draft(), "食堂的菜太咸", BOUNDS)
    assert isinstance(first, Draft)
    second = drafts.with_words(first, "米饭太硬", BOUNDS)
    assert isinstance(second, Draft)

    assert second.words == "食堂的菜太咸\n米饭太硬"


@pytest.mark.parametrize(
    ("draft", "text", "problem"),
    [
        (a_draft("食堂的菜太咸"), "食堂的菜太咸 ", Problem.SAME_AGAIN),
        (a_draft("字" * 60), "字" * 40, Problem.TOO_LONG),
        (a_draft(), "请看 hx03mxm35y2e 这条", Problem.HAS_CODE),
    ],
    ids=["same", "long", "code"],
)
def test_words_are_not_taken_with_a_reason(draft: Draft, text: str, problem: Problem):
    assert drafts.with_words(draft, text, BOUNDS) == problem


def test_what_cannot_be_seen_is_not_kept():
    taken = drafts.with_words(a_draft(), "食堂\u202e的\x00菜\u200b太咸\r", BOUNDS)

    assert isinstance(taken, Draft)
    assert taken.pieces == ("食堂的菜太咸",)


def test_the_last_allowed_picture_is_taken_and_one_more_is_not():
    one = a_draft(pictures=("a",))

    assert drafts.with_picture(one, "b", BOUNDS) == a_draft(pictures=("a", "b"))
    assert drafts.with_picture(one, "a", BOUNDS) == Problem.SAME_AGAIN
    assert drafts.with_picture(a_draft(pictures=("a", "b")), "c", BOUNDS) == Problem.TOO_MANY_PICTURES


@pytest.mark.parametrize(("words", "enough"), [("太咸了！！！", False), ("食堂菜太咸", True), ("。。。。。。", False)])
def test_punctuation_does_not_make_an_opinion_long_enough(words: str, enough: bool):  # noqa: FBT001
    assert (drafts.finished(a_draft(words), BOUNDS) != Problem.TOO_SHORT) == enough


@pytest.mark.parametrize("name", ["张三", "欧阳娜娜", "阿依古丽·买买提", "John O'Neil", "𠮷田"])
def test_these_are_names(name: str):
    taken = drafts.with_name(a_draft(), name)

    assert isinstance(taken, Draft)
    assert taken.name == name
    assert not taken.verified


@pytest.mark.parametrize(
    "name", ["张", "13900001111", "食堂的菜太咸了", "张三2", "", "？？", "同意", "好的", "匿名", "不 写"]
)
def test_these_are_not_names(name: str):
    assert drafts.with_name(a_draft(), name) == Problem.NOT_A_NAME


def test_a_draft_comes_back_from_json_as_it_was():
    draft = a_draft("食堂的菜太咸", pictures=("media",))

    assert Draft.load(draft.dumped()) == draft


def test_a_name_written_apart_is_one_name():
    taken = drafts.with_name(a_draft(), "欧阳 海棠")

    assert isinstance(taken, drafts.Draft)
    assert taken.name == "欧阳海棠"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("宿舍热水晚上九点就停", "宿舍的热水晚上九点就没有了"),
        ("食堂排队太长，希望多开一个窗口", "食堂中午排队长，请多开窗口"),
        ("宿舍热水晚上九点就停", "主题党日希望提前三天通知"),
        ("灯" * 1000, "走廊的灯坏了"),
        ("", "走廊的灯坏了"),
    ],
)
def test_a_sketch_says_about_how_alike_two_texts_are(one, other):
    about = near.sketched_likeness(near.sketch(one), near.sketch(other))

    assert about == pytest.approx(near.likeness(one, other), abs=0.12)
