"""What an operator should know."""

import gc
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from click.testing import Result
from redis.exceptions import ResponseError

import app
from commands import cli, doctor, installed, offices
from commands.valkey import NoValkey
from content.checking import Findings
from content.faults import Finding
from scheduler.channels.groups.settings import GroupSettings
from scheduler.worker import connect
from storage import redis as storage_redis
from storage.leases import Lease
from storage.leaves import Leaf
from storage.opinion import Opinions
from storage.refusals import Way
from storage.sealing import Under
from tests.commands.calls import an_installation, call
from tests.commands.diagnosed import SETTINGS, a_door, an_account
from tests.storage.test_server_log import logging
from tests.wechat.sandbox.stage import Clock
from wechat.errors import Misconfigured


class Redis:
    """As much of Redis as the doctor looks at."""

    def __init__(self, *, save: str = "", alive: bool = True, policy: str = "noeviction", leads: bool = True) -> None:
        self._save = save
        self._alive = alive
        self._policy = policy
        self._leads = leads

    def ping(self):
        return self._alive

    def config_get(self, *_names):
        return {"appendonly": "no", "save": self._save}

    def info(self, _section):
        return {"maxmemory": 1_000_000, "maxmemory_policy": self._policy}

    def exists(self, key):
        return self._leads and key == "zhibu:lease:clock"

    def close(self):
        pass


class Secretive(Redis):
    """One that is hired, and keeps its configuration to itself."""

    def config_get(self, *_names):
        raise ResponseError("unknown command 'CONFIG'")

    def info(self, _section):
        raise ResponseError("no permissions to run the 'info' command")


@pytest.fixture
def account():
    with a_door(SETTINGS, Clock()) as base:
        yield an_account(base)


@pytest.fixture
def patient(database_url, tmp_path, account):
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    return doctor.Patient(
        installation=an_installation(tmp_path, database_url),
        config=config,
        public_url="https://example.org",
        platform={"official": "https://api.weixin.qq.com"},
        redis=cast("Any", Redis),
        broker=None,
        content=lambda: Findings([], {"questions": 40}),
        accounts={"official": lambda: account},
    )


def zhibu(patient: doctor.Patient, *options: str) -> Result:
    return call(None, [doctor.command(lambda _config: patient)], "doctor", *options)


def levels(findings: Sequence[doctor.Finding], about: str) -> list[str]:
    return [finding.level for finding in findings if finding.about == about]


def test_a_healthy_one_ends_with_0(patient):
    result = zhibu(patient)

    assert result.exit_code == 0
    assert "fault" not in result.output
    assert "40 questions" in result.output


def test_what_would_be_lost_with_the_previous_secret_and_what_is_lost_is_told_by_the_number(patient):
    left = {"anonymous_opinions": Under(former=41, unknown=2), "measures": Under(former=3)}
    said = [each for each in doctor.examine(replace(patient, left=lambda _: left)) if each.about == "keys"]

    assert [each.level for each in said] == ["warning", "warning"]
    assert said[0].text.startswith(
        "2 rows of anonymous_opinions that no secret_key of this configuration opens: nobody"
    )
    assert "41 rows of anonymous_opinions that only previous_secret_key opens; 3 rows of measures" in said[1].text
    assert "lost if it were taken away" in said[1].text
    assert levels(doctor.examine(patient), "keys") == ["ok"]


def test_an_opinion_that_cannot_be_read_is_named_with_its_day(patient, db, keys):
    opinions = Opinions(db, keys)
    opinions.carry([Leaf(opinions.id_of("BROKEN"), date(2026, 11, 23), b"\xff")])
    looks = replace(patient, unread=lambda database: Opinions(database, keys).unread())
    (said,) = [each for each in doctor.examine(looks) if each.about == "opinions"]

    assert said.level == "warning"
    assert f"Opinion {opinions.id_of('BROKEN')} of 2026-11-23 opens and can't be read" in said.text
    assert levels(doctor.examine(patient), "opinions") == ["ok"]


