"""Two running programs: one for the tests that leave it as they found it, one to be broken."""

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import installed
from tests.brokers import a_queue
from tests.end_to_end.pushing import add_broadcast
from tests.end_to_end.running import Memory, Program, a_program
from tests.servers import Servers


@pytest.fixture(scope="package")
def program(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Program]:
    """The whole program, ready; it must end as cleanly as it began."""
    with a_program(tmp_path_factory.mktemp("program"), servers) as program:
        program.start()
        yield program
        program.stop()


@pytest.fixture(scope="package")
def memory() -> Iterator[Memory]:
    """A Redis that may be taken away."""
    with tempfile.TemporaryDirectory(prefix="zhibu-") as folder:
        memory = Memory(Path(folder))
        yield memory
        memory.die()


@pytest.fixture(scope="package")
def fragile(tmp_path_factory: pytest.TempPathFactory, memory: Memory, servers: Servers) -> Iterator[Program]:
    """The whole program on that Redis, ready; its runs go through RabbitMQ where this run of the tests has one."""
    more = {"ZHIBU_BROKER__URL": servers.broker, "ZHIBU_SECRET_KEY": secrets.token_hex(16)}
    with (
        a_program(tmp_path_factory.mktemp("fragile"), servers, memory=memory.url, more=more) as program,
        a_queue(servers.broker, installed.queue_name(program.settings)),
    ):
        add_broadcast(program, "falling", by_notice=True)
        program.start()
        yield program
        program.stop()
