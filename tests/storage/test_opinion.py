"""Opinions and leaves: kept once, found by those who may, and never in an order."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from storage import leaves
from storage import redis as fast
from storage.boxed import place
from storage.db import Database
from storage.leaves import Leaf, Leaves
from storage.opinion import ANONYMOUS_BYTES, Heard, Opinion, Opinions, Unread, anonymous_opinions, named_opinions
from storage.opinion_quota import Quota
from storage.people import People
from storage.sealing import Keys
from tests.storage.asked import asked_of_sql

TODAY = date(2026, 11, 23)
NOW = datetime(2126, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai"))  # far off: Redis has a clock of its own


@pytest.fixture
def opinions(db, keys):
    store = Opinions(db, keys)
    noise = an_opinion(store, "NOISE", words="别人的话")
    keep(store, noise)
    store.keep_named(replace(noise, id=store.id_of("NOISE-2"), named=True), message="noise")
    yield store
    assert [words_of(store, code) for code in ("NOISE", "NOISE-2")] == ["别人的话"] * 2


@pytest.fixture
def person(db, vault, keys):
    return People(db, vault, former=keys.mark("former")).meet(account="official", openid="oMember", today=TODAY).person


def an_opinion(store: Opinions, code: str, *, words: str = "热水停得太早", day: date = TODAY, **more: Any) -> Opinion:
    base = Opinion(id=store.id_of(code), day=day, named=False, category="生活困难", words=words, state="received")
    return replace(base, **more)


def keep(store: Opinions, opinion: Opinion) -> bool | None:
    """Let an anonymous opinion go through the letterbox to the leaves of its day."""
    (kept,) = store.carry([opinion])
    store.move(before=date.max)
    return kept


def words_of(store: Opinions, code: str) -> str:
    opinion = store.get(store.id_of(code))
    return opinion.words if opinion else ""


def rows(db: Database, table: sa.Table = anonymous_opinions) -> list[sa.Row[Any]]:
    with db.read() as connection:
        return list(connection.execute(sa.select(table)).all())


# -- anonymous -------------------------------------------------------------------------------------------------------


def test_an_anonymous_opinion_comes_back_as_it_was(opinions):
    full = an_opinion(
        opinions,
        "A",
        reply="改到十一点。",
        answered_on=TODAY,
        answers=2,
        awaited=(("official", "media-1"),),
        pictures=("a" * 24,),
        lost=1,
    )
    keep(opinions, full)

    assert opinions.get(full.id) == full


def test_the_same_receipt_is_kept_once(opinions, db):
    first, again, later = (
        keep(opinions, an_opinion(opinions, "A", words=words, day=day))
        for words, day in (("热水停得太早", TODAY), ("别的话", TODAY), ("又一句", TODAY + timedelta(days=1)))
    )

    assert (first, again, later) == (True, True, True)  # as new in the letterbox
    assert len(rows(db)) == 2  # and the noise
    assert words_of(opinions, "A") == "热水停得太早"


def test_nothing_in_a_row_but_the_day_can_be_read(opinions, db):
    keep(opinions, an_opinion(opinions, "A"))
    shown = repr(rows(db)).encode() + b"".join(row.sealed for row in rows(db))

    assert opinions.id_of("A").encode() not in shown
    assert "热水".encode() not in shown
    assert {row.day for row in rows(db)} == {TODAY}


def test_every_row_is_of_the_same_size_however_much_was_said(opinions, db):
    keep(opinions, an_opinion(opinions, "A", words="短"))
    media = tuple(("official-account", "m" * 64) for _ in range(12))
    longest = an_opinion(opinions, "B", words="𠮷" * 1000, reply="𠮷" * 500, awaited=media, pictures=("a" * 24,) * 9)
    longest = replace(longest, voices=("a" * 24,) * 3)
    longest = replace(longest, assignee="𠮷" * 32, tags=("𠮷" * 10,) * 5, same_as="a" * 24, due=TODAY, turns=99)
    keep(opinions, longest)

    assert {len(row.sealed) for row in rows(db)} == {ANONYMOUS_BYTES + 28}  # nonce and tag


@pytest.mark.parametrize(
    "act",
    [
        lambda store: keep(store, an_opinion(store, "NEW")),
        lambda store: store.change(store.id_of("A"), lambda now: replace(now, state="answered", reply="好的")),
        lambda store: store.stir(TODAY),
    ],
    ids=["sent", "answered", "stirred"],
)
def test_nothing_of_the_days_rows_stays_the_same_when_one_is_touched(opinions, db, act: Callable[[Opinions], object]):
    for code in "ABCDE":
        keep(opinions, an_opinion(opinions, code, words=code * 5))
    before = {value for row in rows(db) for value in (row.mark, row.generation, row.sealed)}
    act(opinions)
    after = {value for row in rows(db) for value in (row.mark, row.generation, row.sealed)}

    assert not before & after
    assert len({row.generation for row in rows(db)}) == 1
    assert [words_of(opinions, code) for code in "ABCDE"] == [code * 5 for code in "ABCDE"]


def test_the_newest_row_lies_anywhere(opinions, db, database_url):
    last = 0
    for number in range(30):
        keep(opinions, an_opinion(opinions, str(number), words=str(number)))
        places = places_of_rows(db, database_url)
        newest = next(row for row in rows(db) if opinions._leaves._opened(row).id == opinions.id_of(str(number)))
        last += places[newest.mark] in {min(places.values()), max(places.values())}

    assert last < 22  # about 6 by chance, 22 less than once in a million runs


def places_of_rows(db: Database, url: str) -> dict[str, float]:
    """Where each row lies: its place in the heap, or that of its last bytes in SQLite's journal."""
    if not db.is_sqlite:
        return {row.mark: at for at, row in enumerate(rows(db))}
    journal = Path(url.removeprefix("sqlite:///") + "-wal").read_bytes()
    return {row.mark: journal.find(row.sealed[-24:]) for row in rows(db)}


