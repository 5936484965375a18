"""After a change of `secret_key` what lay under it is sealed anew, and what only a key of its time finds is found."""

import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import app
from storage import lasting
from storage.admin_factors import Factors, Shared
from storage.admins import Admins
from storage.appointment import Appointment, Appointments
from storage.audit import Act, Audit, Deed
from storage.boxed import Boxed
from storage.checks import Checks
from storage.db import metadata
from storage.erasures import Erasures
from storage.lasting import Lasting, Purpose
from storage.leaves import NO_DAY
from storage.letterbox import letterbox
from storage.measure import Measure, Measures
from storage.opinion import Heard, Opinion, Opinions, anonymous_opinions
from storage.opinion_notes import Note
from storage.people import People
from storage.pictures import Pictures, pictures
from storage.resealing import Resealing
from storage.sealing import Keys, Under
from storage.survey import IN_LETTERBOX, Surveys, survey_box, survey_leaves
from storage.vault import Vault
from tests import authenticator

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, 0, 10, tzinfo=UTC)
FIRST, SECOND, THIRD = "the first secret of three", "the second secret", "the third secret"
TALK = Appointment(host="shuji", at=NOW + timedelta(days=9), name="张三", words="想聊聊", state="asked")
LOOK = Deed(act=Act.REVEAL, kind="member", account="li", role="general", door="/admin/members")


class House:
    """All that lies under a secret, as its programs see it."""

    opinions: Any
    checks: Any
    factors: Any

    def __init__(self, db, redis, *secrets):
        self.db, self.keys = db, Keys(*secrets)
        ballots = survey_box(db, self.keys)
        self.people = People(db, Vault(db, self.keys), former=self.keys.mark("former"))
        self.opinions = Opinions(db, self.keys, others={IN_LETTERBOX: ballots})
        self.surveys = Surveys(db, self.keys, redis, leaves=ballots, letterbox=self.opinions.letterbox)
        self.pictures, self.talks = Pictures(db, self.keys), Appointments(db, self.keys)
        self.measures, self.factors = Measures(db, self.keys), Factors(db, self.keys)
        self.audit, self.checks = Audit(db, self.keys), Checks(db, self.keys)
        self.resealing = Resealing(db, self.keys, heaps=app.heaps(db, self.keys), piece=7)

    def opinion(self, receipt, **more):
        told = {"day": TODAY, "named": False, "category": "生活困难", "words": receipt * 3, "state": "asked"}
        return Opinion(id=self.opinions.id_of(receipt), **{**told, **more})

    def live(self):
        """A member of whom there is everything, and an admin with a second factor: their ids, and its secret."""
        person = self.people.meet(account="official", openid="o-1", today=TODAY).person
        lies, asked, waits = self.opinion("lies"), self.opinion("asked", turns=1), self.opinion("waits")
        said = Heard(id=self.opinions.heard_id(asked.id, 1), day=TODAY, turn=1, words="三楼")
        ballot = self.surveys.ballot("canteen", self.surveys.paper(), {"1": "a"}, today=TODAY)
        self.opinions.carry([lies, asked, said, ballot, self.surveys.mark("canteen", person, today=TODAY)])
        self.opinions.move(before=date.max)
        self.opinions.carry([waits, self.surveys.mark("lift", person, today=TODAY)])
        named = self.opinion("named", named=True, person=person, name="张三")
        self.opinions.keep_named(
            named, message="m-1", beside=self.checks.due(named.id, ["p"], account="mini", until=NOW)
        )
        (check,) = self.checks.waiting()
        self.checks.asked(check, "trace-1", until=NOW)
        self.opinions.notes.add(lies.id, a_note("第一句"))
        self.pictures.keep("a" * 24, b"picture" * 9_999, day=TODAY)
        self.talks.ask(Appointment(**{**told_of(TALK), "person": person}), message="m-2")
        self.measures.add(a_measure())
        Admins(self.db).add(name="li", password_hash="x")
        (admin,) = [each.id for each in Admins(self.db).all()]
        self.factors.prepare(admin)
        secret = self.factors.prepared(admin).secret
        self.factors.turn_on(admin, code(secret, NOW), now=NOW)
        self.audit.note(Deed(**{**fields(LOOK), "person": person, "reason": "家访"}), now=NOW)
        self.audit.note(Deed(**{**fields(LOOK), "reason": "查数据库"}), now=NOW)
        return person, admin, secret

    def told(self, person):
        """All of it, as it is read."""
        receipts = {each: self.opinions.of_receipt(each) for each in ("lies", "asked", "waits", "named")}
        return {
            "words": {receipt: found and found.words for receipt, found in receipts.items()},
            "heard": [each.words for each in receipts["asked"].heard] if receipts["asked"] else None,
            "listed": [(each.words, len(each.heard)) for each in self.opinions.with_heard([TODAY])],
            "notes": [each.words for each in self.opinions.notes.of(receipts["lies"].id)] if receipts["lies"] else None,
            "picture": self.pictures.get("a" * 24),
            "talks": [(each.name, each.words) for each in self.talks.of_person(person)],
            "free": self.talks.is_free(TALK.host, TALK.at),
            "measures": [each.problem for each in self.measures.all()],
            "took part": self.surveys.answered(["canteen", "lift", "other"], person),
            "trail": [each.reason for each in self.audit.entries(most=9)],
            "of person": [each.sequence for each in self.audit.of(person)],
            "holds": self.audit.verify().broken,
        }

    def reseal(self):
        return sum(self.resealing.reseal())


