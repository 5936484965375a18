"""What looks like a join code, as people type it off paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.membership import engine
from storage.codes import LENGTH, LETTERS

CODES = st.text(LETTERS, min_size=LENGTH, max_size=LENGTH)


@pytest.mark.parametrize(
    "said",
    [
        "K7MR2XQP",
        "k7mr2xqp",
        "Ｋ７ＭＲ２ＸＱＰ",
        "K7MR-2XQP",
        "k7mr 2xqp",
        "K7 MR 2X QP",
        "K7MR—2XQP。",
        "加入码：K7MR2XQP",
        "加入码是K7MR2XQP，谢谢",
        "绑定 K7MR2XQP",
        "join K7MR2XQP",
        "“K7MR2XQP”",
    ],
)
def test_a_code_is_found_however_it_is_typed(said):
    assert engine.code_in(said) == "K7MR2XQP"


@pytest.mark.parametrize("said", ["", "绑定", "K7MR2XQ", "K7MR2XQPA", "K7MR2XO0", "13900001111", "你好", "K7MR2XQ一"])
def test_what_is_no_code_is_none(said):
    assert engine.code_in(said) is None


@given(CODES, st.sampled_from(["{}", " {} ", "绑定{}", "我的加入码是 {}。"]), st.booleans())
def test_every_code_that_is_given_out_is_read(code, words, small):
    said = words.format(code[:4] + "-" + code[4:])

    assert engine.code_in(said.lower() if small else said) == code


@given(st.text() | st.text(LETTERS + "- 绑定"))
def test_anything_may_be_typed(said):
    code = engine.code_in(said)

    assert code is None or len(code) == LENGTH
