"""The servers that are measured against: a database of one's own in PostgreSQL, and a Redis that is emptied."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import sqlalchemy as sa

POSTGRES = os.environ.get("BENCH_DATABASE", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9")


@contextmanager
def a_database() -> Iterator[str]:
    """The address of an empty one, dropped at the end."""
    name = f"zhibu_bench_{secrets.token_hex(4)}"
    admin = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def empty_redis() -> None:
    """Forget what others left there."""
    redis.Redis.from_url(REDIS).flushdb()
