"""Zhibu, put together: the settings, the one list of features, the doors and their guards."""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from sqlalchemy.engine import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from commands import accounts, backup, broadcast, cli, doctor, menu, ports, replay, roster, run, valkey
from commands import admin as admin_command
from commands import content as content_command
from commands import db as db_command
from content import checking
from content.agreement import Known
from content.faults import BadContent
from content.library import Library
from content.shelf import Shelf
from handlers import (
    access,
    agents,
    console,
    conversation,
    digest,
    front,
    health,
    linking,
    login,
    membership,
    openapi,
    opinion,
    phone,
    quiz,
    subscription,
)
from handlers.agents import AgentsSettings
from handlers.conversation import Conversation
from handlers.feature import Feature, Keeps
from handlers.login import LoginSettings
from handlers.opinion import OpinionSettings
from handlers.quiz import QuizSettings
from handlers.session import Gate
from handlers.subscription import SubscriptionSettings
from scheduler import clock as clocks
from scheduler import reasons
from scheduler import worker as workers
from scheduler.audience import Audience
from scheduler.broadcast import Desk
from scheduler.channels import Channel
from scheduler.channels.customer_service import CustomerServiceChannel
from scheduler.channels.next_visit import NextVisitChannel
from scheduler.channels.notice import MiniNoticeChannel, NoticeChannel
from scheduler.job import Job
from scheduler.later import Later
from scheduler.manners import Manners
from scheduler.planner import Planner
from scheduler.postman import Postman
from scheduler.pump import Pump
from scheduler.telling import Tell
from scheduler.windows import Windows
from storage import db, leases, redis
from storage.admins import Admins
from storage.broadcasts import Broadcasts
from storage.inbox import Inbox
from storage.linking import Linking
from storage.opinion import Opinion, Opinions, Quota
from storage.paces import Paces
from storage.people import People
from storage.phone import Phones
from storage.pictures import Pictures
from storage.quiz import QuizStore
from storage.redis import Redis
from storage.refusals import Refusals
from storage.roster import Roster
from storage.sealing import Keys
from storage.sessions import Sessions
from storage.subscription import Subscriptions
from storage.tokens import RedisTokenStore
from wechat import webhook
from wechat.api.jssdk import jsapi_ticket
from wechat.bulk import Bulk
from wechat.capabilities import Capability, may
from wechat.client import TencentWeChat
from wechat.sandbox import server as sandbox_server
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.clock import MovedClock
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token

Clock = Callable[[], datetime]
SHORTEST_KEY = 16
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s?#]*", re.ASCII)
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
Guard = Callable[[], ResponseReturnValue | None]
LEASE_SECONDS = 15.0
KNOWN = Known(
    channels=frozenset(
        {NoticeChannel.name, MiniNoticeChannel.name, CustomerServiceChannel.name, NextVisitChannel.name}
    ),
    notice_fault=reasons.notice_fault,
    menu_keys=frozenset(
        {
            "about",
            "help",
            "digest.news",
            "digest.policy",
            "membership.join",
            "opinion.query",
            "opinion.start",
            "quiz.daily",
            "quiz.wrong",
            "subscription.mine",
            "subscription.topics",
        }
    ),
)


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
    host: str = "127.0.0.1"
    port: int = Field(8001, ge=1, le=65535)


class PushSettings(_Table):
    """The table [push]: what holds for every push and everybody."""

    quiet_from: str = "21:30"
    quiet_until: str = "07:30"
    a_day: int = Field(2, ge=1, le=100)
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
    login: LoginSettings = LoginSettings()
    opinion: OpinionSettings = OpinionSettings()
    quiz: QuizSettings = QuizSettings()
    subscription: SubscriptionSettings = SubscriptionSettings()


