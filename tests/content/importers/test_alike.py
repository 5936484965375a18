"""Nearly the same texts are found, all of them, without comparing each with each."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from content.importers import alike

LONG = "党支部党员大会是党支部的议事决策机构一般每季度召开一次听取和审查党支部委员会的工作报告"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (LONG, True),
        (LONG.replace("一次", "两次"), True),
        (LONG.replace("季度", "个月"), True),
        (LONG[2:], True),
        (LONG[6:], False),
        (LONG.replace("党支部", "党小组"), False),
    ],
)
def test_nearly_the_same(other, found):
    assert bool([*alike.pairs(["别的题目", LONG, "还有一道", other])]) is found


def test_both_places_and_how_alike():
    [pair] = alike.pairs(["别的题目", LONG, LONG.replace("一次", "两次")])

    assert pair == (2, 1, 98)


@given(st.lists(st.text("甲乙丙", min_size=8, max_size=44), max_size=12), st.randoms(use_true_random=False))
def test_none_is_missed(texts, chance):
    texts = [each for text in texts for each in (text, edited(text, chance))]
    expected = {at for at in range(len(texts)) if any(fuzz.ratio(texts[at], each) >= 95 for each in texts[:at])}

    assert {pair.at for pair in alike.pairs(texts)} == expected


def edited(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(("", "丁", "丁丁")) + text[at + chance.randrange(3) :]


@given(st.lists(st.text("甲乙丙丁戊", min_size=1, max_size=44), max_size=12), st.randoms(use_true_random=False))
def test_a_sieve_keeps_whatever_is_nearly_one_of_the_few(texts, chance):
    few = [edited(text, chance) for text in texts]
    sieve = alike.Sieve(few)

    for text in texts:
        if any(fuzz.ratio(text, each) >= 95 for each in few):
            assert sieve.keeps(text)


def test_a_sieve_keeps_little_else():
    sieve = alike.Sieve([LONG])
    texts = (LONG, LONG[2:], LONG[::-1], "预备党员的权利除了没有表决权以外同正式党员一样")

    assert [sieve.keeps(each) for each in texts] == [True, True, False, False]
