"""Many hands: Dramatiq brings the key of a run to a worker, and nothing but the key."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import dramatiq
import structlog
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, Middleware, Retries

from scheduler.pump import Pump
from storage import redis

ACTOR = "send_batch"
THREADS = 4  # runs, or stretches of one, at the same time in a process
SWITCH_SECONDS = 0.0005  # who writes down what was sent waits so long for the loop that sends, ten times in a turn
# Things made between two looks of the collector: at Python's 700 it went through all that is in flight again and again,
# which was a sixth of what a send costs. What sends leave behind is nearly all gone without it.
YOUNG = 50_000
STOP_MILLISECONDS = 15_000  # longer than a send may take
AGAIN_SECONDS = 1.0  # until a worker offers the rest of a run once more to a broker that is away
TIMES = 30  # then it is the sweep's, which waits until nobody has any of the run in hand
BROKER_SECONDS = 2  # nobody who brings a key waits longer for a broker that hangs; pika's own limits add up to minutes
RABBITMQ_LIMITS = {
    "socket_timeout": BROKER_SECONDS,
    "stack_timeout": BROKER_SECONDS,
    "blocked_connection_timeout": BROKER_SECONDS,
    "heartbeat": 5,
}


@dataclass(frozen=True, slots=True)
class Queue:
    """Where the keys of runs wait for a worker. Nothing in it must last: SQL knows what is due."""

    broker: dramatiq.Broker
    name: str

    @property
    def kind(self) -> str:
        """What the broker is."""
        return "RabbitMQ" if isinstance(self.broker, RabbitmqBroker) else "Redis"

    def answers(self) -> bool:
        """Whether the broker answers now."""
        try:
            if isinstance(self.broker, RabbitmqBroker):
                return bool(self.broker.channel.is_open)
            return isinstance(self.broker, RedisBroker) and redis.answers(self.broker.client)
        except Exception:  # noqa: BLE001 - pika's errors have no common root
            return False

    def close(self) -> None:
        """Let go of the broker's connections."""
        self.broker.close()


def connect(url: str, *, name: str) -> Queue:
    """The queue at [broker] url: in RabbitMQ for amqp://, else in Redis."""
    middleware: list[Middleware] = [Retries(max_retries=3), AsyncIO()]
    made: dramatiq.Broker
    if url.startswith("amqp"):
        # Confirmed, since what is written to a connection that RabbitMQ gave up as idle is lost without a word.
        servers = [_limited(each) for each in url.split(";")]
        made = RabbitmqBroker(url=servers, middleware=middleware, confirm_delivery=True)
    else:
        client = redis.connect(url, seconds=BROKER_SECONDS)
        made = RedisBroker(client=client, middleware=middleware, namespace="zhibu:broker")  # type: ignore[no-untyped-call]  # Dramatiq's
    return Queue(made, name)


def is_address(url: str) -> bool:
    """Whether a broker could be at `url`: RabbitMQ (several servers with `;` between them), or Redis."""
    if not url.startswith("amqp"):
        return redis.is_address(url)
    try:
        parts = [urlsplit(each) for each in url.split(";")]
        return all(each.scheme in ("amqp", "amqps") and each.hostname and each.port != 0 for each in parts)
    except ValueError:
        return False


def _limited(url: str) -> str:
    """The same address with our limits, but for those that it sets itself."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode({**RABBITMQ_LIMITS, **dict(parse_qsl(parts.query))})).geturl()


class Enqueue:
    """Brings a run's key to the workers; a broker that is away is no error: the sweep brings it in the end."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._log = structlog.get_logger("push")

    def __call__(self, key: str, *, delay_seconds: float = 0.0) -> None:
        """Let some worker go on with this run, now or after a while."""
        self.offer(key, delay_seconds=delay_seconds)

    def offer(self, key: str, *, delay_seconds: float = 0.0) -> bool:
        """The same, and whether the broker took it."""
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=self._queue.name, actor_name=ACTOR, args=(key,), kwargs={}, options={}
        )
        try:
            self._queue.broker.declare_queue(self._queue.name)
            self._queue.broker.enqueue(message, delay=int(delay_seconds * 1000) or None)
        except Exception as gone:  # noqa: BLE001 - pika's errors have no common root, and none of them matters here
            self._log.warning("no broker", run=key, error=type(gone).__name__)
            return False
        return True


def make_actor(queue: Queue, pump: Pump, *, stop: Callable[[], bool]) -> None:
    """Make the one actor: it works on a run for a while and brings it back while there is more to do."""
    enqueue = Enqueue(queue)

    @dramatiq.actor(actor_name=ACTOR, queue_name=queue.name, broker=queue.broker)
    async def send_batch(key: str) -> None:
        seconds = await pump.work(key, stop=stop)
        if seconds is not None:
            await insist(partial(enqueue.offer, key, delay_seconds=seconds), stop=stop)


async def insist(offer: Callable[[], bool], *, stop: Callable[[], bool], again_seconds: float = AGAIN_SECONDS) -> None:
    """Make an offer until it is taken, a while at most: a run whose key is lost stands still until the sweep finds it.

    In a thread, so that a slow broker holds no other stretch.
    """
    for _ in range(TIMES):
        if await asyncio.to_thread(offer) or stop():
            return
        await asyncio.sleep(again_seconds)


class _Closing(Middleware):
    """Ends, in the event loop that they lived in, the connections that sends keep open."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._close = close

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002 - Dramatiq's signature
        loop = get_event_loop_thread()
        if loop is not None:
            loop.run_coroutine(self._close())


def run(
    queue: Queue,
    pump: Pump,
    *,
    unfinished: Callable[[], Iterable[str]],
    close: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Work until SystemExit, beginning with what another worker left; what is in flight then is waited for."""
    stopping = threading.Event()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(YOUNG)
    queue.broker.add_middleware(_Closing(close))
    make_actor(queue, pump, stop=stopping.is_set)
    worker = dramatiq.Worker(queue.broker, worker_threads=THREADS)
    worker.start()
    try:
        enqueue = Enqueue(queue)
        for key in unfinished():
            enqueue(key)
        stopping.wait()
    finally:
        stopping.set()
        worker.stop(timeout=STOP_MILLISECONDS)
        queue.close()
