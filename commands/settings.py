"""The configuration: every key with its default, what a value must be, and how a wrong one is told."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import time
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from handlers.agents import AgentsSettings
from handlers.console import ConsoleSettings
from handlers.login import LoginSettings
from handlers.opinion import OpinionSettings
from handlers.privacy import PrivacySettings
from handlers.quiz import QuizSettings
from handlers.subscription import SubscriptionSettings
from scheduler import worker as workers
from scheduler.channels.groups.settings import GroupSettings
from scheduler.manners import Manners
from storage import db, redis
from storage.sealing import Keys
from wechat.settings import AccountSettings

SHORTEST_KEY = 16
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_GROUP = re.compile(r"[\w.-]{1,64}")  # what a broadcast file can name
_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s?#]*", re.ASCII)
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class BadSettings(ValueError):
    """The configuration can't be used; the text has a line for each fault: path, what is wrong, how to mend it."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _is_ip_address(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("this is no IP address: use 127.0.0.1 for this machine alone, 0.0.0.0 for all") from None
    return host


Host = Annotated[str, AfterValidator(_is_ip_address)]  # the servers look no name up


class WebSettings(_Table):
    """The table [web]."""

    host: Host = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    workers: int = Field(2, ge=1, le=64)
    public_url: str = ""
    trusted_proxies: int = Field(0, ge=0, le=8)
    metrics_token: SecretStr = SecretStr("")

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_address(cls, address: str) -> str:
        if address and not _ADDRESS.fullmatch(address):
            raise ValueError("this is no address: write it with https://, such as https://wx.example.org")
        return address.rstrip("/")


class StorageSettings(_Table):
    """The table [storage]."""

    folder: Path = Path("var")
    database: str = Field("embedded", repr=False)
    redis: str = Field("embedded", repr=False)

    @field_validator("database")
    @classmethod
    def _database_has_an_address(cls, url: str) -> str:
        if url != "embedded" and not db.is_address(url):
            raise ValueError('use "embedded", or an address such as postgresql+psycopg://user:password@host/name')
        return url

    @field_validator("redis")
    @classmethod
    def _redis_has_an_address(cls, url: str) -> str:
        if url != "embedded" and not redis.is_address(url):
            raise ValueError('use "embedded", or an address such as redis://host:6379/0')
        return url


class ContentSettings(_Table):
    """The table [content]."""

    folder: Path = Path("content/pack")


class BrokerSettings(_Table):
    """The table [broker]."""

    url: str = Field("", repr=False)

    @field_validator("url")
    @classmethod
    def _broker_has_an_address(cls, url: str) -> str:
        if url and not workers.is_address(url):
            raise ValueError('use "" for the same Redis, or an address such as amqp://user:password@host')
        return url


class SandboxSettings(_Table):
    """The table [sandbox]."""

    enabled: bool = False
    host: Host = "127.0.0.1"
    port: int = Field(8001, ge=1, le=65535)


class PushSettings(_Table):
    """The table [push]: what holds for every push and everybody."""

    quiet_from: str = "21:30"
    quiet_until: str = "07:30"
    a_day: int = Field(2, ge=1, le=100)
    in_flight: int = Field(16, ge=1, le=1000)
    a_second: float = Field(100, gt=0, le=100_000)
    keep_days: int = Field(90, ge=7, le=3650)
    in_sandbox: bool = False

    @field_validator("quiet_from", "quiet_until")
    @classmethod
    def _is_a_time(cls, written: str) -> str:
        if not _HOUR.fullmatch(written):
            raise ValueError('this is no time of the day: write it as "21:30"')
        return written

    def manners(self, zone: ZoneInfo) -> Manners:
        """The same for the planner and the desk."""
        begin, end = map(time.fromisoformat, (self.quiet_from, self.quiet_until))
        return Manners(zone=zone, quiet_from=begin, quiet_until=end, a_day=self.a_day)


class HandlerSettings(_Table):
    """The tables [handlers.<feature>]."""

    agents: AgentsSettings = AgentsSettings()
    console: ConsoleSettings = ConsoleSettings()
    login: LoginSettings = LoginSettings()
    opinion: OpinionSettings = OpinionSettings()
    privacy: PrivacySettings = PrivacySettings()
    quiz: QuizSettings = QuizSettings()
    subscription: SubscriptionSettings = SubscriptionSettings()