def test_the_rows_of_other_days_are_left_alone(opinions, db):
    yesterday = TODAY - timedelta(days=1)
    keep(opinions, an_opinion(opinions, "A", day=yesterday))
    before = [row for row in rows(db) if row.day == yesterday]
    keep(opinions, an_opinion(opinions, "B"))

    assert [row for row in rows(db) if row.day == yesterday] == before


def test_on_a_busy_day_so_many_others_are_laid_anew_and_all_are_found(db, keys):
    store = Opinions(db, keys, stirred=3)
    for number in range(12):
        keep(store, an_opinion(store, str(number), words=str(number) * 5))
    before = {row.mark for row in rows(db)}
    keep(store, an_opinion(store, "NEW"))
    after = {row.mark for row in rows(db)}

    assert len(after - before) == 4
    assert {words_of(store, str(number)) for number in range(12)} == {str(n) * 5 for n in range(12)}


def test_a_row_whose_day_or_name_was_changed_does_not_open(opinions, db):
    with db.begin() as connection:
        before = connection.execute(sa.select(anonymous_opinions)).first()
        connection.execute(anonymous_opinions.update().values(day=TODAY + timedelta(days=1)))
    moved = opinions.get(opinions.id_of("NOISE"))
    with db.begin() as connection:
        connection.execute(anonymous_opinions.update().values(day=before.day))

    assert moved is None


def test_what_another_key_sealed_is_left_alone(opinions, db):
    stranger = Opinions(db, Keys("another secret"))
    keep(stranger, an_opinion(stranger, "A"))

    assert len(rows(db)) == 2
    assert [each.words for each in stranger.of_days([TODAY])] == ["热水停得太早"]


GARBLED = '{"category":"生活困难","words":"热水'.encode() + b'\xff","state":"received"}'


def garble_named(db: Database, keys: Keys, opinion: str) -> None:
    """Damage the row of a named opinion inside its seal."""
    sealed = keys.box("opinion").seal(GARBLED, bound_to=place(opinion))
    with db.begin() as connection:
        connection.execute(named_opinions.update().where(named_opinions.c.id == opinion).values(sealed=sealed))