class Settings(_Table):
    """The whole configuration; folders are absolute."""

    secret_key: SecretStr
    timezone: str = "Asia/Shanghai"
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    content: ContentSettings = ContentSettings()
    broker: BrokerSettings = BrokerSettings()
    accounts: dict[str, AccountSettings]
    sandbox: SandboxSettings = SandboxSettings()
    push: PushSettings = PushSettings()
    handlers: HandlerSettings = HandlerSettings()

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

    @field_validator("accounts")
    @classmethod
    def _accounts_have_names(cls, accounts: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        if not accounts:
            raise ValueError("there is none: add one as [accounts.official], see config.example.toml")
        for name in accounts:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is part of the webhook's address: use letters, digits, - and _ only")
        return accounts

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

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        """Two servers on one port would share what comes in, and neither would tell."""
        if self.sandbox.enabled and self.web.port == self.sandbox.port:
            raise ValueError(f"sandbox.port: web.port is {self.web.port} too; give one of them another")
        return self

    def _refuse_examples(self) -> None:
        secrets = {"secret_key": self.secret_key}
        for name, account in self.accounts.items():
            fields = ("secret", "token", "encoding_aes_key", "previous_token", "previous_encoding_aes_key")
            secrets |= {f"accounts.{name}.{field}": getattr(account, field) for field in fields}
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
        lines.append(f"{path}: {what}" if path else what)
    return lines


# -- the house ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The ways to WeChat, by account: one call at a time, or many sends in flight. One token for the whole fleet."""

    accounts: Mapping[str, AccountSettings]
    clients: Mapping[str, TencentWeChat]
    bulks: Mapping[str, Bulk]
    refusals: Refusals

    @classmethod
    def of(cls, settings: Settings, keys: Keys, memory: Redis, clock: Clock) -> Self:
        """The clients of every account."""
        accounts = settings.accounts
        tokens = {
            name: Tokens(stable_token(account), RedisTokenStore(memory, keys, account=name), clock)
            for name, account in accounts.items()
        }
        tickets = {
            name: Tokens(
                jsapi_ticket(account, tokens[name]), RedisTokenStore(memory, keys, account=name, of="ticket"), clock
            )
            for name, account in accounts.items()
        }
        return cls(
            accounts=accounts,
            clients={
                name: TencentWeChat(account, tokens[name], tickets=tickets[name]) for name, account in accounts.items()
            },
            bulks={name: Bulk(account, tokens[name]) for name, account in accounts.items()},
            refusals=Refusals(memory),
        )

    @property
    def minis(self) -> Mapping[str, TencentWeChat]:
        """The mini-programs."""
        return {name: self.clients[name] for name, each in self.accounts.items() if each.kind == "miniprogram"}

    @property
    def followed(self) -> Mapping[str, TencentWeChat]:
        """The accounts that can say by whom they are followed."""
        can = {name for name, each in self.accounts.items() if may(each, Capability.PEOPLE)}
        return {name: self.clients[name] for name in self.clients if name in can}

    async def close(self) -> None:
        """Let go of the connections that sends keep open."""
        for bulk in self.bulks.values():
            await bulk.aclose()


@dataclass(frozen=True, kw_only=True)
class Pushes:
    """How a date becomes a push: planned at the desk, sent by the pump, brought there by the broker."""

    store: Broadcasts
    queue: workers.Queue
    desk: Desk
    pump: Pump
    windows: Windows


@dataclass(frozen=True)
class OwnData:
    """All that every feature keeps of a person; the person's own rows come last."""

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

    def unite(self, connection: Connection, *, gone: str, into: str) -> None:
        """Give everything that is kept of one person to another."""
        for keep in self.keeps:
            keep.unite(connection, gone, into)
        self.people.unite(connection, gone, into)


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything that is shared, built once in a process."""

    settings: Settings
    clock: Clock
    db: db.Database
    redis: Redis
    shelf: Shelf
    people: People
    roster: Roster
    admins: Admins
    limiter: Limiter
    gate: Gate
    platform: Platform
    pushes: Pushes
    features: tuple[Feature, ...]
    conversation: Conversation
    postman: Postman[Opinion]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The timetable: what the pushes need and what every feature does by the clock."""
        return (self.pushes.windows.job(), *(job for feature in self.features for job in feature.jobs))

    def close(self) -> None:
        """Let go of the content's watcher, the postman and every connection."""
        self.shelf.stop()
        self.postman.stop()
        self.pushes.queue.close()
        self.db.close()
        self.redis.close()


def now() -> datetime:
    """The true time."""
    return datetime.now(UTC)


def clock_of(settings: Settings) -> Clock:
    """The clock of this installation: with the sandbox on, time is where its panel has moved it."""
    return MovedClock(settings.storage.folder, now) if settings.sandbox.enabled else now


def open_shelf(settings: Settings, clock: Clock, previous: Library | None = None) -> Shelf:
    """The content; raises `BadContent` where there is nothing good."""
    return Shelf(
        settings.content.folder,
        zone=settings.zone,
        clock=clock,
        known=KNOWN,
        spare=spare_content(settings),
        previous=previous,
    )


def build(settings: Settings, *, clock: Clock | None = None, previous: Library | None = None) -> House:
    """Put the program together. Opens the content and pools of connections, and no connection yet.

    Of the content, what stands in `previous` is not read again.
    """
    clock = clock or clock_of(settings)
    keys = Keys(settings.secret_key.get_secret_value())
    database, memory = db.Database(database_url(settings)), redis.connect(redis_url(settings))
    shelf = open_shelf(settings, clock, previous)
    people, inbox = People(database, former=keys.mark("former")), Inbox(memory, keys)
    platform = Platform.of(settings, keys, memory, clock)
    subscriptions, roster_store, admins = (
        Subscriptions(database),
        Roster(database, mark=keys.mark("join code")),
        Admins(database),
    )
    pushes = _pushes(settings, database, people, inbox, shelf, platform, subscriptions, clock)
    tell = Tell(people, accounts=platform.accounts, texters=platform.clients, clock=clock)
    limiter = access.limiter(redis_url(settings))
    own_data = OwnData(database, people)
    effect = openapi.Effect(keys.mark("effect"))
    links = Linking(database, people, mark=keys.mark("link code"), unite=own_data.unite)
    opinions = Opinions(database, keys)
    postman = Postman(opinions.carry, most=run.WEB_THREADS - 1)
    sessions, paces = Sessions(database, mark=keys.mark("session")), Paces(memory, keys)
    phones = Phones(database, keys)
    features = (
        login.feature(
            accounts=platform.minis,
            meet=links.meet,
            sessions=sessions,
            paces=paces,
            say=shelf.say,
            clock=clock,
            zone=settings.zone,
            settings=settings.handlers.login,
        ),
        quiz.feature(
            store=QuizStore(database),
            shelf=shelf,
            zone=settings.zone,
            clock=clock,
            effect=effect,
            settings=settings.handlers.quiz,
        ),
        digest.feature(shelf=shelf, zone=settings.zone, public_url=settings.public_url, clock=clock),
        opinion.feature(
            opinions=opinions,
            pictures=Pictures(database, keys),
            quota=Quota(memory, keys, a_day=settings.handlers.opinion.anonymous_a_day),
            people=people,
            say=shelf.say,
            outside=opinion.Outside(
                tell=tell,
                effect=effect,
                post=postman.hand,
                fetch=opinion.FromPlatform(platform.clients),
                checkers=platform.minis,
                phone_of=phones.of,
                zone=settings.zone,
            ),
            clock=clock,
            settings=settings.handlers.opinion,
        ),
        membership.feature(
            roster=roster_store, people=people, shelf=shelf, zone=settings.zone, clock=clock, effect=effect
        ),
        linking.feature(
            linking=links,
            shelf=shelf,
            clock=clock,
            accounts=platform.followed,
            has_mini_program=bool(platform.minis),
        ),
        phone.feature(phones=phones, accounts=platform.minis, say=shelf.say, clock=clock, zone=settings.zone),
        agents.feature(say=shelf.say, settings=settings.handlers.agents),
        subscription.feature(
            members=subscription.Members(people=people, zone=settings.zone, mini_programs=platform.minis),
            subscriptions=subscriptions,
            shelf=shelf,
            own_data=own_data,
            clock=clock,
            effect=effect,
            settings=settings.handlers.subscription,
        ),
        console.feature(
            admins=admins,
            shelf=shelf,
            broadcasts=pushes.store,
            desk=pushes.desk,
            refusals=platform.refusals,
            limiter=limiter,
            clock=clock,
            zone=settings.zone,
        ),
    )
    own_data.keeps.extend(feature.keeps for feature in features if feature.keeps)
    own_data.keeps.append(
        Keeps(tables=("deliveries",), show=lambda _: (), erase=pushes.store.erase, unite=pushes.store.unite)
    )
    talk = Conversation(
        [feature.chat for feature in features if feature.chat],
        inbox=inbox,
        people=people,
        say=shelf.say,
        later=Later(people, accounts=platform.accounts, texters=platform.clients, clock=clock, leave=inbox.leave),
        clock=clock,
        zone=settings.zone,
        threads=run.WEB_THREADS,
    )
    return House(
        settings=settings,
        clock=clock,
        db=database,
        redis=memory,
        shelf=shelf,
        people=people,
        roster=roster_store,
        admins=admins,
        limiter=limiter,
        gate=Gate(sessions=sessions, paces=paces, clock=clock, a_minute=settings.handlers.login.requests_a_minute),
        platform=platform,
        pushes=pushes,
        features=features,
        conversation=talk,
        postman=postman,
    )


def _pushes(
    settings: Settings,
    database: db.Database,
    people: People,
    inbox: Inbox,
    shelf: Shelf,
    platform: Platform,
    subscriptions: Subscriptions,
    clock: Clock,
) -> Pushes:
    store = Broadcasts(database, people)
    made: tuple[Channel, ...] = (
        NoticeChannel(platform.accounts, platform.bulks),
        MiniNoticeChannel(platform.accounts, platform.bulks),
        CustomerServiceChannel(platform.accounts, platform.bulks),
        NextVisitChannel(store),
    )
    channels = {channel.name: channel for channel in made}
    planner = Planner(store, Audience(store, subscriptions), channels, settings.manners, platform.refusals)
    windows = Windows(inbox, people, read=partial(conversation.windows, zone=settings.zone))
    queue = workers.connect(settings.broker.url or redis_url(settings), name=queue_name(settings))
    desk = Desk(
        store,
        planner,
        library=shelf.current,
        fires=partial(clocks.fires, zone=settings.zone),
        manners=settings.manners,
        enqueue=workers.Enqueue(queue),
        flush=windows.flush,
        repeatable=[channel.name for channel in made if channel.repeatable],
    )
    pump = Pump(store=store, people=people, planner=planner, channels=channels, clock=clock)
    return Pushes(store=store, queue=queue, desk=desk, pump=pump, windows=windows)


def queue_name(settings: Settings) -> str:
    """One of its own for each installation: two on the same broker must not take each other's work."""
    mark = Keys(settings.secret_key.get_secret_value()).mark("queue")
    return f"push-{mark('push')[:8]}"


def database_url(settings: Settings) -> str:
    """Where SQL is."""
    given = settings.storage.database
    return db.embedded_url(settings.storage.folder) if given == "embedded" else given


def redis_url(settings: Settings) -> str:
    """Where Redis is; raises `valkey.NoValkey` when the embedded one isn't running."""
    given = settings.storage.redis
    return valkey.url(settings.storage.folder) if given == "embedded" else given


def spare_content(settings: Settings) -> Path:
    """Where the last good pack is kept."""
    return settings.storage.folder / "last-good-pack.zip"


# -- the doors ---------------------------------------------------------------------------------------------------


def serve(house: House) -> Flask:
    """The web part: chat, and every feature's doors behind their guards."""
    secret = Keys(house.settings.secret_key.get_secret_value()).key("session")
    site = Flask(__name__, static_folder=None, static_url_path="/static")
    access.protect(
        site, secret=secret, admins=house.admins, limiter=house.limiter, public_url=house.settings.web.public_url
    )
    metrics = health.Metrics()
    _open(site, _health(house, metrics), access.requires_nothing)
    _open(site, front.blueprint(house.shelf), access.requires_nothing)
    for feature in house.features:
        if feature.pages:
            _open(site, feature.pages, access.requires_nothing)
        if feature.admin:
            _open(site, feature.admin, access.requires_admin)
    proxies = house.settings.web.trusted_proxies
    behind = partial(ProxyFix, x_for=proxies, x_proto=proxies, x_host=proxies) if proxies else lambda web: web
    inner = _split({"/api/": behind(_api(house).wsgi_app)}, otherwise=behind(site.wsgi_app))
    site.wsgi_app = webhook.in_front_of(  # type: ignore[method-assign,assignment] # Flask's own way to wrap an application
        inner,
        house.settings.accounts,
        house.conversation.receive,
        clock=house.clock,
        count=metrics.count_message,
    )
    house.shelf.watch()
    house.postman.start()
    return site


def _api(house: House) -> Flask:
    """What the mini-program speaks to, an application of its own."""
    web = openapi.application(say=house.shelf.say)
    _open(web, openapi.description(), access.requires_nothing)
    for feature in house.features:
        if feature.api_for_anyone:
            _open(web, feature.api_for_anyone, access.requires_nothing)
        if feature.api:
            _open(web, feature.api, house.gate.requires_member)
    return web


def _health(house: House, metrics: health.Metrics) -> Blueprint:
    parts: Mapping[str, Callable[[], bool]] = {
        "database": house.db.answers,
        "redis": partial(redis.answers, house.redis),
        "content": lambda: bool(house.shelf.current()),  # a bad change is the console's news: the last good pack serves
        "postman": house.postman.is_at_work,
    }
    return health.blueprint(
        parts=parts, metrics=metrics, metrics_token=house.settings.web.metrics_token.get_secret_value()
    )


def _open(web: Flask, blueprint: Blueprint, guard: Guard) -> None:
    """The only way in: a door without a guard can't be hung."""
    blueprint.before_request(guard)
    web.register_blueprint(blueprint)


def _split(bare: Mapping[str, WSGIApplication], *, otherwise: WSGIApplication) -> WSGIApplication:
    """Keep the path of the API bare: none of what protects pages runs there."""

    def entrance(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = f"{environ['PATH_INFO']}/"
        served = next((web for prefix, web in bare.items() if path.startswith(prefix)), otherwise)
        return served(environ, start_response)

    return entrance


# -- the parts ---------------------------------------------------------------------------------------------------


def load() -> Settings:
    """The configuration that ZHIBU_CONFIG names."""
    return read(Path(os.environ["ZHIBU_CONFIG"]))


def read(config: Path) -> Settings:
    """The configuration of a file and of this process's environment."""
    return Settings.load(config, os.environ)


def web() -> Flask:
    """The web part's WSGI application."""
    return serve(build(load()))


def keep_time(config: Path) -> None:
    """The clock part: runs until SystemExit."""
    house = build(read(config))
    house.shelf.watch()
    clocks.Clock(
        house.jobs,
        broadcasts=lambda: house.shelf.current().broadcasts,
        begin=house.pushes.desk.sweep,
        lease=leases.Lease(house.redis, leases.CLOCK, seconds=LEASE_SECONDS),
        zone=house.settings.zone,
        clock=house.clock,
    ).run()


def send(config: Path) -> None:
    """The worker part: runs until SystemExit."""
    house = build(read(config))
    house.shelf.watch()
    pushes = house.pushes
    workers.run(pushes.queue, pushes.pump, unfinished=pushes.desk.unfinished, close=house.platform.close)


def sandbox() -> Flask:
    """The sandbox's WSGI application."""
    house = build(load())
    house.shelf.watch()
    library = house.shelf.current()
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
            title=library.account.name,
            menu=library.menu.payload()["button"] if account.kind != "miniprogram" else (),
        )
        for name, account in house.settings.accounts.items()
    ]
    at = house.settings.web
    return sandbox_server.create_app(
        house.settings.storage.folder,
        accounts,
        clock=now,
        webhook_base=f"http://{at.host}:{at.port}",
        broadcasts=PushButton(house),
    )


