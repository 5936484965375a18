"""The `zhibu` command, put together: what each of its commands works on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import click

from commands import (
    accounts,
    audit,
    backup,
    banks,
    broadcast,
    cli,
    doctor,
    keys,
    menu,
    pages,
    ports,
    replay,
    roster,
    run,
)
from commands import admin as admin_command
from commands import content as content_command
from commands import db as db_command
from commands import groups as groups_command
from commands.installed import (
    compiled_banks,
    database_url,
    good_pack,
    intake_of,
    known,
    now,
    open_shelf,
    queue_name,
    read,
    redis_url,
    spare_content,
)
from commands.platform import Platform
from commands.pushes import Pushes
from commands.settings import Settings
from content import checking
from content.faults import BadContent
from content.intake import Intake
from content.library import Library
from content.roles import Casting
from content.shelf import Shelf
from handlers import grant, privacy
from handlers.digest import pages as digest_pages
from handlers.feature import Feature, Queued
from scheduler import worker as workers
from scheduler.trying import TryOut
from storage import db, erasures, redis
from storage.audit import Audit
from storage.erasures import Erasures
from storage.lasting import Lasting, Purpose
from storage.refusals import Refusals
from storage.resealing import Heap, Resealing
from storage.rotation import Rotation
from storage.sealing import Keys
from storage.vault import Vault
from wechat.errors import WeChatError
from wechat.tokens import stable_token
from wechat.wire import Wire

Clock = Callable[[], datetime]
NO_REDIS = "redis://127.0.0.1:1"


class OwnData(Protocol):
    """All that is kept of a person, as far as commands ask."""

    def erase_in(self, connection: Any, person: str) -> None:
        """Erase them everywhere, in this transaction."""


class House(roster.House, Protocol):
    """The program that app.py puts together, as far as commands ask."""

    @property
    def settings(self) -> Settings:
        """The configuration."""

    @property
    def clock(self) -> Clock:
        """What the time is."""

    @property
    def shelf(self) -> Shelf:
        """The content."""

    @property
    def platform(self) -> Platform:
        """The ways to WeChat."""

    @property
    def pushes(self) -> Pushes:
        """The pushes."""

    @property
    def try_out(self) -> TryOut:
        """What sends a push to one admin."""

    @property
    def own_data(self) -> OwnData:
        """What is kept of persons."""

    @property
    def features(self) -> Sequence[Feature]:
        """What it does, slice by slice."""

    def close(self) -> None:
        """Let go of every connection."""


@dataclass(frozen=True, kw_only=True)
class Offices:
    """What each command works on: made when it is given, and of a house that is built only where it needs one."""

    build: Callable[[Settings], House]
    clock_of: Callable[[Settings], Clock]
    move_time: Callable[[Path, datetime], None]
    keep_time: Callable[[Path, cli.Ready], None]
    send: Callable[[Path, cli.Ready], None]
    heaps: Callable[[db.Database, Keys], Sequence[Heap]]
    unread: Callable[[db.Database, Keys], Sequence[doctor.Unread]]

    def program(self) -> click.Group:
        """The `zhibu` command."""
        parts = [run.run, run.web, run.clock, run.worker, replay.group()]
        groups = [
            admin_command.admin,
            audit.audit,
            backup.backup,
            backup.restore,
            broadcast.group(self.office),
            content_command.group(self.check, banks.commands(self.intake)),
            db_command.db,
            doctor.command(self.patient),
            groups_command.group(self.chat_groups),
            keys.group(self.safe),
            menu.group(self.menus),
            pages.group(self.plain_pages),
            roster.group(self.register),
        ]
        return cli.make(self.installation, [*parts, *groups])

    def installation(self, config: Path) -> cli.Installation:
        """What the commands know of this program."""
        settings = read(config)
        keys = settings.keys
        at, stand_in = settings.web, settings.sandbox
        return cli.Installation(
            folder=settings.storage.folder,
            embedded_redis=settings.storage.redis == "embedded",
            embedded_database=settings.storage.database == "embedded",
            web=cli.Server(factory="app:web", host=at.host, port=at.port, workers=at.workers),
            sandbox=cli.Server(factory="app:sandbox", host=stand_in.host, port=stand_in.port)
            if stand_in.enabled
            else None,
            clock=partial(self.keep_time, config),
            worker=partial(self.send, config),
            database=lambda: db.Database(database_url(settings)),
            audit=lambda database: Audit(database, keys),
            erasures=lambda database: Erasures(
                database, mark=Lasting(database, keys, Purpose.ERASED), file=settings.storage.folder / erasures.FILE
            ),
            erasing=partial(self.erasing, settings),
            keys=keys,
            content_faults=partial(self.content_faults, config),
            accounts=tuple(settings.accounts),
            casting=partial(self.casting, settings),
            today=lambda: self.clock_of(settings)().astimezone(settings.zone).date(),
            groups=tuple(settings.groups),
            move_time=self.move_time,
            secret_mark=keys.mark("backup")("secret_key"),
        )

    @contextmanager
    def erasing(self, settings: Settings) -> Iterator[cli.Erase]:
        """What erases a person everywhere."""
        with self.without_redis(settings) as house:
            yield house.own_data.erase_in

    @contextmanager
    def without_redis(self, settings: Settings) -> Iterator[House]:
        """The program put together for what asks no Redis: none need be at work."""
        stores = settings.storage.model_copy(update={"redis": NO_REDIS})
        house = self.build(settings.model_copy(update={"storage": stores}))
        try:
            yield house
        finally:
            house.close()

    def nobodys(self, settings: Settings) -> list[Queued]:
        """What waits and no account could see to; nothing where there is no good content, which is said of that."""
        try:
            with self.without_redis(settings) as house:
                return grant.nobodys(house.features)
        except BadContent:
            return []

    def casting(self, settings: Settings) -> Casting:
        """The console's roles, those of the pack where it can be read."""
        library = good_pack(settings, self.clock_of(settings))
        return library.casting if library else Casting.usual()

    def content_faults(self, config: Path) -> list[str]:
        """What is wrong with the content, where no good one was ever kept that could serve instead."""
        kept = spare_content(read(config)).exists()
        return [] if kept else [str(fault) for fault in self.check(config, None).faults]

    def office(self, config: Path) -> broadcast.Office:
        """What `zhibu broadcast` works on."""
        house = self.build(read(config))
        return broadcast.Office(
            desk=house.pushes.desk, try_out=house.try_out, clock=house.clock, zone=house.settings.zone
        )

    def chat_groups(self, config: Path) -> groups_command.Robots:
        """What `zhibu groups` works on."""
        house = self.build(read(config))
        return groups_command.Robots(settings=house.settings.groups, say=house.pushes.pump.crier.try_out)

    def register(self, config: Path) -> roster.Register:
        """What `zhibu roster` works on."""
        house = self.build(read(config))
        return roster.Register(
            roster=house.roster,
            organisations=house.shelf.current().organisations,
            now=house.clock(),
            zone=house.settings.zone,
            audit=house.audit,
        )

    def safe(self, config: Path) -> keys.Safe:
        """What `zhibu keys` works on."""
        settings = read(config)
        database = db.Database(database_url(settings))
        return keys.Safe(
            rotation=Rotation(database, Vault(database, settings.keys)),
            resealing=self.resealing(settings, database),
            has_previous=settings.keys.has_previous,
        )

    def resealing(self, settings: Settings, database: db.Database) -> Resealing:
        """What seals anew what lies under secret_key itself."""
        return Resealing(database, settings.keys, heaps=self.heaps(database, settings.keys))

    def plain_pages(self, config: Path) -> Iterable[tuple[str, str | bytes]]:
        """What `zhibu pages write` writes; it needs neither the database nor Redis."""
        settings = read(config)
        clock = self.clock_of(settings)
        return digest_pages.Plain(
            library=open_shelf(settings, clock).current(), zone=settings.zone, now=clock()
        ).files()

    def menus(self, config: Path) -> menu.Menus:
        """What `zhibu menu` works on: every official account has a menu, a mini-program none."""
        house = self.build(read(config))
        clients = house.platform.clients
        with_menu = {name: clients[name] for name, it in house.settings.accounts.items() if it.kind != "miniprogram"}
        return menu.Menus(accounts=with_menu, wanted=house.shelf.current().menu)

    def check(self, config: Path, folder: Path | None) -> checking.Findings:
        """What `zhibu content check` finds in `folder`, or in the pack of the configuration."""
        settings = read(config)
        return checking.check(
            folder or settings.content.folder,
            zone=settings.zone,
            known=known(settings, self.clock_of(settings)),
            compiled=compiled_banks(settings),
        )

    def intake(self, config: Path) -> Intake:
        """What `zhibu content import`, `undo` and `export` work on."""
        settings = read(config)
        return intake_of(settings, self.clock_of(settings))

    def patient(self, config: Path) -> doctor.Patient:
        """What `zhibu doctor` looks at."""
        settings = read(config)
        clock = self.clock_of(settings)
        web, public = settings.web, not settings.sandbox.enabled and bool(settings.web.public_url)

        def opened(name: str) -> accounts.Account:
            platform = Platform.of(settings, settings.keys, redis.connect(redis_url(settings)), clock)
            library = good_pack(settings, clock)
            return accounts.Account(
                name=name,
                settings=settings.accounts[name],
                wechat=platform.clients[name],
                token=stable_token(settings.accounts[name]),
                menu=library.menu if library else None,
                broadcasts=[*library.broadcasts.values()] if library else (),
                refused=partial(_refused, platform.refusals, name, clock, settings.zone),
                base=web.public_url if public else f"http://{ports.reachable(web.host)}:{web.port}",
                is_public=public,
                clock=clock,
                now=now,
            )

        return doctor.Patient(
            installation=self.installation(config),
            config=config,
            public_url=settings.web.public_url,
            platform={name: account.api_base for name, account in settings.accounts.items()},
            redis=lambda: redis.connect(redis_url(settings)),
            broker=partial(workers.connect, settings.broker.url, name=queue_name(settings))
            if settings.broker.url
            else None,
            content=lambda: self.check(config, None),
            accounts={name: partial(opened, name) for name in settings.accounts},
            groups=settings.groups,
            groups_named=lambda: groups_named(good_pack(settings, clock)),
            admins_named=lambda: admins_named(settings, good_pack(settings, clock)),
            admins=admin_command.names,
            reaches=reaches,
            periods=privacy.periods(settings.periods),
            nobodys=partial(self.nobodys, settings),
            left=lambda database: self.resealing(settings, database).left(),
            unread=lambda database: self.unread(database, self.installation(config).keys),
        )


def admins_named(settings: Settings, library: Library | None) -> Mapping[str, Sequence[str]]:
    """The console's accounts that the configuration and the pack name, by where."""
    if library is None:
        return {}
    return {
        "handlers.opinion.entrusted": settings.handlers.opinion.entrusted if library.matters else (),
        "talks.toml": [each.admin for each in library.hosts.values()],
        "organisations.toml": [name for each in library.organisations.values() for name in each.admins],
    }


def groups_named(library: Library | None) -> frozenset[str]:
    """The groups that some broadcast speaks in."""
    return frozenset(name for each in (library.broadcasts.values() if library else ()) for name in each.groups)


def reaches(base: str) -> bool:
    """Whether a server answers there, whatever it says to who asks for nothing."""
    try:
        Wire(base).call("GET", "/")
    except WeChatError:
        return False
    return True


def _refused(refusals: Refusals, account: str, clock: Clock, zone: tzinfo) -> Mapping[str, datetime]:
    """The channels of an account that are left alone, and until when."""
    current = refusals.current(now=clock()).items()
    return {way.channel: until.astimezone(zone) for way, until in current if way.account == account}
