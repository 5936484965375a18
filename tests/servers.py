"""The servers that a run may be given, cut up so that tests beside each other never meet."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
import sqlalchemy as sa

NUMBERS = 16  # that a Redis has, if nobody told it otherwise


@dataclass(frozen=True)
class Servers:
    """The addresses of PostgreSQL, Redis and RabbitMQ; an empty one is something embedded, or nothing."""

    database: str = ""
    redis: str = ""
    broker: str = ""

    @classmethod
    def named_in(cls, environ: Mapping[str, str]) -> "Servers":
        """What ZHIBU_TEST_DATABASE, ZHIBU_TEST_REDIS and ZHIBU_TEST_BROKER name."""
        return cls(**{name: environ.get(variable, "") for name, variable in VARIABLES.items()})

    @property
    def brokers(self) -> tuple[str, ...]:
        """Redis always, RabbitMQ where there is one."""
        return ("redis", "rabbitmq") if self.broker else ("redis",)


VARIABLES = {name: f"ZHIBU_TEST_{name.upper()}" for name in ("database", "redis", "broker")}


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on this PostgreSQL, dropped afterwards."""
    name = f"zhibu_test_{secrets.token_hex(4)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        # Nobody cuts the power here: a commit need not wait for the disk.
        connection.execute(sa.text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def a_number(server: str) -> Iterator[str]:
    """The URL of a number of this Redis that nobody else works with: the given one, else an empty one near it.

    Holding one is being the first that is connected to it, so that a run that was killed holds nothing.
    """
    given = int(urlsplit(server).path.strip("/") or 0)
    for number in (given, *range(given + 1, NUMBERS), *range(given - 1, 0, -1)):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url, single_connection_client=True) as holder:
            if not _is_first(holder, number) or (number != given and holder.dbsize()):
                continue
            holder.flushdb()
            try:
                yield url
            finally:
                holder.flushdb()
            return
    raise AssertionError("every number of the given Redis is in use, or holds something")


def _is_first(holder: redis.Redis, number: int) -> bool:
    """Whether nobody came to this number before."""
    there = [int(each["id"]) for each in holder.client_list() if int(each["db"]) == number]
    return min(there) == holder.client_id()