class Settings(_Table):
    """The whole configuration; folders are absolute."""

    secret_key: SecretStr
    previous_secret_key: SecretStr = SecretStr("")
    timezone: str = "Asia/Shanghai"
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    content: ContentSettings = ContentSettings()
    broker: BrokerSettings = BrokerSettings()
    accounts: dict[str, AccountSettings]
    groups: dict[str, GroupSettings] = Field(default_factory=dict)
    sandbox: SandboxSettings = SandboxSettings()
    push: PushSettings = PushSettings()
    handlers: HandlerSettings = HandlerSettings()

    @property
    def keys(self) -> Keys:
        """Every key there is, one a purpose."""
        return Keys(self.secret_key.get_secret_value(), self.previous_secret_key.get_secret_value())

    @property
    def periods(self) -> dict[str, int]:
        """For how many days what is kept, by the key that says so."""
        return {
            "handlers.subscription.keep_after_unfollow_days": self.handlers.subscription.keep_after_unfollow_days,
            "handlers.privacy.keep_join_tries_days": self.handlers.privacy.keep_join_tries_days,
            "handlers.privacy.keep_corrections_days": self.handlers.privacy.keep_corrections_days,
            "handlers.login.token_days": self.handlers.login.token_days,
            "push.keep_days": self.push.keep_days,
        }

    @property
    def zone(self) -> ZoneInfo:
        """The zone that schedules and days are in."""
        return ZoneInfo(self.timezone)

    @property
    def manners(self) -> Manners:
        """What holds for every push; in the sandbox nobody is woken, so nothing does unless it shall."""
        holds = self.push.in_sandbox or not self.sandbox.enabled
        return self.push.manners(self.zone) if holds else Manners(zone=self.zone)

    @field_validator("secret_key")
    @classmethod
    def _secret_key_is_long(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"shorter than {SHORTEST_KEY} characters: make one with `openssl rand -hex 32`")
        return key

    @field_validator("accounts", "groups", mode="before")
    @classmethod
    def _each_is_a_table_of_its_own(cls, tables: Any) -> Any:
        """One fault for [accounts] with an account's keys in it, instead of one a key."""
        if not isinstance(tables, dict) or not isinstance(tables.get("kind"), str):
            return tables
        raise ValueError("each has a table of its own, with a name: see config.example.toml")

    @field_validator("accounts")
    @classmethod
    def _accounts_have_names(cls, accounts: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        if not accounts:
            raise ValueError("there is none: add one as [accounts.official], see config.example.toml")
        for name in accounts:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is part of the webhook's address: use letters, digits, - and _ only")
        return accounts

    @field_validator("groups")
    @classmethod
    def _groups_differ(cls, groups: dict[str, GroupSettings]) -> dict[str, GroupSettings]:
        robots: dict[str, str] = {}
        for name, group in groups.items():
            if not _GROUP.fullmatch(name) or name != name.lower():
                raise ValueError(f"{name!r}: name a group in small letters of any script, digits, . - and _")
            first = robots.setdefault(group.webhook.get_secret_value(), name)
            if first != name:
                raise ValueError(f"{name!r} has the webhook of {first!r}: one of them is enough")
        return groups

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone: use a name such as Asia/Shanghai") from None
        return name

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        """Two servers on one port would share what comes in, and neither would tell."""
        if self.sandbox.enabled and self.web.port == self.sandbox.port:
            raise ValueError(f"sandbox.port: web.port is {self.web.port} too; give one of them another")
        return self

    @model_validator(mode="after")
    def _desks_are_of_accounts(self) -> Self:
        """Members of an account that was misspelt would hear that nobody sits there, and nobody else would."""
        strange = [name for name in self.handlers.agents.staffed if name not in self.accounts]
        if strange:
            there = ", ".join(self.accounts)
            raise ValueError(f"handlers.agents.staffed: no account is called {', '.join(strange)}; there is {there}")
        return self

    @model_validator(mode="after")
    def _sandbox_is_the_platform(self) -> Self:
        """With the sandbox on nothing may reach the real platform, and without it no example secret starts."""
        there = self.sandbox_url
        away = [f"accounts.{name}" for name, account in self.accounts.items() if account.api_base != there]
        away += [f"groups.{name}" for name, group in self.groups.items() if group.address.base != there]
        if self.sandbox.enabled and away:
            raise ValueError(
                f"{', '.join(f'{each}.api_base' for each in away)}: the sandbox is on, so this must be {there}; "
                "or set sandbox.enabled to false"
            )
        if not self.sandbox.enabled:
            self._refuse_examples()
        return self

    def _refuse_examples(self) -> None:
        secrets = {"secret_key": self.secret_key, "previous_secret_key": self.previous_secret_key}
        for name, account in self.accounts.items():
            fields = ("secret", "token", "encoding_aes_key", "previous_token", "previous_encoding_aes_key")
            secrets |= {f"accounts.{name}.{field}": getattr(account, field) for field in fields}
        for name, group in self.groups.items():
            secrets |= {f"groups.{name}.{field}": getattr(group, field) for field in ("webhook", "secret")}
        found = [path for path, secret in secrets.items() if _is_example(secret.get_secret_value())]
        if found:
            raise ValueError(f"{', '.join(found)}: an example's secret starts with the sandbox only; put your own")

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox answers."""
        return f"http://{self.sandbox.host}:{self.sandbox.port}"

    @property
    def public_url(self) -> str:
        """Where a member's browser reaches the pages: beside the sandbox's phone that is here, else "" is nowhere."""
        here = f"http://{self.web.host}:{self.web.port}" if self.sandbox.enabled else ""
        return self.web.public_url or here

    @classmethod
    def load(cls, path: Path, environ: Mapping[str, str]) -> Self:
        """Read the file and the environment's overrides; raises `BadSettings`."""
        try:
            tables = tomllib.loads(path.read_text("utf-8-sig"))
        except FileNotFoundError:
            raise BadSettings(f"{path.name}: no such file; copy config.example.toml to {path.name}") from None
        except UnicodeDecodeError:
            raise BadSettings(f"{path.name}: this is not UTF-8: save it in that encoding") from None
        except tomllib.TOMLDecodeError as error:
            how = 'write texts in straight quotes ("), true and false without'
            raise BadSettings(f"{path.name}: this is not TOML: {error}: {how}") from None
        try:
            settings = cls.model_validate(_overridden(tables, environ))
        except ValidationError as error:
            raise BadSettings("\n".join(_faults(error))) from None
        return settings.beside(path.parent.resolve())

    def beside(self, folder: Path) -> Self:
        """The same settings with their folders in `folder`."""
        storage = self.storage.model_copy(update={"folder": folder / self.storage.folder})
        content = self.content.model_copy(update={"folder": folder / self.content.folder})
        return self.model_copy(update={"storage": storage, "content": content})


def _is_example(secret: str) -> bool:
    return any(word in secret.lower() for word in ("example", "change-me", "changeme"))


def _overridden(tables: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """ZHIBU_WEB__PORT=80 is [web] port; ZHIBU_CONFIG names the file itself."""
    for name, value in sorted(environ.items()):
        path = name.removeprefix("ZHIBU_").lower().split("__")
        if not name.startswith("ZHIBU_") or path == ["config"] or path[0].startswith("test_"):
            continue
        table = tables
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise BadSettings(f"{part}: this is no table, so {name} sets nothing: remove it or mend its name")
        table[path[-1]] = value
    return tables


_MEND = {
    "extra_forbidden": "unknown key: see config.example.toml for the keys there are",
    "missing": "required: add it, see config.example.toml",
    "model_type": "this is a table: write its name in brackets and its keys below, see config.example.toml",
    "dict_type": "this is a table: write its name in brackets and its keys below, see config.example.toml",
    "int_type": "use a whole number, without quotes",
    "int_parsing": "use a whole number, without quotes",
    "int_from_float": "use a whole number, without quotes",
    "tuple_type": 'use a list of texts, such as ["one", "another"]',
    "bool_type": "use true or false, without quotes",
    "bool_parsing": "use true or false, without quotes",
    "string_type": "use a text, in quotes",
    "path_type": "use the name of a folder, in quotes",
}


def _faults(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in fault["loc"])
        what = _MEND.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        what = what.replace("Input should be", "this must be")
        if fault["type"] == "extra_forbidden" and (meant := _meant(fault["loc"])):
            what = f"unknown key: is {meant} meant?"
        lines.append(f"{path}: {what}" if path else what)
    return lines


def _meant(path: Sequence[int | str]) -> str:
    """The key beside an unknown one that is most like it, or nothing."""
    *tables, unknown = map(str, path)
    table: Any = Settings
    for name in tables:
        many = get_origin(table) is dict  # [accounts.<name>]: any name
        table = get_args(table)[1] if many else table.model_fields[name].annotation
    return next(iter(get_close_matches(unknown, table.model_fields, n=1)), "")
