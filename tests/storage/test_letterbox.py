"""The letterbox: a round looks the same whatever it carries, and nothing that it took is lost or kept twice."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise

import pytest
import sqlalchemy as sa

from storage.db import Database
from storage.leaves import Leaf, Leaves
from storage.letterbox import SLOT_BYTES, SLOTS, Letterbox, letterbox
from storage.opinion import Opinions, anonymous_opinions
from storage.sealing import Keys
from tests.storage.asked import asked_of_sql
from tests.storage.test_opinion import an_opinion

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)
TYPICAL = b"x" * 1150  # 300 characters of Chinese, and what else an opinion holds
LONGEST = b"x" * 4200


@pytest.fixture
def leaves(db, keys):
    return Leaves(db, anonymous_opinions, keys, size=SLOT_BYTES, stirred=20)


@pytest.fixture
def box(db, keys, leaves):
    return Letterbox(db, keys, leaves)


@pytest.fixture
def small(db, keys, leaves):
    return Letterbox(db, keys, leaves, slots=4)


def a_word(number: int, content: bytes = b"words", day: date = TODAY) -> Leaf:
    return Leaf(f"{number:024x}", day, content)


def slots(db: Database) -> dict[int, bytes]:
    with db.read() as connection:
        return {row.slot: row.sealed for row in connection.execute(sa.select(letterbox)).all()}


# -- a round ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("waiting", [[], [a_word(1)], [a_word(n, TYPICAL) for n in range(10)]], ids=len)
def test_a_round_writes_one_slot_as_long_as_the_others_whatever_waits(box, db, waiting):
    box.carry([])
    before = slots(db)
    box.carry(waiting)
    after = slots(db)

    assert len(before) == len(after) == SLOTS
    assert sum(before[slot] != sealed for slot, sealed in after.items()) == 1
    assert {len(sealed) for sealed in after.values()} == {SLOT_BYTES + 28}  # nonce and tag


@pytest.mark.parametrize(
    "waiting", [[a_word(1)], [a_word(n, TYPICAL) for n in range(10)], [a_word(0)]], ids=["one", "ten", "a repeat"]
)
def test_a_round_sends_the_same_statements_whatever_waits(box, db, waiting):
    box.carry([a_word(0)])
    with_nothing = asked_of_sql(lambda: box.carry([]))

    assert len(with_nothing) >= 2
    assert asked_of_sql(lambda: box.carry(waiting)) == with_nothing != []


def test_every_slot_has_its_turn_and_none_twice_in_a_row(small, db):
    drawn = []
    before = slots(db)
    for _ in range(60):
        small.carry([])
        after = slots(db)
        drawn += [slot for slot, sealed in after.items() if before.get(slot, sealed) != sealed]
        before = after

    assert len(set(drawn)) == 4  # one of them is missing less than once in a million runs
    assert all(one != other for one, other in pairwise(drawn))


def test_what_was_carried_is_there_and_once(box):
    first = box.carry([a_word(1), a_word(2), a_word(1)])
    again = box.carry([a_word(2, b"other"), a_word(3)])

    assert (first, again) == ([True, True, False], [False, True])
    assert box.words() == [a_word(1), a_word(2), a_word(3)]


def test_what_has_no_room_waits_for_the_next_round(box):
    first = box.carry([a_word(1, LONGEST), a_word(2, LONGEST), a_word(3)])
    second = box.carry([a_word(2, LONGEST)])

    assert (first, second) == ([True, None, True], [True])


def test_ten_at_once_have_room_in_two_rounds(box):
    waiting = [a_word(number, TYPICAL) for number in range(10)]
    went = box.carry(waiting)
    left = [word for word, kept in zip(waiting, went, strict=True) if kept is None]

    assert box.carry(left) == [True] * len(left)


def test_words_lie_sealed(box, db):
    box.carry([a_word(7, "热水停得太早".encode())])
    lying = b"".join(slots(db).values())

    assert "热水".encode() not in lying
    assert a_word(7).id.encode() not in lying


def test_what_another_key_sealed_is_left_alone_and_takes_no_room(box, db, leaves):
    stranger = Letterbox(db, Keys("another secret"), leaves)
    stranger.carry([a_word(1)])
    theirs = slots(db)
    box.carry([a_word(2)])
    box.change(a_word(2).id, lambda leaf: replace(leaf, content=b"answered"))

    assert theirs.items() <= slots(db).items()
    assert len(slots(db)) == 2 * SLOTS
    assert (box.words(), stranger.words()) == ([a_word(2, b"answered")], [a_word(1)])


def test_a_slot_put_in_anothers_place_does_not_open(small, db):
    small.carry([])
    (one, first), (other, second), *_ = slots(db).items()
    with db.begin() as connection:
        connection.execute(letterbox.update().where(letterbox.c.slot == one).values(sealed=second))
        connection.execute(letterbox.update().where(letterbox.c.slot == other).values(sealed=first))
    with db.read() as connection:
        assert len(small._slots(connection)) == 2


# -- moving ----------------------------------------------------------------------------------------------------------


def test_when_the_day_is_over_its_words_are_leaves_and_every_slot_is_another_one(box, db, leaves):
    box.carry([a_word(1, day=YESTERDAY), a_word(2), a_word(3, day=YESTERDAY)])
    before = slots(db)
    box.move(before=TODAY)

    assert box.words() == [a_word(2)]
    assert leaves.of_days([YESTERDAY]) == [a_word(1, day=YESTERDAY), a_word(3, day=YESTERDAY)]
    assert not set(before.values()) & set(slots(db).values())


def test_the_words_of_a_day_are_laid_in_one_transaction(box, db):
    for number in range(5):
        box.carry([a_word(number, day=YESTERDAY)])
    box.move(before=TODAY)
    with db.read() as connection:
        generations = connection.execute(sa.select(anonymous_opinions.c.generation)).scalars().all()

    assert len(generations) == 5
    assert len(set(generations)) == 1


def test_where_no_day_is_over_nothing_is_written(box, db):
    box.carry([a_word(1)])
    before = slots(db)
    box.move(before=TODAY)

    assert slots(db) == before


def test_what_is_a_leaf_already_is_not_laid_again(box, leaves):
    leaves.add(a_word(1, b"answered", YESTERDAY))
    box.carry([a_word(1), a_word(2)])
    box.move(before=date.max)

    assert box.words() == []
    assert leaves.of_days([YESTERDAY, TODAY]) == [a_word(1, b"answered", YESTERDAY), a_word(2)]


def test_before_it_is_full_all_that_lies_there_is_moved(small, leaves):
    """Half of four slots are 16 KiB."""
    for number in range(4):
        assert _carried(small, a_word(number, LONGEST))
    waiting = len(small.words())
    assert _carried(small, a_word(4, LONGEST))

    assert waiting == 4
    assert [leaf.id for leaf in leaves.of_days([TODAY])] == [a_word(number).id for number in range(4)]
    assert [leaf.id for leaf in small.words()] == [a_word(4).id]


def _carried(box: Letterbox, word: Leaf) -> bool:
    return any(box.carry([word]) == [True] for _ in range(50))


# -- changing --------------------------------------------------------------------------------------------------------


def test_a_change_writes_every_slot_and_loses_nothing(box, db):
    box.carry([a_word(number) for number in range(5)])
    before = slots(db)
    after = box.change(a_word(2).id, lambda leaf: replace(leaf, content=b"answered"))

    assert after == a_word(2, b"answered")
    assert [leaf.content for leaf in box.words()] == [b"words", b"words", b"answered", b"words", b"words"]
    assert not set(before.values()) & set(slots(db).values())


def test_what_is_not_there_is_not_changed_and_nothing_is_written(box, db):
    box.carry([a_word(1)])
    before = slots(db)

    assert box.change(a_word(2).id, lambda leaf: leaf) is None
    assert slots(db) == before


def test_a_change_that_is_refused_changes_nothing(box, db):
    box.carry([a_word(1)])
    before = slots(db)

    def refuse(_: Leaf) -> Leaf:
        raise LookupError

    with pytest.raises(LookupError):
        box.change(a_word(1).id, refuse)
    assert slots(db) == before


def test_a_change_that_has_no_room_takes_all_to_the_leaves(small, leaves):
    words = [a_word(number, b"x" * 4000) for number in range(4)]
    for word in words:
        assert _carried(small, word)
    small.change(words[1].id, lambda leaf: replace(leaf, content=b"y" * 8192))

    assert small.words() == []
    assert [leaf.content[:1] for leaf in leaves.of_days([TODAY])] == [b"x", b"y", b"x", b"x"]


# -- many at once ----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(database_url) -> Iterator[Callable[[], Opinions]]:
    """The opinions as another process has them: connections of its own."""
    opened: list[Database] = []

    def another() -> Opinions:
        opened.append(Database(database_url))
        return Opinions(opened[-1], Keys("a secret that only the tests know"))

    yield another
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    "look",
    [
        lambda store: store.get(store.id_of("A")),
        lambda store: store.of_days([TODAY]),
    ],
    ids=["one", "all"],
)
@pytest.mark.parametrize("statements", [1, 2, 3])
def test_who_looks_while_words_are_moved_finds_them(elsewhere, look: Callable[[Opinions], object], statements: int):
    """The move comes after so many statements of the look."""
    store, clock = elsewhere(), elsewhere()
    store.carry([an_opinion(store, "A")])
    seen = count(1)

    def came(*_: object) -> None:
        if next(seen) == statements:
            clock.move(before=date.max)

    sa.event.listen(store._db._alone, "after_cursor_execute", came)

    assert look(store)
    assert next(seen) > statements


def sends(store: Opinions, codes: list[str]) -> None:
    """What a web worker does with words that wait: three a round, until all are kept."""
    left = [an_opinion(store, code) for code in codes]
    while left:
        went = store.carry(left[:3])
        left = [each for each, kept in zip(left[:3], went, strict=True) if kept is None] + left[3:]


def answers(store: Opinions, code: str, *, times: int) -> None:
    for _ in range(times):
        assert store.change(store.id_of(code), lambda now: replace(now, answers=now.answers + 1))


def moves(store: Opinions, times: int) -> None:
    for _ in range(times):
        store.move(before=date.max)
        time.sleep(0.02)


def test_rounds_moves_answers_and_readers_at_once_lose_nothing(elsewhere):
    """Three web workers send, a clock moves, two admins answer the same word, and somebody looks for it."""
    home, clock = elsewhere(), elsewhere()
    home.carry([an_opinion(home, "ANSWERED")])
    wanted = home.id_of("ANSWERED")
    found: list[bool] = []
    codes = [[code for number in range(8) for code in (f"{name}{number}", f"SHARED{number}")] for name in "XYZ"]
    everybody = [
        *(threading.Thread(target=sends, args=(elsewhere(), theirs)) for theirs in codes),
        *(threading.Thread(target=answers, args=(elsewhere(), "ANSWERED"), kwargs={"times": 8}) for _ in range(2)),
        threading.Thread(target=moves, args=(clock, 20)),
    ]
    for thread in everybody:
        thread.start()
    while any(thread.is_alive() for thread in everybody):
        found.append(home.get(wanted) is not None)
    kept = home.of_days([TODAY])

    assert set(found) == {True}
    assert len({each.id for each in kept}) == len(kept) == 1 + 3 * 8 + 8
    assert [each.answers for each in kept if each.id == wanted] == [16]
    home.move(before=date.max)
    with home._db.read() as connection:
        assert len(connection.execute(sa.select(anonymous_opinions)).all()) == len(kept)
