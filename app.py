"""Zhibu, put together: the settings, the one list of features, the doors and their guards."""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from commands import cli, run, valkey
from commands import db as db_command
from content.shelf import Shelf
from handlers import digest, membership, quiz, subscription
from handlers.conversation import Conversation
from handlers.feature import Feature, Keeps
from handlers.quiz import QuizSettings
from handlers.subscription import SubscriptionSettings
from storage import db, redis
from storage.inbox import Inbox
from storage.people import People
from storage.quiz import QuizStore
from storage.redis import Redis
from storage.roster import Roster
from storage.sealing import Keys
from storage.subscription import Subscriptions
from wechat import webhook
from wechat.sandbox import server as sandbox_server
from wechat.sandbox.account import SandboxAccount
from wechat.settings import AccountSettings

Guard = Callable[[], ResponseReturnValue | None]


# -- settings ----------------------------------------------------------------------------------------------------


class BadSettings(ValueError):
    """The configuration can't be used; the text has a line for each fault: path, what is wrong, how to mend it."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WebSettings(_Table):
    """The table [web]."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    workers: int = Field(2, ge=1, le=64)
    public_url: str = ""
    trusted_proxies: int = Field(0, ge=0, le=8)
    metrics_token: SecretStr = SecretStr("")


class StorageSettings(_Table):
    """The table [storage]."""

    folder: Path = Path("var")
    database: str = Field("embedded", repr=False)
    redis: str = Field("embedded", repr=False)


class ContentSettings(_Table):
    """The table [content]."""

    folder: Path = Path("content/pack")


class BrokerSettings(_Table):
    """The table [broker]."""

    url: str = Field("", repr=False)


class SandboxSettings(_Table):
    """The table [sandbox]."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = Field(8001, ge=1, le=65535)


class HandlerSettings(_Table):
    """The tables [handlers.<feature>]."""

    quiz: QuizSettings = QuizSettings()
    subscription: SubscriptionSettings = SubscriptionSettings()


class Settings(_Table):
    """The whole configuration; folders are absolute."""

    secret_key: SecretStr = Field(min_length=16)
    timezone: str = "Asia/Shanghai"
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    content: ContentSettings = ContentSettings()
    broker: BrokerSettings = BrokerSettings()
    accounts: dict[str, AccountSettings] = Field(min_length=1)
    sandbox: SandboxSettings = SandboxSettings()
    handlers: HandlerSettings = HandlerSettings()

    @property
    def zone(self) -> ZoneInfo:
        """The zone that schedules and days are in."""
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone: use a name such as Asia/Shanghai") from None
        return name

    @model_validator(mode="after")
    def _sandbox_is_the_platform(self) -> Self:
        """With the sandbox on nothing may reach the real platform, and without it no example secret starts."""
        for name, account in self.accounts.items():
            if self.sandbox.enabled and account.api_base != self.sandbox_url:
                raise ValueError(
                    f"accounts.{name}.api_base: the sandbox is on, so this must be {self.sandbox_url}; "
                    "or set sandbox.enabled to false"
                )
        if not self.sandbox.enabled:
            self._refuse_examples()
        return self

    def _refuse_examples(self) -> None:
        secrets = {"secret_key": self.secret_key}
        for name, account in self.accounts.items():
            fields = ("secret", "token", "encoding_aes_key", "previous_token", "previous_encoding_aes_key")
            secrets |= {f"accounts.{name}.{field}": getattr(account, field) for field in fields}
        for path, secret in secrets.items():
            if any(word in secret.get_secret_value().lower() for word in ("example", "change-me", "changeme")):
                raise ValueError(f"{path}: this is an example's secret, put your own (it starts only with the sandbox)")

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
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(f"{path.name}: this is not TOML: {error}") from None
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


def _overridden(tables: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """ZHIBU_WEB__PORT=80 is [web] port; ZHIBU_CONFIG names the file itself."""
    for name, value in environ.items():
        path = name.removeprefix("ZHIBU_").lower().split("__")
        if not name.startswith("ZHIBU_") or path == ["config"] or path[0].startswith("test_"):
            continue
        table = tables
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
    return tables


_MEND = {
    "extra_forbidden": "unknown key: see config.example.toml for the keys there are",
    "missing": "required: add it, see config.example.toml",
}


def _faults(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in fault["loc"])
        what = _MEND.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        lines.append(f"{path}: {what}" if path else what)
    return lines


# -- the house ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything that is shared, built once in a process."""

    settings: Settings
    clock: Callable[[], datetime]
    db: db.Database
    redis: Redis
    shelf: Shelf
    features: tuple[Feature, ...]
    conversation: Conversation

    def close(self) -> None:
        """Let go of the content's watcher and of every connection."""
        self.shelf.stop()
        self.db.close()
        self.redis.close()


@dataclass(frozen=True)
class OwnData:
    """All that every feature keeps of a person, in the order of the features; people come last."""

    db: db.Database
    people: People
    keeps: list[Keeps] = field(default_factory=list)

    def show(self, person: str) -> Sequence[str]:
        """Lines a member can read."""
        return [line for keep in self.keeps for line in keep.show(person)]

    def erase(self, person: str) -> None:
        """Erase the person everywhere: all of it, or nothing where something fails."""
        with self.db.begin() as connection:
            for keep in self.keeps:
                keep.erase(connection, person)
            self.people.erase(connection, person)


