"""The whole program for a test: real settings, real stores, a pack, and a clock that can be moved."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

import app
from tests.driver import Phone

PACK = Path(__file__).parents[1] / "content" / "pack"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # twelve o'clock in Shanghai


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


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
            }
        },
    }
    for name, table in tables.items():
        config[name] = {**config.get(name, {}), **table} if isinstance(table, dict) else table
    path.write_text("\n".join(_toml(config)))
    return path


def _toml(table: dict[str, Any], path: str = "") -> list[str]:
    """Lines of TOML, a dotted key each: JSON's strings, numbers and booleans are TOML's."""
    return [
        line
        for key, value in table.items()
        for line in (
            _toml(value, f"{path}{key}.") if isinstance(value, dict) else [f"{path}{key} = {json.dumps(value)}"]
        )
    ]


@dataclass
class Town:
    """A running program and the people who talk to it."""

    settings: app.Settings
    house: app.House
    client: FlaskClient
    clock: Clock
    numbers: set[str] = field(default_factory=set)

    def phone(self, openid: str = "") -> Phone:
        """A member's phone; without an openid, a new member's."""
        openid = openid or f"o{secrets.token_hex(8)}"
        return Phone(self.client, self.settings.accounts["official"], openid, self.clock)


def a_town(folder: Path, *, database: str, redis: str, clock: Clock | None = None, **tables: Any) -> Town:
    """The program, built and with its doors open in this process."""
    clock = clock or Clock()
    settings = app.Settings.load(write_config(folder, database=database, redis=redis, **tables), {})
    house = app.build(settings, clock=clock)
    return Town(settings, house, app.serve(house).test_client(), clock)
