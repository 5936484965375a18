"""Queues in a broker that nobody else uses."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pika  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Line:
    """Where a queue is, as a program is told it."""

    url: str
    name: str

    @property
    def is_rabbitmq(self) -> bool:
        return self.url.startswith("amqp")

    @property
    def names(self) -> tuple[str, str, str]:
        """What waits to be taken, what waits for its time, and what nobody could do."""
        return self.name, f"{self.name}.DQ", f"{self.name}.XQ"

    def given_up(self) -> int:
        """How many keys lie in RabbitMQ because no worker could work on them."""
        if not self.is_rabbitmq:
            return 0
        with _channel(self.url) as channel:
            return int(channel.queue_declare(self.names[2], passive=True).method.message_count)

    def bodies(self) -> list[bytes]:
        """What is to be taken in RabbitMQ, in its own words; it is gone afterwards."""
        if not self.is_rabbitmq:
            return []
        with _channel(self.url) as channel:
            return list(iter(lambda: channel.basic_get(self.name, auto_ack=True)[2], None))


@contextmanager
def a_queue(url: str, name: str = "") -> Iterator[Line]:
    """A queue that nobody else uses; in RabbitMQ, where it would last, it is deleted afterwards."""
    line = Line(url, name or f"push-test-{secrets.token_hex(4)}")
    try:
        yield line
    finally:
        if line.is_rabbitmq:
            with _channel(url) as channel:
                for each in line.names:
                    channel.queue_delete(each)


@contextmanager
def _channel(url: str) -> Iterator["pika.adapters.blocking_connection.BlockingChannel"]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        connection.close()