def now() -> datetime:
    """The one clock of the program."""
    return datetime.now(UTC)


def build(settings: Settings, *, clock: Callable[[], datetime] = now) -> House:
    """Put the program together. Opens the content and pools of connections, and no connection yet."""
    keys = Keys(settings.secret_key.get_secret_value())
    database = db.Database(database_url(settings))
    memory = redis.connect(redis_url(settings))
    shelf = Shelf(settings.content.folder, zone=settings.zone, clock=clock)
    people = People(database, former=keys.mark("former"))
    inbox = Inbox(memory, keys)
    own_data = OwnData(database, people)
    features = (
        quiz.feature(store=QuizStore(database), shelf=shelf, zone=settings.zone, settings=settings.handlers.quiz),
        digest.feature(shelf=shelf, zone=settings.zone, public_url=settings.public_url, clock=clock),
        membership.feature(
            roster=Roster(database, mark=keys.mark("join code")), people=people, shelf=shelf, zone=settings.zone
        ),
        subscription.feature(
            people=people,
            subscriptions=Subscriptions(database),
            shelf=shelf,
            own_data=own_data,
            zone=settings.zone,
            settings=settings.handlers.subscription,
        ),
    )
    own_data.keeps.extend(feature.keeps for feature in features if feature.keeps)
    conversation = Conversation(
        [feature.chat for feature in features if feature.chat],
        inbox=inbox,
        people=people,
        say=shelf.say,
        later=lambda who, job: None,
        clock=clock,
        threads=run.WEB_THREADS,
    )
    return House(
        settings=settings,
        clock=clock,
        db=database,
        redis=memory,
        shelf=shelf,
        features=features,
        conversation=conversation,
    )


def database_url(settings: Settings) -> str:
    """Where SQL is."""
    given = settings.storage.database
    return db.embedded_url(settings.storage.folder) if given == "embedded" else given


def redis_url(settings: Settings) -> str:
    """Where Redis is; raises `valkey.NoValkey` when the embedded one isn't running."""
    given = settings.storage.redis
    return valkey.url(settings.storage.folder) if given == "embedded" else given


# -- the doors ---------------------------------------------------------------------------------------------------


def requires_nothing() -> None:
    """Said aloud: anyone may come in."""


def serve(house: House) -> Flask:
    """The web part: chat, and every feature's doors behind their guards."""
    web = Flask(__name__, static_folder=None, static_url_path="/static")
    web.secret_key = Keys(house.settings.secret_key.get_secret_value()).key("session")
    _open(
        web, webhook.blueprint(house.settings.accounts, house.conversation.receive, clock=house.clock), requires_nothing
    )
    _open(web, _health(house), requires_nothing)
    for pages in [feature.pages for feature in house.features if feature.pages]:
        _open(web, pages, requires_nothing)
    house.shelf.watch()
    return web


def _open(web: Flask, blueprint: Blueprint, guard: Guard) -> None:
    """The only way in: a door without a guard can't be hung."""
    blueprint.before_request(guard)
    web.register_blueprint(blueprint)


def _health(house: House) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def alive() -> ResponseReturnValue:
        return {"alive": True}

    @health.get("/readyz")
    def ready() -> ResponseReturnValue:
        parts = {
            "database": house.db.answers(),
            "redis": redis.answers(house.redis),
            "content": house.shelf.fault is None,
        }
        return parts, 200 if all(parts.values()) else 503

    return health


# -- the parts ---------------------------------------------------------------------------------------------------


def load() -> Settings:
    """The configuration that ZHIBU_CONFIG names."""
    return Settings.load(Path(os.environ["ZHIBU_CONFIG"]), os.environ)


def web() -> Flask:
    """The web part's WSGI application."""
    return serve(build(load()))


def sandbox() -> Flask:
    """The sandbox's WSGI application."""
    settings = load()
    accounts = [
        SandboxAccount(
            name=name,
            appid=account.appid,
            secret=account.secret.get_secret_value(),
            token=account.token.get_secret_value(),
            encoding_aes_key=account.encoding_aes_key.get_secret_value(),
            mode=account.mode,
            kind=account.kind,
            verified=account.verified,
            original_id=account.original_id,
        )
        for name, account in settings.accounts.items()
    ]
    at = settings.web
    return sandbox_server.create_app(
        settings.storage.folder, accounts, clock=now, webhook_base=f"http://{at.host}:{at.port}"
    )


def installation(config: Path) -> cli.Installation:
    """What the commands know of this program."""
    settings = Settings.load(config, os.environ)
    at, stand_in = settings.web, settings.sandbox
    return cli.Installation(
        folder=settings.storage.folder,
        embedded_redis=settings.storage.redis == "embedded",
        embedded_database=settings.storage.database == "embedded",
        web=cli.Server(factory="app:web", host=at.host, port=at.port, workers=at.workers),
        sandbox=cli.Server(factory="app:sandbox", host=stand_in.host, port=stand_in.port) if stand_in.enabled else None,
        clock=lambda: None,
        worker=lambda: None,
        database=lambda: db.Database(database_url(settings)),
    )


def main() -> None:
    """The `zhibu` command."""
    cli.make(installation, [run.run, run.web, run.clock, run.worker, run.sandbox, db_command.db])()
