"""The whole program for a test: real settings, real stores, a pack, and a clock that can be moved."""

import json
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import redis as redis_library
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app
from commands import installed
from commands.settings import Settings
from content import files, last_good, library
from content.library import Library
from storage import redis as fast
from storage.admins import GENERAL, Grant
from tests.driver import Phone
from tests.mini import Mini
from tests.reader import Reader

PACK = Path(__file__).parents[1] / "content" / "pack"
PASSWORD = "a long enough password"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # twelve o'clock in Shanghai


@dataclass
class Clock:
    """A clock that stands still until it is moved; what lies in Redis grows older with it."""

    at: datetime = NOON
    redis: redis_library.Redis | None = None

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)
        if self.redis is not None:
            aged(self.redis, timedelta(**span))


# What ends together goes on ending together; the past deletes. The counters of the opinion box end with a day of the
# moved calendar.
_AGED = """
for _, key in ipairs(redis.call('KEYS', '*')) do
    local ends = redis.call('PEXPIRETIME', key)
    if ends >= 0 and string.sub(key, 1, 15) ~= 'zhibu:opinions:' then
        redis.call('PEXPIREAT', key, ends - ARGV[1])
    end
end
"""


def aged(redis: redis_library.Redis, span: timedelta) -> None:
    """Take from everything in Redis the time that went by, and from Redis what has no time left."""
    redis.eval(_AGED, 0, int(span.total_seconds() * 1000))


def hashed_at_no_cost(password: str) -> str:
    """A password's hash for tests that don't ask how hard it is to guess: checking it costs nothing either."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def write_config(folder: Path, *, database: str, redis: str, **tables: Any) -> Path:
    """A configuration with one account in safe mode, changed table by table."""
    path = folder / "config.toml"
    config: dict[str, Any] = {
        "secret_key": "a secret key that only the tests know",
        "storage": {"folder": str(folder), "database": database, "redis": redis},
        "content": {"folder": str(PACK)},
        "accounts": {
            "official": {
                "kind": "service",
                "appid": "wx0123456789abcdef",
                "secret": "the tests' app secret",
                "token": "testtoken",
                "encoding_aes_key": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
            },
            "mini": {
                "kind": "miniprogram",
                "appid": "wxfedcba9876543210",
                "secret": "the tests' mini-program secret",
                "token": "minitoken",
                "encoding_aes_key": "QPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba",
            },
        },
    }
    for name, table in tables.items():
        config[name] = {**config.get(name, {}), **table} if isinstance(table, dict) else table
    path.write_text("\n".join(_toml(config)))
    return path


def _toml(table: dict[str, Any], path: str = "") -> list[str]:
    """Lines of TOML, a dotted key each: JSON's strings, numbers and booleans are TOML's."""
    lines = []
    for key, value in table.items():
        at = f"{path}{json.dumps(key, ensure_ascii=False)}"
        lines += _toml(value, f"{at}.") if isinstance(value, dict) else [f"{at} = {json.dumps(value)}"]
    return lines


@dataclass
class Town:
    """A running program and the people who talk to it."""

    settings: Settings
    house: app.House
    client: FlaskClient
    clock: Clock
    numbers: set[str] = field(default_factory=set)

    def phone(self, openid: str = "") -> Phone:
        """A member's phone; without an openid, a new member's."""
        openid = openid or f"o{secrets.token_hex(8)}"
        return Phone(self.client, self.settings.accounts["official"], openid, self.clock)

    def mini(self, openid: str = "", *, account: str = "mini") -> Mini:
        """A member's mini-program, signed in; without an openid, a new member's."""
        now = self.clock()
        openid = openid or f"o{secrets.token_hex(8)}"
        who = self.house.people.meet(account=account, openid=openid, today=now.date())
        until = now + timedelta(days=7)
        token = self.house.gate.sessions.begin(who.contact, device="手机", today=now.date(), until=until, now=now)
        return Mini(self.client, token, openid)

    def reader(self, openid: str = "", *, account: str = "official") -> Reader:
        """A member's browser, signed in to the pages; without an openid, a new member's."""
        now = self.clock()
        openid = openid or f"o{secrets.token_hex(8)}"
        who = self.house.people.meet(account=account, openid=openid, today=now.date())
        until = now + timedelta(days=1)
        token = self.house.page_gate.sessions.begin(who.contact, device="网页", today=now.date(), until=until, now=now)
        return Reader(self.client.application, token, openid=openid)

    def signs_in(self, name: str, *grants: Grant, party_member: bool = True) -> None:
        """Be this admin in the town's browser, whoever was it before; one who is new is added first.

        Without grants a new one does all the work of the whole house.
        """
        self._presses("/admin/", "/admin/logout")
        if self.house.admins.named(name) is None:
            self.house.admins.add(
                name=name,
                password_hash=hashed_at_no_cost(PASSWORD),
                party_member=party_member,
                grants=grants or (Grant(GENERAL),),
            )
        answer = self._presses("/admin/login", "/admin/login", name=name, password=PASSWORD)
        assert (answer.status_code, answer.location) == (302, "/admin/")

    def _presses(self, page: str, address: str, **said: str) -> TestResponse:
        """Send a form as the page would, with its token where it has one."""
        token = re.findall(r'name="(csrf_token)" value="([^"]+)"', self.client.get(page).text)
        return self.client.post(address, data={**dict(token), **said})


def _answering(url: str) -> redis_library.Redis | None:
    """A client, where there is a Redis behind the address."""
    client = fast.connect(url)
    return client if fast.answers(client) else None


@cache
def _the_pack() -> Library:
    """The sample pack, read once for all towns; a file that is another one is read again for each."""
    return library.load(PACK, zone=ZoneInfo("Asia/Shanghai"))


@cache
def _the_pack_as_kept() -> bytes:
    """The sample pack as a program keeps it for its next start, packed once for all towns."""
    with tempfile.TemporaryDirectory(prefix="zhibu-") as folder:
        at = Path(folder) / "kept.zip"
        last_good.keep(PACK, files.scan(PACK), at=at)
        return at.read_bytes()


def a_town(folder: Path, *, database: str, redis: str, clock: Clock | None = None, **tables: Any) -> Town:
    """The program, built and with its doors open in this process."""
    clock = clock or Clock(redis=_answering(redis))
    settings = Settings.load(write_config(folder, database=database, redis=redis, **tables), {})
    if settings.content.folder == PACK:
        installed.spare_content(settings).write_bytes(_the_pack_as_kept())
    house = app.build(settings, clock=clock, previous=_the_pack())
    return Town(settings, house, app.serve(house).test_client(), clock)
