"""Workers are killed, ended and started again; each person hears it once, or it is known that nobody knows."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from scheduler import worker
from storage.deliveries import deliveries
from storage.people import contacts, persons
from tests.scheduler.world import NOON, RUN, World

PEOPLE = 1000
IN_FLIGHT = 32
STRETCH_SECONDS = 0.5  # so that the run comes back to the queue and out of it several times
ANSWER_SECONDS = 0.05


class SlowPlatform:
    """Takes its time for every message and counts who got how many."""

    def __init__(self):
        self.got: Counter[str] = Counter()
        self.by_token: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self._lock = threading.Lock()

    @contextmanager
    def serving(self):
        platform = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                platform.take(body["touser"], self.path.partition("access_token=")[2])
                answer = b'{"errcode": 0, "errmsg": "ok"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a killed caller hangs up
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()

    def take(self, openid, token):
        with self._lock:
            self.got[openid] += 1
            self.by_token[token] += 1
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        time.sleep(ANSWER_SECONDS)
        with self._lock:
            self.in_flight -= 1


def many_people(world, count):
    """People by the thousand, in two statements."""
    ids = [f"{number:032x}" for number in range(count)]
    with world.db.begin() as connection:
        connection.execute(persons.insert(), [{"id": each, "since": NOON.date()} for each in ids])
        connection.execute(
            contacts.insert(),
            [{"id": each, "person": each, "account": "official", "openid": f"o-{each}"} for each in ids],
        )
        connection.execute(
            deliveries.insert(),
            [
                {
                    "key": RUN,
                    "person": each,
                    "contact": each,
                    "account": "official",
                    "channel": "customer_service",
                    "state": "due",
                    "wake_at": NOON,
                }
                for each in ids
            ],
        )


@contextmanager
def a_worker(**told):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scheduler.small_worker", json.dumps(told)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def until(condition, *, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


@pytest.fixture
def world(db):
    world = World(db)
    world.run(RUN, expires_at=datetime.now(UTC) + timedelta(hours=1))
    return world


@pytest.fixture
def told(db, line):
    """Give what a worker is told, but for the platform's address."""
    return {
        "database": db.url,
        "broker": line.url,
        "queue": line.name,
        "unfinished": [RUN],
        "in_flight": IN_FLIGHT,
        "stretch": STRETCH_SECONDS,
    }


@pytest.fixture
def enqueue(line):
    queue = worker.connect(line.url, name=line.name)
    yield worker.Enqueue(queue)
    queue.close()


def test_killed_in_the_middle_of_a_thousand_and_started_again_each_person_hears_it_once(world, told, line, enqueue):
    run, platform = world.store.runs()[0], SlowPlatform()
    many_people(world, PEOPLE)
    if line.is_rabbitmq:  # what a dead worker had RabbitMQ itself brings to the next: nobody else tells them
        told["unfinished"] = []
        enqueue(RUN)

    with platform.serving() as address:
        with a_worker(platform=address, **told) as first:
            until(lambda: len(platform.got) > PEOPLE / 3)
            first.send_signal(signal.SIGKILL)
            first.wait()
        until(lambda: platform.in_flight == 0)
        in_hand = world.states(run)["in_hand"]
        assert 0 < in_hand <= IN_FLIGHT, "it was not killed in the middle of its work"
        assert world.states(run)["due"] > 0, "it was killed after its work"

        with a_worker(platform=address, **told):
            until(lambda: "due" not in world.states(run) and world.states(run)["in_hand"] == in_hand)
        unsure = world.store.deliveries.sweep(
            RUN, repeatable=["next_visit"], now=datetime.now(UTC) + timedelta(minutes=5)
        )

    sent = {f"o-{person}" for person, row in world.rows(run).items() if row.state == "sent"}
    assert unsure == in_hand
    assert world.states(run) == {"sent": PEOPLE - unsure, "unsure": unsure}
    assert max(platform.got.values()) == 1, "somebody heard it twice"
    assert sent <= set(platform.got), "somebody who is said to have heard it did not"
    assert 1 < platform.most_in_flight <= IN_FLIGHT
    assert world.store.finish(RUN)
    assert line.given_up() == 0, "the broker holds a key that nobody could work on"


