"""`zhibu keys`: which data keys there are, another one, and another secret."""

import json
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

import app
from commands import db, installed, keys
from storage.db import Database
from storage.measure import Measure, Measures
from storage.resealing import Resealing
from storage.roster import Entry, Roster
from storage.sealing import Keys, Under
from storage.vault import Vault
from tests.commands.calls import call
from tests.house import NOON, write_config

ENTRY = Entry(name="阿依古丽", organisation="zhibu-1")


def a_measure():
    day = NOON.date()
    return Measure(problem="灯坏了", measure="换", responsible="li", until=day, made_by="li", made_on=day)


class Place:
    """An installation with a configuration, and somebody on its list."""

    def __init__(self, folder, database_url):
        self.folder, self.url = folder, database_url
        self.config()

    def config(self, **secrets):
        self.path = write_config(self.folder, database=self.url, redis="redis://127.0.0.1:1", **secrets)

    def take_in(self):
        with self.roster() as roster:
            roster.take_in([ENTRY], expires_at=NOON + timedelta(days=30))
        with self.database() as database:
            Measures(database, installed.read(self.path).keys).add(a_measure())

    def problems(self):
        with self.database() as database:
            return [each.problem for each in Measures(database, installed.read(self.path).keys).all()]

    @contextmanager
    def database(self):
        with closing(Database(self.url)) as database:
            yield database

    def listed(self):
        with self.roster() as roster:
            return [row.entry for row in roster.rows()]

    @contextmanager
    def roster(self):
        derived, database = installed.read(self.path).keys, Database(self.url)
        yield Roster(database, Vault(database, derived), mark=derived.mark("join code"), former=derived.mark("former"))
        database.close()

    def zhibu(self, *arguments):
        opened = keys.group(lambda _config: app.offices().safe(self.path))
        return call(app.offices().installation(self.path), [opened, db.db], *arguments)


@pytest.fixture
def place(tmp_path, database_url):
    made = Place(tmp_path, database_url)
    made.take_in()
    return made


def test_another_key_takes_the_place_of_the_first_and_the_list_stays(place):
    first = json.loads(place.zhibu("keys", "list", "--json").stdout)
    result = place.zhibu("keys", "rotate", "--json")

    assert [(key["number"], key["rows"], key["under_previous"]) for key in first] == [(1, 1, False)]
    assert json.loads(result.stdout) == {"key": 2, "rows": 1, "destroyed": [1]}
    assert "secret_key of then" in result.stderr
    assert "key 2, since" in place.zhibu("keys", "list").stdout
    assert place.listed() == [ENTRY]


def test_a_new_secret_takes_the_keys_over_and_without_the_one_before_nothing_starts(place):
    place.config(secret_key="another key that only the tests know")
    refused = place.zhibu("keys", "rotate")
    unstarted = place.zhibu("db", "upgrade")
    place.config(
        secret_key="another key that only the tests know", previous_secret_key="a secret key that only the tests know"
    )
    before = place.zhibu("keys", "list").stdout
    result = place.zhibu("keys", "rotate")
    place.config(secret_key="another key that only the tests know")

    assert (refused.exit_code, unstarted.exit_code) == (1, 1)
    assert "previous_secret_key" in refused.stderr
    assert "阿依古丽" not in refused.output
    assert "still sealed with previous_secret_key" in before
    assert "1 rows of measures that only previous_secret_key opens" in before
    assert "1 rows that the previous secret_key had sealed are sealed with secret_key" in result.stdout
    assert "Nothing needs previous_secret_key any more" in result.stderr
    assert place.listed() == [ENTRY]
    assert place.problems() == ["灯坏了"]


def test_what_no_secret_opens_is_told_by_the_number_and_left_alone(place):
    with place.database() as database:
        Measures(database, Keys("a secret that nobody knows any more")).add(a_measure())
    listed, result = place.zhibu("keys", "list"), place.zhibu("keys", "rotate")

    assert "1 rows of measures that no secret_key of this configuration opens" in listed.stdout
    assert result.exit_code == 0
    assert "1 rows of measures" in place.zhibu("keys", "list").stdout


def test_where_another_process_goes_on_with_the_old_secret_it_is_said_that_it_is_still_needed(place):
    old = installed.read(place.path).keys
    place.config(
        secret_key="another key that only the tests know", previous_secret_key="a secret key that only the tests know"
    )
    safe = app.offices().safe(place.path)

    class Late:
        """A heap into which the other process writes while it is sealed anew."""

        name = "a heap"

        def under_former(self):
            return Under()

        def reseal(self):
            with place.database() as database:
                Measures(database, old).add(a_measure())
            yield 0

    database = Database(place.url)
    resealing = Resealing(database, installed.read(place.path).keys, heaps=())
    resealing._heaps.append(Late())
    opened = keys.group(lambda _config: replace(safe, resealing=resealing))
    result = call(app.offices().installation(place.path), [opened], "keys", "rotate")
    database.close()

    assert "still has to stay: 1 rows of measures that only previous_secret_key opens" in result.stderr
