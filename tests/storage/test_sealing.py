"""What is sealed is read by nobody without the secret, and changed by nobody unnoticed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing import CannotOpen, DayBox, Keys

KEYS = Keys("a secret of these tests")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_key_is_the_same_for_its_purpose_and_another_for_another():
    assert KEYS.key("a") == Keys("a secret of these tests").key("a")
    assert len({KEYS.key("a"), KEYS.key("b"), Keys("another secret").key("a")}) == 3
    assert len(KEYS.key("a")) == 32


@given(st.binary(), st.binary())
def test_what_was_sealed_is_opened_again(plain, bound_to):
    box = KEYS.box("a")

    assert box.open(box.seal(plain, bound_to=bound_to), bound_to=bound_to) == plain


@given(st.binary(max_size=40), st.data())
def test_one_changed_bit_is_noticed(plain, data):
    box = KEYS.box("a")
    sealed = bytearray(box.seal(plain))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8

    with pytest.raises(CannotOpen):
        box.open(bytes(sealed))


@given(st.binary(max_size=40))
def test_what_was_never_sealed_is_not_opened(raw):
    with pytest.raises(CannotOpen):
        KEYS.box("a").open(raw)


@pytest.mark.parametrize(
    ("box", "bound_to"),
    [(KEYS.box("b"), b"o-1"), (Keys("another secret").box("a"), b"o-1"), (KEYS.box("a"), b"o-2"), (KEYS.box("a"), b"")],
    ids=["another purpose", "another secret", "another member", "no member"],
)
def test_it_opens_for_nobody_else(box, bound_to):
    sealed = KEYS.box("a").seal(b"words", bound_to=b"o-1")

    with pytest.raises(CannotOpen):
        box.open(sealed, bound_to=bound_to)


def test_the_same_words_are_never_sealed_to_the_same_bytes():
    box = KEYS.box("a")

    assert len({box.seal(b"words") for _ in range(100)}) == 100


def test_a_mark_is_equal_for_equal_things_and_keeps_its_parts_apart():
    mark = KEYS.mark("a")

    assert mark("official", "o-1") == mark("official", "o-1")
    assert len({mark("ab", "c"), mark("a", "bc"), mark("abc"), KEYS.mark("b")("abc")}) == 4
    assert "o-1" not in mark("official", "o-1")


@given(st.text())
def test_a_mark_takes_any_words(words):
    assert len(KEYS.mark("a")(words)) == 64


@pytest.mark.parametrize(("later", "opens"), [(0, True), (1, True), (2, False), (30, False)])
def test_a_day_box_opens_what_is_of_today_or_yesterday(later, opens):
    box = DayBox(KEYS, "talk")
    sealed = box.seal(b"words", now=NOON)

    if opens:
        assert box.open(sealed, now=NOON + timedelta(days=later)) == b"words"
    else:
        with pytest.raises(CannotOpen):
            box.open(sealed, now=NOON + timedelta(days=later))


def test_a_day_box_seals_every_day_with_another_key():
    sealed = DayBox(KEYS, "talk").seal(b"words", now=NOON)

    with pytest.raises(CannotOpen):
        KEYS.box("talk:2026-11-24").open(sealed)
    assert KEYS.box("talk:2026-11-23").open(sealed) == b"words"