@pytest.mark.parametrize("moved", [False, True], ids=["letterbox", "leaves"])
@pytest.mark.parametrize("content", [GARBLED, b"", b"[]", b"heard\xff", b'heard{"turn":1,"strange":2}'])
def test_what_opens_and_cannot_be_read_takes_no_other_along(opinions, moved, content):
    broken, said = Leaf(opinions.id_of("BROKEN"), TODAY, content), an_opinion(opinions, "A")
    opinions.carry([broken])
    opinions.carry([said])
    if moved:
        opinions.move(before=date.max)

    assert opinions.unread() == [Unread(broken.id, TODAY)]
    assert opinions.get(broken.id) is None
    assert {each.words for each in opinions.of_days([TODAY])} == {"别人的话", "热水停得太早"}
    assert len(opinions.with_heard([TODAY])) == 3
    if not content.startswith(b"heard"):
        assert opinions.change(broken.id, lambda now: replace(now, words="")) is None
    assert opinions.unread() == [Unread(broken.id, TODAY)]  # nothing was written over it


def test_a_named_one_that_cannot_be_read_takes_no_other_along_and_goes_with_its_person(opinions, db, keys, person):
    broken, said = (an_opinion(opinions, code, named=True, person=person) for code in ("BROKEN", "A"))
    opinions.keep_named(broken, message="m1")
    opinions.keep_named(said, message="m2")
    garble_named(db, keys, broken.id)

    assert opinions.unread() == [Unread(broken.id, TODAY)]
    assert opinions.of_person(person) == [said]
    assert opinions.change(broken.id, lambda now: replace(now, words="")) is None
    with db.begin() as connection:
        opinions.untie(connection, person)
    assert opinions.unread() == []
    assert {row.person for row in rows(db, named_opinions)} == {None}


