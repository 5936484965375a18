"""Many hands: Dramatiq brings the key of a run to a worker, and nothing but the key."""

import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import dramatiq
import structlog
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import AsyncIO, Middleware, Retries

from scheduler.pump import Pump
from storage import redis

QUEUE = "push"
ACTOR = "send_batch"
THREADS = 4  # runs, or stretches of one, at the same time in a process
STOP_MILLISECONDS = 15_000  # longer than a send may take


def connect(url: str) -> dramatiq.Broker:
    """The broker of [broker] url: RabbitMQ for amqp://, else Redis. Nothing in it must last: SQL knows what is due."""
    middleware: list[Middleware] = [Retries(max_retries=3), AsyncIO()]
    made: dramatiq.Broker
    if url.startswith("amqp"):
        made = RabbitmqBroker(url=url, middleware=middleware)
    else:
        made = RedisBroker(url=url, middleware=middleware, namespace="zhibu:broker")  # type: ignore[no-untyped-call]  # Dramatiq's
    return made


class Enqueue:
    """Brings a run's key to the workers; a broker that is away is no error, since the sweep brings it again."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        self._log = structlog.get_logger("push")

    def __call__(self, key: str, *, delay_seconds: float = 0.0) -> None:
        """Let some worker go on with this run, now or after a while."""
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=QUEUE, actor_name=ACTOR, args=(key,), kwargs={}, options={}
        )
        try:
            self._broker.declare_queue(QUEUE)
            self._broker.enqueue(message, delay=int(delay_seconds * 1000) or None)
        except (*redis.Gone, BrokerConnectionError) as gone:
            self._log.warning("no broker", run=key, error=type(gone).__name__)


def make_actor(broker: dramatiq.Broker, pump: Pump, *, stop: Callable[[], bool]) -> None:
    """Make the one actor: it works on a run for a while and brings it back while there is more to do."""
    enqueue = Enqueue(broker)

    @dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker)
    async def send_batch(key: str) -> None:
        seconds = await pump.work(key, stop=stop)
        if seconds is not None:
            enqueue(key, delay_seconds=seconds)


class _Closing(Middleware):
    """Ends, in the event loop that they lived in, the connections that sends keep open."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._close = close

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002 - Dramatiq's signature
        loop = get_event_loop_thread()
        if loop is not None:
            loop.run_coroutine(self._close())


def run(
    broker: dramatiq.Broker,
    pump: Pump,
    *,
    unfinished: Callable[[], Iterable[str]],
    close: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Work until SystemExit, beginning with what another worker left; what is in flight then is waited for."""
    stopping = threading.Event()
    broker.add_middleware(_Closing(close))
    make_actor(broker, pump, stop=stopping.is_set)
    worker = dramatiq.Worker(broker, worker_threads=THREADS)
    worker.start()
    try:
        enqueue = Enqueue(broker)
        for key in unfinished():
            enqueue(key)
        stopping.wait()
    finally:
        stopping.set()
        worker.stop(timeout=STOP_MILLISECONDS)
        broker.close()
