"""Codes that people type."""

from storage import codes


def test_a_code_has_a_digit_so_that_it_is_no_word_where_it_is_said_alone():
    drawn = [codes.drawn() for _ in range(300)]

    assert [code for code in drawn if not any(map(str.isdigit, code))] == []
    assert {len(code) for code in drawn} == {codes.LENGTH}
    assert set("".join(drawn)) == set(codes.LETTERS)