TOLD = {
    "words": {each: each * 3 for each in ("lies", "asked", "waits", "named")},
    "heard": ["三楼"],
    "listed": [("asked" * 3, 1), ("lies" * 3, 0), ("named" * 3, 0), ("waits" * 3, 0)],
    "notes": ["第一句"],
    "picture": b"picture" * 9_999,
    "talks": [("张三", "想聊聊")],
    "free": False,
    "measures": ["灯坏了"],
    "took part": frozenset({"canteen", "lift"}),
    "trail": ["查数据库", "家访"],
    "of person": [1],
    "holds": None,
}


def fields(of):
    return {name: getattr(of, name) for name in of.__slots__}


def told_of(talk):
    return {name: getattr(talk, name) for name in ("host", "at", "name", "words", "state")}


def a_note(words):
    return Note(turn=0, kind="internal", words=words, day=TODAY, author="li")


def a_measure():
    return Measure(problem="灯坏了", measure="换", responsible="li", until=TODAY, made_by="li", made_on=TODAY)


def code(secret, now):
    return authenticator.code(Shared(secret).typed, now)


def ordered(told):
    """What has no order, in one."""
    return {**told, "listed": sorted(told["listed"])}


def keep(house, receipts):
    """Opinions without a name, at home in their table."""
    for receipt in receipts:
        assert house.opinions.carry([house.opinion(receipt)]) == [True]
        house.opinions.move(before=date.max)


@pytest.fixture
def lived(db, redis):
    """A house in which everything was sealed with the first secret; the member, the admin and its second factor."""
    return House(db, redis, FIRST).live()


def test_with_another_secret_all_is_read_and_found_while_the_one_before_is_named(lived, db, redis):
    person, admin, secret = lived
    both = House(db, redis, SECOND, FIRST)
    lies = both.opinions.of_receipt("lies").id

    assert ordered(both.told(person)) == TOLD
    assert both.opinions.change(lies, lambda now: now.at(state="answered", due=None)).state == "answered"
    both.opinions.notes.add(lies, a_note("第二句"))
    assert [each.words for each in both.opinions.notes.of(lies)] == ["第一句", "第二句"]
    assert not both.talks.ask(Appointment(**told_of(TALK), person=person), message="m-3")
    assert both.checks.told("mini", "trace-1", "pass", until=NOW).part == "p"
    assert both.factors.accept(admin, code(secret, NOW + timedelta(hours=1)), now=NOW + timedelta(hours=1))


