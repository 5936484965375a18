"""A worker is killed with mass sends and template messages in hand: their keys let them be sent again, to each once."""

import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.scheduler.test_worker import a_worker, until
from tests.scheduler.world import RUN, World
from tests.wechat.sandbox.stage import Clock, a_stage, an_account, served
from wechat.sandbox.account import Template

PEOPLE, IN_FLIGHT = 40, 8
AHEAD = timedelta(minutes=3)  # where the clock of the second worker is, past what the first one held
ACCOUNT = {"kind": "service", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "token": "AAAAA", "mode": "plain"}
MASS, TEMPLATE = "/cgi-bin/message/mass/send", "/cgi-bin/message/template/send"
A_TEMPLATE = Template(id="result", title="办理结果", content="事项：{{thing1.DATA}}", kind="message")


class Ahead(Clock):
    """The platform's time: the true one, and as far ahead as it is told."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return true_time() + self.by

    def goes_on(self, **by: float) -> None:
        self.by += timedelta(**by)


def true_time() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def stage(tmp_path):
    with a_stage(tmp_path, an_account(mode="plain"), clock=Ahead(), templates=(A_TEMPLATE,)) as stage:
        yield stage


def watched(stage, arrived):
    """The stand-in, whose calls are noted as they come in."""

    def door(environ, start_response):
        arrived.append(environ["PATH_INFO"])
        return stage.app(environ, start_response)

    return door


@pytest.fixture
def told(db, line):
    return {
        "database": db.url,
        "broker": line.url,
        "queue": line.name,
        "unfinished": [RUN],
        "in_flight": IN_FLIGHT,
        "stretch": 20,
        "account": ACCOUNT,
    }


def a_run(db, stage, channel):
    """A run to followers of the stand-in, all of them to be reached by one channel."""
    world = World(db)
    fields = {"service_template_id": "result", "service_fields": {"thing1": "办好了"}}
    run = world.run(channels=(channel,), expires_at=true_time() + timedelta(hours=1), **fields)
    world.deliver(run, *[world.person(stage.a_follower()) for _ in range(PEOPLE)], channel=channel)
    return world, run


def heard(folder, via):
    """How many each got, by the stand-in's own record."""
    with closing(sqlite3.connect(f"file:{folder}/sandbox.sqlite3?mode=ro", uri=True, timeout=10)) as record:
        return Counter(who for (who,) in record.execute("select openid from chat where via = ?", (via,)))


def test_killed_while_a_mass_send_is_under_way(db, stage, told, tmp_path):
    world, run = a_run(db, stage, "mass")
    stage.phone("knobs", path=MASS, effect="delay", value=2)
    masses = world.store.masses
    arrived: list[str] = []
    with served(watched(stage, arrived)) as address:
        with a_worker(platform=address, **told) as first:
            until(lambda: MASS in arrived)
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert not heard(tmp_path, "mass"), "it was killed after its call"
        (job,) = masses.of(run.key)
        assert (job.state, world.states(run)) == ("in_hand", {"in_hand": PEOPLE}), "it was not killed in the middle"
        until(lambda: sum(heard(tmp_path, "mass").values()) == PEOPLE)  # nobody hears its answer
        stage.clock.goes_on(minutes=2)

        masses.sweep(now=true_time() + timedelta(minutes=2))
        with a_worker(platform=address, ahead=AHEAD.total_seconds(), **told):
            until(lambda: [str(each.state) for each in masses.of(run.key)] == ["sending"], seconds=90)

    assert set(heard(tmp_path, "mass").values()) == {1}
    assert len(heard(tmp_path, "mass")) == PEOPLE
    (again,) = masses.of(run.key)
    masses.told("official", again.msg_id, error="", reason="", counts=again.counts, now=true_time())
    assert world.states(run) == {"sent": PEOPLE}


def test_killed_while_template_messages_are_under_way(db, stage, told, tmp_path):
    world, run = a_run(db, stage, "template_message")
    stage.phone("knobs", path=TEMPLATE, effect="delay", value=0.2, times=0)
    with served(stage.app) as address:
        with a_worker(platform=address, **told) as first:
            until(lambda: len(heard(tmp_path, "template")) > PEOPLE / 4)
            first.send_signal(signal.SIGKILL)
            first.wait()
        in_hand = world.states(run)["in_hand"]
        assert 0 < in_hand <= IN_FLIGHT, "it was not killed in the middle of its work"
        assert world.states(run)["due"] > 0, "it was killed after its work"

        unsure = world.store.deliveries.sweep(
            run.key, repeatable=["template_message"], now=true_time() + timedelta(minutes=2)
        )
        with a_worker(platform=address, ahead=AHEAD.total_seconds(), **told):
            until(lambda: world.states(run) == {"sent": PEOPLE})

    assert unsure == 0
    assert set(heard(tmp_path, "template").values()) == {1}
    assert len(heard(tmp_path, "template")) == PEOPLE
