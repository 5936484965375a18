"""Several machines that believe they lead: together, or one frozen beyond its lease and awake again in the middle."""

import contextlib
import threading
from datetime import timedelta

import pytest

from storage.db import Database
from storage.people import Window
from storage.states import RunState
from tests.end_to_end.running import at_once
from tests.scheduler.test_crier import GROUPS_ALONE, HOOKS, a_street
from tests.scheduler.world import DAILY, NOON, RUN, Stage, write_pack

PLAIN = DAILY.replace('template = "daily.j2"', 'template = "reminder.j2"').replace("notice_template_id", "# ")
PLAIN = PLAIN[: PLAIN.index("[fields]")].replace('["notice", "customer_service", "next_visit"]', '["customer_service"]')
PEOPLE = [f"o-{number}" for number in range(2)]
A_DAY, WINDOW = timedelta(days=1), timedelta(hours=48)
MORE_THAN_IT_ASKS = 200


class Freezing(Database):
    """A machine's own way to the database, on which it stands still just before the call with this number."""

    def __init__(self, url):
        super().__init__(url)
        self.calls, self.at = 0, 0
        self._frozen, self._awake = threading.Event(), threading.Event()

    def begin(self):
        self._pass()
        return super().begin()

    def read(self):
        self._pass()
        return super().read()

    def _pass(self):
        self.calls += 1
        if self.calls == self.at:
            self._frozen.set()
            assert self._awake.wait(30)

    @contextlib.contextmanager
    def frozen(self, at, act):
        """Let it `act` until it stands still; it goes on afterwards. Says whether it came to that call at all."""
        self.calls, self.at = 0, at
        self._frozen.clear()
        self._awake.clear()
        acting = threading.Thread(target=act)
        acting.start()
        while acting.is_alive() and not self._frozen.wait(0.01):
            pass
        yield self._frozen.is_set()
        self._awake.set()
        acting.join()


@pytest.fixture
def freezing(db):
    made = Freezing(db.url)
    yield made
    made.close()


def told(stage):
    return [len(stage.wechat.shown_to(openid)) for openid in PEOPLE]


def speak(stage, whos):
    for openid, who in zip(PEOPLE, whos, strict=True):
        stage.wechat.acts(openid)
        stage.people.open_windows({who.contact: Window(stage.now + WINDOW, 5)})


@pytest.mark.parametrize("is_planned", [False, True], ids=["unwritten", "planned before"])
def test_a_leader_that_was_frozen_at_any_moment_does_no_harm_when_it_wakes(db, freezing, tmp_path, is_planned):
    pack = write_pack(tmp_path, broadcasts=[PLAIN])
    stage, other = Stage(db, pack), Stage(freezing, pack)
    whos = [stage.reader(openid, window=True) for openid in PEOPLE]
    for desk in (stage.desk, other.desk):
        desk.sweep(NOON - timedelta(days=2))
    for at in range(1 + is_planned, MORE_THAN_IT_ASKS, 2):  # every other one, and the others in the other case
        stage.pass_time(days=1)
        speak(stage, whos)
        key = f"daily-digest:{stage.now:%Y-%m-%d}"
        before = told(stage)
        if is_planned:
            stage.desk.plan(key, stage.now - timedelta(hours=6))
        with freezing.frozen(at, lambda: other.desk.sweep(stage.now)) as came:
            if came:
                stage.desk.sweep(stage.now)
                stage.work(key)
        stage.desk.sweep(stage.now + timedelta(minutes=2))
        stage.work(key)
        run = stage.desk.status(key).run
        assert told(stage) == [times + 1 for times in before], f"frozen before its call {at}"
        assert (run.state, stage.states(run)) == (RunState.DONE, {"sent": len(PEOPLE)}), f"frozen before its call {at}"
        if not came:
            break

    assert 10 < at < MORE_THAN_IT_ASKS - 2


@pytest.mark.parametrize("at", range(2, 18, 5))
def test_a_leader_that_was_frozen_tells_no_group_twice(db, freezing, tmp_path, at):
    with a_street(db, tmp_path, broadcasts=[GROUPS_ALONE]) as street:
        other = Stage(freezing, tmp_path / "pack")
        for desk in (street.stage.desk, other.desk):
            desk.sweep(NOON - timedelta(hours=6))
        with freezing.frozen(at, lambda: other.desk.sweep(NOON)) as came:
            street.stage.desk.sweep(NOON)
            street.stage.work()
        street.goes_on(minutes=2)
        street.stage.work()

        assert came
        assert {name: len(said) for name, said in street.said().items()} == dict.fromkeys(HOOKS, 1)


def test_four_that_lead_at_once_plan_once_and_send_once(db, tmp_path):
    pack = write_pack(tmp_path, broadcasts=[PLAIN])
    stage = Stage(db, pack)
    for openid in PEOPLE:
        stage.reader(openid, window=True)
    stage.desk.sweep(NOON - A_DAY)
    databases = [Database(db.url) for _ in range(4)]
    machines = [Stage(each, pack) for each in databases]
    ready = threading.Barrier(len(machines))

    def leads(machine):
        def act():
            ready.wait()
            machine.desk.sweep(NOON)

        return act

    at_once([leads(machine) for machine in machines])
    at_once([stage.work, stage.work])
    for each in databases:
        each.close()

    (today,) = [status for status in stage.desk.runs() if status.run.due_at > NOON - A_DAY]
    assert (today.run.key, today.run.state) == (RUN, RunState.DONE)
    assert told(stage) == [1] * len(PEOPLE)