def test_whoever_is_named_and_has_no_account_is_told_with_the_place(patient):
    named = replace(patient, admins_named=lambda: {"talks.toml": ["me", "shi"]}, admins=lambda _: ["me"])
    said = [each.text for each in doctor.examine(named) if each.about == "admins"]
    there = doctor.examine(replace(named, admins=lambda _: ["me", "shi"]))

    assert [text.partition(",")[0] for text in said] == ["talks.toml names shi"]
    assert levels(there, "admins") == ["ok"]


def refused(_force: object) -> Any:
    raise Misconfigured(40164, "invalid ip")


def gone() -> Any:
    raise NoValkey("No embedded Valkey is running")


@pytest.mark.parametrize(
    ("about", "level", "changed"),
    [
        ("redis", "fault", {"redis": lambda: Redis(alive=False)}),
        ("redis", "fault", {"redis": gone}),
        ("redis", "warning", {"redis": lambda: Redis(save="3600 1")}),
        ("redis", "warning", {"redis": Secretive}),
        ("redis", "fault", {"redis": lambda: Redis(policy="allkeys-lru")}),
        ("broker", "fault", {"broker": lambda: connect("redis://127.0.0.1:1/0", name="push-test")}),
        ("clock", "warning", {"redis": lambda: Redis(leads=False)}),
        ("clock", "warning", {"redis": gone}),
        ("content", "fault", {"content": lambda: Findings([Finding(file="a", line=1, what="b", mend="c")], {})}),
        ("content", "warning", {"content": lambda: Findings([], {"questions": 40}, held=["quizzes/a.toml"])}),
        ("admins", "warning", {"admins_named": lambda: {"talks.toml": ["me", "shi"]}, "admins": lambda _: ["me"]}),
        ("platform", "warning", {"accounts": {"official": gone}}),
        ("address", "warning", {"public_url": "http://example.org"}),
    ],
    ids=[
        *("redis away", "valkey away", "redis persists", "redis does not say", "redis evicts"),
        *("no broker", "no clock", "nobody knows of a clock"),
        *("content", "a bank in everybody's memory", "a host without an account", "no token", "no https"),
    ],
)
def test_a_trouble_is_found(patient, about, level, changed):
    ill = replace(patient, **changed)

    found = doctor.examine(ill)

    assert {each for each in levels(found, about) if each != "ok"} == {level}
    assert zhibu(ill).exit_code == (1 if "fault" in [finding.level for finding in found] else 0)


def test_a_redis_that_says_nothing_of_itself_is_warned_of_for_each_thing_that_it_does_not_say(patient):
    found = [each for each in doctor.examine(replace(patient, redis=Secretive)) if each.about == "redis"]

    assert [(each.level, each.text) for each in found] == [
        ("warning", doctor.PERHAPS_PERSISTS),
        ("warning", doctor.PERHAPS_EVICTS),
    ]


def test_an_account_that_gets_no_token_is_a_fault(patient, account):
    ill = replace(patient, accounts={"official": lambda: replace(account, token=refused)})

    assert {*levels(doctor.examine(ill), "platform")} == {"ok", "fault"}
    assert zhibu(ill).exit_code == 1


def test_a_database_without_its_tables_is_a_fault(patient, tmp_path):
    bare = an_installation(tmp_path, f"sqlite:///{tmp_path / 'bare.sqlite3'}")
    result = zhibu(replace(patient, installation=bare))

    assert result.exit_code == 1
    assert "zhibu db upgrade" in result.output


