"""Picking from a numbered list, as people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.models import Topic
from handlers.subscription import engine

SIX = tuple(
    Topic(id=f"t{number}", name=name)
    for number, name in enumerate(("党章党规", "发展党员", "组织生活", "政策解读", "要闻", "A股"), start=1)
)
TWELVE = tuple(Topic(id=f"t{number}", name=f"主题{number}") for number in range(1, 13))


def numbers(chosen):
    return None if chosen is None else [int(topic.id[1:]) for topic in chosen]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", [1]),
        ("1 3", [1, 3]),
        ("1,3", [1, 3]),
        ("1，3", [1, 3]),
        ("１、３", [1, 3]),
        ("1和3", [1, 3]),
        ("1.3.", [1, 3]),
        ("第1项", [1]),
        ("一", [1]),
        ("第一项、第三项", [1, 3]),
        ("二和五", [2, 5]),
        ("党章党规、要闻", [1, 5]),
        ("要闻 A股", [5, 6]),
        ("1号、3号。", [1, 3]),
        ("3 1 3", [3, 1]),
        ("13", [1, 3]),
        ("  2\n", [2]),
        ("【4】", [4]),
        ("要闻", [5]),
        ("“要闻”", [5]),
        ("a股", [6]),
        ("全部", [1, 2, 3, 4, 5, 6]),
        ("都要", [1, 2, 3, 4, 5, 6]),
        ("0", None),
        ("7", None),
        ("1 7", None),
        ("", None),
        ("。", None),
        ("闻", None),
        ("一三", None),
        ("1个也不要", None),
        ("-1", [1]),
    ],
)
def test_what_is_typed_means(said, meant):
    assert numbers(engine.picked(said, SIX)) == meant


@pytest.mark.parametrize(("said", "meant"), [("12", [12]), ("1 2", [1, 2]), ("112", None), ("13", None)])
def test_in_a_longer_list_two_digits_are_one_number(said, meant):
    assert numbers(engine.picked(said, TWELVE)) == meant


@given(st.text() | st.text("0123456789 ,、第项"))
def test_anything_may_be_typed(said):
    chosen = engine.picked(said, SIX)

    assert chosen is None or set(chosen) <= set(SIX)


@pytest.mark.parametrize("said", ["退订1", "退订 1", "退订：1", "【退订1】", "退订１。"])
def test_what_follows_the_word_is_found_through_signs_and_width(said):
    assert engine.rest_of("退订", said) == "1"