def test_senders_and_readers_at_the_same_time_lose_and_miss_nothing(opinions, db):
    keep(opinions, an_opinion(opinions, "A"))
    missed: list[int] = []
    sent: list[bool | None] = []

    def send(name: str) -> None:
        sent.extend(keep(opinions, an_opinion(opinions, f"{name}{number}")) for number in range(8))

    def look() -> None:
        missed.extend(number for number in range(60) if opinions.get(opinions.id_of("A")) is None)

    threads = [threading.Thread(target=send, args=(name,)) for name in "XYZ"] + [threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert missed == []
    assert sent == [True] * 24
    assert len(rows(db)) == 26


def test_a_change_that_is_refused_changes_nothing(opinions, db):
    before = rows(db)

    def refuse(_: Opinion) -> Opinion:
        raise LookupError

    with pytest.raises(LookupError):
        opinions.change(opinions.id_of("NOISE"), refuse)

    assert sorted(rows(db)) == sorted(before)
    assert opinions.change("f" * 24, refuse) is None


def test_a_leaf_longer_than_its_size_takes_two(db, keys):
    leaves = Leaves(db, anonymous_opinions, keys, size=64, stirred=5)
    leaves.add(Leaf("a" * 24, TODAY, b"x" * 100))

    assert leaves.get("a" * 24) == Leaf("a" * 24, TODAY, b"x" * 100)
    assert [len(row.sealed) for row in rows(db)] == [128 + 28]


# -- named -----------------------------------------------------------------------------------------------------------


def test_a_named_opinion_comes_back_with_its_person_and_its_words_lie_sealed(opinions, db, person):
    said = an_opinion(opinions, "A", named=True, person=person, name="王芳", verified=True)
    opinions.keep_named(said, message="m1")
    lying = b"".join(row.sealed for row in rows(db, named_opinions))

    assert opinions.get(said.id) == said
    assert opinions.of_person(person) == [said]
    assert "热水".encode() not in lying
    assert "王芳".encode() not in lying


def test_a_named_opinion_is_kept_once_for_a_message_and_once_for_a_receipt(opinions, person):
    said = an_opinion(opinions, "A", named=True, person=person)

    assert opinions.keep_named(said, message="m1")
    assert not opinions.keep_named(said, message="m2")
    assert not opinions.keep_named(replace(said, id=opinions.id_of("B")), message="m1")


def test_what_is_written_beside_a_named_opinion_is_written_where_it_is_kept(opinions, person):
    said = an_opinion(opinions, "A", named=True, person=person)
    beside: list[Any] = []
    for message in ("m1", "m1", "m2"):
        opinions.keep_named(said, message=message, beside=beside.append)

    assert len(beside) == 1


def test_who_is_untied_leaves_words_without_name_person_or_message(opinions, db, person):
    said = an_opinion(opinions, "A", named=True, person=person, name="王芳", verified=True)
    opinions.keep_named(said, message="m1")
    opinions.change(said.id, lambda now: replace(now, reply="好的", answers=1))
    with db.begin() as connection:
        opinions.untie(connection, person)

    assert opinions.get(said.id) == replace(said, person="", name="", verified=False, reply="好的", answers=1)
    assert {row.message for row in rows(db, named_opinions)} == {None, "noise"}
    assert opinions.to_tell() == []


def test_with_a_name_go_the_voices_and_the_place_that_could_stand_for_it(opinions, db, person):
    doubted = (("voice-1", "unchecked"), ("picture-1", "unchecked"))
    said = an_opinion(opinions, "A", named=True, person=person, name="王芳", pictures=("picture-1",), doubted=doubted)
    opinions.keep_named(replace(said, voices=("voice-1",), place="人民广场（31.23041, 121.47370）"), message="m1")
    with db.begin() as connection:
        gone = opinions.untie(connection, person)

    assert gone == ["voice-1"]
    assert opinions.get(said.id) == replace(said, person="", name="", doubted=doubted[1:])


def test_who_was_sealed_with_a_lost_key_can_still_be_untied(opinions, db, person):
    stranger = Opinions(db, Keys("another secret"))
    stranger.keep_named(an_opinion(stranger, "A", named=True, person=person), message="m1")
    with db.begin() as connection:
        opinions.untie(connection, person)

    assert {row.person for row in rows(db, named_opinions)} == {None}


def test_an_answer_is_to_be_told_until_this_very_answer_was(opinions, person):
    said = an_opinion(opinions, "A", named=True, person=person)
    opinions.keep_named(said, message="m1")
    opinions.change(said.id, lambda now: replace(now, reply="一", answers=1))
    (first,) = opinions.to_tell()
    opinions.change(said.id, lambda now: replace(now, reply="二", answers=2))
    opinions.told(first)
    (second,) = opinions.to_tell()
    opinions.told(second)

    assert (first.reply, second.reply) == ("一", "二")
    assert opinions.to_tell() == []


def test_a_state_that_changes_before_the_sender_was_told_does_not_take_the_answer_off_the_list(opinions, person):
    said = an_opinion(opinions, "A", named=True, person=person)
    opinions.keep_named(said, message="m1")
    opinions.change(said.id, lambda now: replace(now, reply="一", answers=1))
    opinions.change(said.id, lambda now: replace(now, state="closed"))

    assert [opinion.state for opinion in opinions.to_tell()] == ["closed"]


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_newest_day_comes_first_and_the_order_within_says_nothing(opinions):
    for back in range(3):
        for number in range(4):
            keep(opinions, an_opinion(opinions, f"{back}{number}", day=TODAY - timedelta(days=back)))
    days = opinions.days(most=2)
    found = opinions.of_days(days)

    assert days == [TODAY, TODAY - timedelta(days=1)]
    assert opinions.days(before=days[-1], most=5) == [TODAY - timedelta(days=2)]
    assert [opinion.day for opinion in found] == sorted((opinion.day for opinion in found), reverse=True)
    ids = [opinion.id for opinion in found if opinion.day == days[1]]
    assert ids == sorted(ids)


# -- the quota -------------------------------------------------------------------------------------------------------


def test_a_counter_names_nobody_and_ends_with_the_day_after(redis, keys):
    quota = Quota(redis, keys, a_day=2)
    quota.count(account="official", openid="oMember", now=NOW)
    quota.count(account="official", openid="oMember", now=NOW + timedelta(hours=3))
    ((key, ends),) = [(key, redis.expiretime(key)) for key in redis.keys("*")]

    assert quota.spent(account="official", openid="oMember", now=NOW)
    assert not quota.spent(account="official", openid="oOther", now=NOW)
    assert b"oMember" not in key
    assert ends == datetime(2126, 11, 24, tzinfo=NOW.tzinfo).timestamp()


def test_what_is_taken_is_counted_and_what_is_given_back_or_refused_is_not(redis, keys):
    quota = Quota(redis, keys, a_day=2)
    taken = [quota.take(account="official", openid="oMember", now=NOW) for _ in range(4)]
    quota.give_back(account="official", openid="oMember", now=NOW)
    again = [quota.take(account="official", openid="oMember", now=NOW) for _ in range(2)]

    assert taken == [True, True, False, False]
    assert again == [True, False]


def test_the_name_of_a_counter_is_another_one_tomorrow(redis, keys):
    quota = Quota(redis, keys, a_day=2)
    quota.count(account="official", openid="oMember", now=NOW)
    quota.count(account="official", openid="oMember", now=NOW + timedelta(days=1))

    assert len(redis.keys("*")) == 2


def test_without_redis_nobody_is_refused(keys):
    quota = Quota(fast.connect("redis://127.0.0.1:1"), keys, a_day=1)
    quota.count(account="official", openid="oMember", now=NOW)

    assert not quota.spent(account="official", openid="oMember", now=NOW)


# -- glimpsed --------------------------------------------------------------------------------------------------------


def test_each_is_read_once_the_first_days_first_and_no_more_than_so_many_at_a_look(opinions):
    later = TODAY + timedelta(days=1)
    for code, day in (("A", TODAY), ("B", later), ("C", later), ("D", TODAY)):
        keep(opinions, an_opinion(opinions, code, day=day))
    seen: list[str] = []
    known: dict[str, str | None] = {}

    def read(each: Opinion) -> str:
        seen.append(each.id)
        return each.id

    def look(most: int) -> set[str]:
        return set(opinions.glimpsed([later, TODAY], known, read, most=most))

    first, second = look(2), look(9)
    look(9)

    assert first >= {opinions.id_of("B"), opinions.id_of("C")}
    assert len(first) == 3  # a named one too
    assert second == {opinions.id_of(code) for code in ("A", "B", "C", "D", "NOISE", "NOISE-2")}
    assert len(seen) == len(set(seen)) == 6


def test_what_was_changed_is_read_again_and_what_waits_in_the_letterbox_is_seen(opinions):
    opinions.keep_named(an_opinion(opinions, "N", named=True), message="m")
    keep(opinions, an_opinion(opinions, "A"))
    opinions.carry([an_opinion(opinions, "W", words="刚说的")])
    known: dict[str, str | None] = {}

    def look() -> set[str]:
        return set(opinions.glimpsed([TODAY], known, lambda each: each.words, most=99))

    before = look()
    for code in ("N", "A"):
        opinions.change(opinions.id_of(code), lambda now: replace(now, words=f"{now.words}了"))

    assert before == {"热水停得太早", "刚说的", "别人的话"}
    assert look() == {"热水停得太早了", "刚说的", "别人的话"}


def test_many_are_brought_in_pieces_so_that_each_statement_keeps_within_its_time(opinions, db, monkeypatch):
    monkeypatch.setattr(leaves, "OPENED_AT_ONCE", 2)
    for code in ("A", "B", "C", "D"):
        keep(opinions, an_opinion(opinions, code))
    known: dict[str, str | None] = {}

    found: list[str] = []
    asked = asked_of_sql(lambda: found.extend(opinions.glimpsed([TODAY], known, lambda each: each.id, most=99)))

    assert len(found) == len(set(found)) == 6
    assert sum("anonymous_opinions.sealed" in each for each in asked) == 3  # of five


@pytest.mark.parametrize("change", ["sent", "moved", "changed", "heard", "named", "named changed"])
def test_how_all_lie_is_the_same_until_something_is_changed(opinions, change):
    opinions.carry([an_opinion(opinions, "W")])
    opinions.keep_named(an_opinion(opinions, "N", named=True), message="m")
    before = opinions.state()
    for _ in range(9):
        opinions.carry([])  # slots are written anew, with nothing new in them
    still = opinions.state()
    acts: dict[str, Callable[[], object]] = {
        "sent": lambda: opinions.carry([an_opinion(opinions, "A")]),
        "moved": lambda: opinions.move(before=date.max),
        "changed": lambda: opinions.change(opinions.id_of("NOISE"), lambda now: replace(now, state="answered")),
        "heard": lambda: opinions.carry([Heard(id=opinions.heard_id("x", 1), day=TODAY, turn=1, words="还没修好")]),
        "named": lambda: opinions.keep_named(an_opinion(opinions, "B", named=True), message="n"),
        "named changed": lambda: opinions.change(opinions.id_of("N"), lambda now: replace(now, state="answered")),
    }
    acts[change]()

    assert still == before
    assert opinions.state() != before
    opinions.change(opinions.id_of("NOISE"), lambda now: replace(now, state="received"))