def test_a_database_that_is_away_is_a_fault(patient, tmp_path):
    away = an_installation(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none")

    assert levels(doctor.examine(replace(patient, installation=away)), "database") == ["fault"]


def test_a_database_that_writes_words_into_its_log_is_a_warning_that_names_the_setting(patient, db):
    with logging(db, log_statement="all"):
        found = [finding for finding in doctor.examine(patient) if finding.about == "database"]

    assert [finding.level for finding in found] == (["ok"] if db.is_sqlite else ["ok", "warning"])
    assert db.is_sqlite or "log_statement = all" in found[1].text
    assert db.is_sqlite or "log_parameter_max_length = 0" in found[1].text


def test_the_program_shows_the_doctor_which_channels_were_refused(town, tmp_path):
    town.house.platform.refusals.add(Way("official", "customer_service"), now=installed.now())
    looked_at = app.offices().patient(tmp_path / "config.toml").accounts
    refused = {name: looked_at[name]().refused() for name in ("official", "mini")}

    assert [*refused["official"]] == ["customer_service"]
    assert refused["official"]["customer_service"].utcoffset() == timedelta(hours=8)
    assert refused["mini"] == {}


def test_secrets_that_everybody_can_read_are_a_warning(patient):
    patient.config.chmod(0o644)

    assert levels(doctor.examine(patient), "configuration") == ["warning"]


def test_what_others_can_read_in_the_folder_is_a_warning_that_names_it(patient, tmp_path):
    (tmp_path / "kept").touch(mode=0o640)
    tmp_path.chmod(0o700)
    found = doctor.examine(patient)

    assert levels(found, "folder") == ["ok", "warning"]
    assert [finding for finding in found if str(tmp_path / "kept") in finding.text and finding.level == "warning"]


def test_a_sandbox_that_strangers_reach_is_a_warning(patient):
    def on(host: str) -> Any:
        server = cli.Server(factory="", host=host, port=1)
        return replace(patient, installation=replace(patient.installation, sandbox=server))

    assert levels(doctor.examine(patient), "sandbox") == ["ok"]
    assert levels(doctor.examine(on("127.0.0.1")), "sandbox") == ["ok"]
    assert levels(doctor.examine(on("")), "sandbox") == ["warning"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_rabbitmq_that_is_away_is_a_fault(patient):
    away = replace(patient, broker=lambda: connect("amqp://guest:guest@127.0.0.1:1/", name="push-test"))

    assert levels(doctor.examine(away), "broker") == ["fault"]
    gc.collect()  # pika leaves the socket that was refused to the collector


def test_a_broker_and_a_redis_that_are_there_are_well(patient, broker, redis_url):
    found = doctor.examine(
        replace(
            patient,
            redis=lambda: storage_redis.connect(redis_url),
            broker=lambda: connect(broker, name="push-test"),
        )
    )

    assert levels(found, "broker") == ["ok"]
    assert levels(found, "redis") == ["ok", "ok"]


def test_a_clock_that_leads_is_seen(patient, redis, redis_url):
    here = replace(patient, redis=lambda: storage_redis.connect(redis_url))

    assert levels(doctor.examine(here), "clock") == ["warning"]
    Lease(redis, "clock", seconds=15).hold()
    assert levels(doctor.examine(here), "clock") == ["ok"]


def test_a_program_reads_json(patient):
    read = json.loads(zhibu(patient, "--json").stdout)

    assert {finding["about"] for finding in read} >= {
        *("database", "redis", "broker", "content", "clock", "sandbox", "platform"),
    }
    assert set(read[0]) == {"about", "level", "text"}


WECOM = {"kind": "wecom", "webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"}
FEISHU = {"kind": "feishu", "webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/abc", "secret": "s"}


@pytest.mark.parametrize(
    ("settings", "named", "answers", "level", "word"),
    [
        (WECOM, True, True, "ok", "zhibu groups test"),
        (FEISHU, True, True, "ok", "zhibu groups test"),
        (WECOM, False, True, "warning", "no broadcast names it"),
        (WECOM, True, False, "warning", "does not answer"),
        (FEISHU | {"secret": ""}, True, True, "warning", "加签"),
        (WECOM | {"webhook": "http://elsewhere.example/cgi-bin/webhook/send?key=abc"}, True, True, "warning", "qyapi"),
    ],
)
def test_a_groups_robot_is_looked_at_and_told_nothing(patient, settings, named, answers, level, word):
    asked = []

    def reaches(base):
        asked.append(base)
        return answers

    known = {"支部群": GroupSettings(**settings)}
    looked = replace(patient, groups=known, groups_named=lambda: ["支部群"] if named else [], reaches=reaches)
    (found,) = [each for each in doctor.examine(looked) if each.about == "groups"]

    assert (found.level, word in found.text, "abc" in found.text) == (level, True, False)
    assert len(asked) == 1


def test_a_server_that_answers_anything_is_reached_and_none_is_not():
    with a_door(SETTINGS, Clock()) as base:
        there = offices.reaches(base)

    assert (there, offices.reaches(base)) == (True, False)