@dataclass(frozen=True)
class PushButton:
    """立即推送 on the sandbox's phone."""

    house: House

    def list(self) -> Sequence[tuple[str, str]]:
        """Key and title of every broadcast of the pack."""
        return [(each.key, each.title) for each in self.house.shelf.current().broadcasts.values()]

    def send(self, key: str) -> str:
        """Send a broadcast now; the words for whoever pressed the button."""
        return self.house.pushes.desk.send_now(key, now=self.house.clock(), at_night=True).key


# -- the commands ------------------------------------------------------------------------------------------------


def installation(config: Path) -> cli.Installation:
    """What the commands know of this program."""
    settings = read(config)
    at, stand_in = settings.web, settings.sandbox
    return cli.Installation(
        folder=settings.storage.folder,
        embedded_redis=settings.storage.redis == "embedded",
        embedded_database=settings.storage.database == "embedded",
        web=cli.Server(factory="app:web", host=at.host, port=at.port, workers=at.workers),
        sandbox=cli.Server(factory="app:sandbox", host=stand_in.host, port=stand_in.port) if stand_in.enabled else None,
        clock=partial(keep_time, config),
        worker=partial(send, config),
        database=lambda: db.Database(database_url(settings)),
        content_faults=partial(content_faults, config),
        accounts=tuple(settings.accounts),
        move_time=lambda folder, to: MovedClock(folder, now).set(to),
        secret_mark=Keys(settings.secret_key.get_secret_value()).mark("backup")("secret_key"),
    )