def test_a_worker_that_is_ended_finishes_what_it_has_in_hand(world, told):
    run, platform = world.store.runs()[0], SlowPlatform()
    many_people(world, PEOPLE)

    with platform.serving() as address, a_worker(platform=address, **told) as process:
        until(lambda: len(platform.got) > IN_FLIGHT)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)

    heard = len(platform.got)
    assert process.returncode == 0
    assert heard < PEOPLE, "it was ended after its work"
    assert world.states(run) == {"due": PEOPLE - heard, "sent": heard}


@pytest.mark.quiet
def test_two_workers_share_a_run_and_live_on_one_budget(world, told, enqueue, redis_url):
    platform, a_second = SlowPlatform(), 40
    many_people(world, PEOPLE)
    told |= {"memory": redis_url, "a_second": a_second, "unfinished": [], "stretch": 20}  # so that both are at it

    with (
        platform.serving() as address,
        a_worker(platform=address, token="one", **told),
        a_worker(platform=address, token="two", **told),
    ):
        for _ in range(4):
            enqueue(RUN)
        until(lambda: len(platform.by_token) == 2)
        before, began = platform.got.total(), time.monotonic()
        time.sleep(2)
        sent, took = platform.got.total() - before, time.monotonic() - began

    assert 0.6 * a_second * took < sent <= a_second * took + a_second / 5 + 2
    assert max(platform.got.values()) == 1


def test_a_message_in_the_broker_says_which_run_and_nothing_of_anybody(line, enqueue, redis):
    enqueue("daily-digest:2026-11-23")

    kept = [json.loads(value) for value in line.bodies() or redis.hgetall(f"zhibu:broker:{line.name}.msgs").values()]

    assert [(message["actor_name"], message["args"], message["kwargs"]) for message in kept] == [
        ("send_batch", ["daily-digest:2026-11-23"], {})
    ]
    assert set(kept[0]["options"]) <= {"redis_message_id"}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_away_is_no_error(scheme):
    queue = worker.connect(f"{scheme}://127.0.0.1:1/", name="push-test")

    assert not worker.Enqueue(queue).offer("daily-digest:2026-11-23")


def test_the_rest_of_a_run_is_offered_until_the_broker_is_back_a_while_at_most():
    answers = [False, False, True, True]
    asyncio.run(worker.insist(partial(answers.pop, 0), stop=lambda: False, again_seconds=0))
    assert answers == [True]

    away = [False] * 100
    asyncio.run(worker.insist(partial(away.pop), stop=lambda: False, again_seconds=0))
    assert len(away) == 70


def test_a_worker_that_is_asked_to_end_offers_the_rest_of_a_run_once():
    away = [False] * 100
    asyncio.run(worker.insist(partial(away.pop), stop=lambda: True))
    assert len(away) == 99


@pytest.mark.quiet
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_hangs_holds_nobody_for_long(scheme):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        queue = worker.connect(f"{scheme}://127.0.0.1:{deaf.getsockname()[1]}/", name="push-test")
        began = time.monotonic()
        worker.Enqueue(queue)("daily-digest:2026-11-23")

    assert time.monotonic() - began < worker.BROKER_SECONDS + 1


def test_what_the_address_says_of_limits_is_kept():
    broker = worker.connect("amqp://127.0.0.1/?heartbeat=30;amqp://127.0.0.2/", name="push-test").broker

    assert isinstance(broker, RabbitmqBroker)
    assert [each.heartbeat for each in broker.parameters] == [30, worker.RABBITMQ_LIMITS["heartbeat"]]
    assert [each.socket_timeout for each in broker.parameters] == [worker.BROKER_SECONDS] * 2