def test_sealed_anew_it_needs_the_one_before_no_more_and_after_two_changes_a_receipt_is_still_found(lived, db, redis):
    person, admin, secret = lived
    both = House(db, redis, SECOND, FIRST)
    before = both.resealing.left()
    rows = both.reseal()
    after, alone = both.resealing.left(), House(db, redis, SECOND)
    told = alone.told(person)
    alone.opinions.keep_named(alone.opinion("later", named=True, day=TODAY - timedelta(days=1)), message="m-9")
    House(db, redis, THIRD, SECOND).reseal()
    last = House(db, redis, THIRD)

    assert {name: each.unknown for name, each in before.items() if each.unknown} == {}
    assert before == {
        "letterbox": Under(64),
        "anonymous_opinions": Under(3),
        "pictures": Under(1),
        "survey_leaves": Under(2),
        **dict.fromkeys(
            ["admin_factors", "appointments", "measures", "named_opinions", "opinion_notes", "person_keys"], Under(1)
        ),
    }
    assert (rows, after) == (76, {})
    assert ordered(told) == ordered(last.told(person)) == TOLD
    assert last.opinions.of_receipt("later").words == "later" * 3
    assert last.factors.accept(admin, code(secret, NOW + timedelta(hours=1)), now=NOW + timedelta(hours=1))


def test_without_the_one_before_nothing_is_read_and_it_is_told_how_much(lived, db, redis):
    alone = House(db, redis, SECOND)

    assert alone.opinions.of_receipt("lies") is None
    assert alone.reseal() == 0
    assert alone.resealing.left()["anonymous_opinions"] == Under(0, 3)
    House(db, redis, SECOND, FIRST).reseal()
    assert ordered(House(db, redis, SECOND).told(lived[0])) == TOLD


_RESEALS = """
import sys, time
import app
from storage.db import Database
from storage.resealing import Resealing
from storage.sealing import Keys

db, keys = Database(sys.argv[1]), Keys(*sys.argv[2:])
for heap in (heaps := app.heaps(db, keys)):
    heap._stirred = 5
for _ in Resealing(db, keys, heaps=heaps, piece=5).reseal():
    print("a piece", flush=True)
    time.sleep(0.05)
"""


def test_killed_in_the_middle_the_next_one_goes_on_and_nothing_is_lost(db, redis):
    first = House(db, redis, FIRST)
    receipts = [f"r{number}" for number in range(40)]
    keep(first, receipts)
    for number in range(20):
        first.measures.add(a_measure())
        first.opinions.keep_named(first.opinion(f"n{number}", named=True), message=f"m-{number}")
    command = [sys.executable, "-c", _RESEALS, db.url, SECOND, FIRST]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as changing:
        assert changing.stdout is not None
        for _ in range(3):
            assert changing.stdout.readline() == "a piece\n"
        changing.send_signal(signal.SIGKILL)
    both = House(db, redis, SECOND, FIRST)
    left = sum(each.former for each in both.resealing.left().values())

    assert 0 < left < 80
    assert both.reseal() == left
    alone = House(db, redis, SECOND)
    assert [alone.opinions.of_receipt(each).words for each in receipts] == [each * 3 for each in receipts]
    assert len(alone.measures.all()) == 20


# -- what it tells -----------------------------------------------------------------------------------------------------


def values(db, *tables):
    """Every value that isn't the day's."""
    with db.read() as connection:
        rows = [row for table in tables for row in connection.execute(sa.select(table)).all()]
    return {bytes(value) if isinstance(value, memoryview) else value for row in rows for value in row} - {TODAY, NO_DAY}


def test_of_words_without_a_name_two_backups_have_no_row_in_common(lived, db, redis):
    with db.read() as connection:
        slots = {*connection.scalars(sa.select(letterbox.c.slot))}
    tables = (anonymous_opinions, letterbox, survey_leaves, pictures)
    before = values(db, *tables)
    House(db, redis, SECOND, FIRST).reseal()
    after = values(db, *tables)

    assert before & after == slots  # which mean nothing, and all of which were written