def content_faults(config: Path) -> list[str]:
    """What is wrong with the content, where no good one was ever kept that could serve instead."""
    kept = spare_content(read(config)).exists()
    return [] if kept else [str(fault) for fault in check(config, None).faults]


def office(config: Path) -> broadcast.Office:
    """What `zhibu broadcast` works on."""
    house = build(read(config))
    return broadcast.Office(desk=house.pushes.desk, clock=house.clock, zone=house.settings.zone)


def register(config: Path) -> roster.Register:
    """What `zhibu roster` works on."""
    house = build(read(config))
    return roster.Register(
        roster=house.roster,
        organisations=house.shelf.current().organisations,
        now=house.clock(),
        zone=house.settings.zone,
    )


def menus(config: Path) -> menu.Menus:
    """What `zhibu menu` works on: every official account has a menu, a mini-program none."""
    house = build(read(config))
    clients = house.platform.clients
    with_menu = {name: clients[name] for name, it in house.settings.accounts.items() if it.kind != "miniprogram"}
    return menu.Menus(accounts=with_menu, wanted=house.shelf.current().menu)


def check(config: Path, folder: Path | None) -> checking.Findings:
    """What `zhibu content check` finds in `folder`, or in the pack of the configuration."""
    settings = read(config)
    return checking.check(folder or settings.content.folder, zone=settings.zone, known=KNOWN)


def good_pack(settings: Settings) -> Library | None:
    """What would be served of the content now; None where there is nothing good."""
    try:
        return open_shelf(settings, clock_of(settings)).current()
    except BadContent:
        return None


def patient(config: Path) -> doctor.Patient:
    """What `zhibu doctor` looks at."""
    settings = read(config)
    keys = Keys(settings.secret_key.get_secret_value())

    web, public = settings.web, not settings.sandbox.enabled and bool(settings.web.public_url)

    def opened(name: str) -> accounts.Account:
        platform = Platform.of(settings, keys, redis.connect(redis_url(settings)), clock_of(settings))
        library = good_pack(settings)
        return accounts.Account(
            name=name,
            settings=settings.accounts[name],
            wechat=platform.clients[name],
            token=stable_token(settings.accounts[name]),
            menu=library.menu if library else None,
            broadcasts=[*library.broadcasts.values()] if library else (),
            base=web.public_url if public else f"http://{ports.reachable(web.host)}:{web.port}",
            is_public=public,
            clock=clock_of(settings),
            now=now,
        )

    return doctor.Patient(
        installation=installation(config),
        config=config,
        public_url=settings.web.public_url,
        platform={name: account.api_base for name, account in settings.accounts.items()},
        redis=lambda: redis.connect(redis_url(settings)),
        broker=partial(workers.connect, settings.broker.url, name=queue_name(settings))
        if settings.broker.url
        else None,
        content=lambda: check(config, None),
        accounts={name: partial(opened, name) for name in settings.accounts},
    )


def program() -> click.Group:
    """The `zhibu` command."""
    parts = [run.run, run.web, run.clock, run.worker, replay.group()]
    groups = [
        admin_command.admin,
        backup.backup,
        backup.restore,
        broadcast.group(office),
        content_command.group(check),
        db_command.db,
        doctor.command(patient),
        menu.group(menus),
        roster.group(register),
    ]
    return cli.make(installation, [*parts, *groups])


def main() -> None:
    """Be the `zhibu` command."""
    program()()