def test_which_rows_go_together_is_drawn_by_lot(db, redis):
    """Of twelve a day, by threes: the last that came is as often among the first three as any other."""
    receipts, first = [f"r{number}" for number in range(12)], 0
    keep(House(db, redis, FIRST), receipts)
    secrets = [FIRST, SECOND]
    for _ in range(40):
        house = House(db, redis, *secrets[::-1])
        heap = house.opinions._leaves
        heap._stirred = 3
        next(heap.reseal())
        with db.read() as connection:
            rows = connection.execute(sa.select(anonymous_opinions)).all()
        laid = [heap._opened(row) for row in rows if heap._box.whose(row.sealed, bound_to=place_of(row)).value == "own"]
        first += house.opinions._id.all("r11")[-1][:24] in {leaf.id for leaf in laid}
        for _ in heap.reseal():
            pass
        secrets.reverse()

    assert 2 <= first <= 20  # ten by chance; fewer or more less than once in a thousand runs


def place_of(row):
    return f"{row.mark}:{row.day.isoformat()}".encode()


# -- that all of it is sealed anew -------------------------------------------------------------------------------------


def test_every_column_of_bytes_is_sealed_anew_or_stands_here_with_its_reason():
    ours = {
        "audit_trail.reason": "part of what the trail's hashes prove; its key is kept (storage.lasting)",
        "data_keys.sealed": "sealed anew by storage.rotation",
        "lasting_keys.sealed": "sealed anew by storage.lasting",
        "letterbox.sealed": "written anew by itself",
        "pack_versions.packed": "a file of the pack, in clear",
        **dict.fromkeys(
            ["anonymous_opinions.sealed", "pictures.sealed", "survey_leaves.sealed"], "leaves, laid anew by themselves"
        ),
    }
    found = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary) and not isinstance(column.type, Boxed)
    }

    assert found == ours.keys()


# -- the keys that last ------------------------------------------------------------------------------------------------


def test_of_a_key_that_lasts_nothing_can_be_read_without_the_secret(lived, db, redis):
    House(db, redis, SECOND, FIRST).reseal()
    with db.read() as connection:
        rows = connection.execute(sa.select(lasting.lasting_keys)).all()
        strange = lasting.kept(connection, Keys("a guess"))
    former = {Keys(FIRST).key(each.purpose) for each in rows}

    assert {row.purpose for row in rows} == {*Purpose}
    assert not any(key in bytes(row.sealed) for key in former for row in rows)
    assert not any(strange.values())


def test_it_is_good_for_its_one_purpose_and_in_its_place_alone(lived, db, redis):
    House(db, redis, SECOND, FIRST).reseal()
    table = lasting.lasting_keys
    with db.begin() as connection:
        other = connection.execute(sa.select(table.c.sealed).where(table.c.purpose == Purpose.HEARD)).scalar_one()
        connection.execute(table.update().where(table.c.purpose == Purpose.RECEIPT).values(sealed=other))

    assert House(db, redis, SECOND).opinions.of_receipt("lies") is None


def test_done_again_or_with_the_same_secrets_no_key_is_kept_twice(lived, db, redis):
    for secrets in ((SECOND, FIRST), (SECOND, FIRST), (THIRD, SECOND), (FIRST, THIRD), (FIRST,)):
        House(db, redis, *secrets).reseal()
    with db.read() as connection:
        kept = lasting.kept(connection, Keys(FIRST))

    assert [len(kept[each]) for each in Purpose] == [3] * len(Purpose)
    assert ordered(House(db, redis, FIRST).told(lived[0])) == {**TOLD, "holds": None}


def test_who_was_erased_under_a_former_secret_is_known_in_whatever_database_is_put_in_its_place(
    lived, db, redis, tmp_path
):
    person = lived[0]
    mark = Lasting(db, Keys(FIRST), Purpose.ERASED)(person)
    House(db, redis, SECOND, FIRST).reseal()
    erased = Erasures(db, mark=Lasting(db, Keys(SECOND), Purpose.ERASED), file=tmp_path / "erased")
    with db.read() as connection:
        kept = [row._asdict() for row in connection.execute(sa.select(lasting.lasting_keys)).all()]
    with db.begin() as connection:
        connection.execute(lasting.lasting_keys.delete())  # as on another machine
    with db.begin() as connection:
        connection.execute(lasting.lasting_keys.insert(), kept)
        erased.noted(connection)

        assert erased.returned(connection, {mark}) == [person]
