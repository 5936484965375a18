"""Zhibu, put together: the one list of features, the doors and their guards, the parts and the commands."""

import gc
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from sqlalchemy.engine import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from commands import run
from commands.installed import (
    database_url,
    intake_of,
    now,
    open_shelf,
    read,
    redis_url,
    workshop_of,
)
from commands.offices import Offices
from commands.platform import Platform
from commands.pushes import Pushes
from commands.settings import Settings
from content.importers.waiting import Waiting
from content.library import Library
from content.models import Account
from content.roles import Duty
from content.shelf import Shelf
from handlers import (
    access,
    account,
    agents,
    appointment,
    bulletin,
    console,
    decision,
    digest,
    front,
    grant,
    guards,
    health,
    linking,
    login,
    measure,
    membership,
    openapi,
    opinion,
    pack,
    phone,
    privacy,
    protection,
    quiz,
    receipts,
    sharing,
    subscription,
    survey,
    task,
    trail,
)
from handlers.conversation import Conversation
from handlers.entrance import Entrance
from handlers.feature import Feature, Keeps, Sheet
from handlers.session import Gate, PageGate
from scheduler import clock as clocks
from scheduler import worker as workers
from scheduler.job import Job
from scheduler.later import Later
from scheduler.postman import Postman
from scheduler.reporting import Reporting
from scheduler.staff import Staff, powers_now
from scheduler.telling import Tell
from scheduler.trying import TryOut
from scheduler.workdays import Workdays
from storage import db, erasures, leases, redis
from storage.admin_factors import Factors
from storage.admin_sessions import AdminSessions
from storage.admin_tries import Tries
from storage.admins import AdminContacts, Admins
from storage.appointment import Appointments
from storage.audience import Conditions
from storage.audit import Audit
from storage.batching import Batcher
from storage.cards import Cards
from storage.checks import Checks
from storage.decision import Decisions
from storage.duels import Duels
from storage.erasures import Erasures
from storage.inbox import Inbox
from storage.item_numbers import ItemNumbers
from storage.journal import Journal
from storage.lasting import Lasting, Purpose
from storage.linking import Linking
from storage.loans import Loans
from storage.measure import Measures
from storage.opinion import Letter, Opinions
from storage.opinion_quota import Quota
from storage.paces import Paces
from storage.pack import Changes
from storage.participation import Participation
from storage.passes import Passes
from storage.people import People
from storage.phone import Phones
from storage.pictures import Pictures
from storage.places import Places
from storage.points import Points
from storage.privacy import Consents, Corrections
from storage.quiz import QuizStore
from storage.receipts import Receipts
from storage.redis import Redis
from storage.regards import Regards
from storage.resealing import Heap
from storage.roster import Roster
from storage.run_reports import RunReports
from storage.sealing import Keys
from storage.sessions import Sessions
from storage.sittings import Sittings
from storage.subscription import Subscriptions
from storage.survey import IN_LETTERBOX, Surveys, survey_box
from storage.task import Tasks
from storage.vault import Vault
from wechat import webhook
from wechat.api import jssdk
from wechat.capabilities import Capability, may
from wechat.sandbox import server as sandbox_server
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.clock import MovedClock
from wechat.sandbox.robots import SandboxGroup

Clock = Callable[[], datetime]
Guard = Callable[[], ResponseReturnValue | None]
LEASE_SECONDS = 12.0  # and a tick of the next clock: a dead one is replaced within 15 s
LETTERS_AT_ONCE = 10  # as many as two rounds of the postman have room for (docs/decisions/0018)


# -- the house ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnData:
    """All that every feature keeps of a person; the person's own rows come last."""

    db: db.Database
    people: People
    erasures: Erasures
    keeps: list[Keeps] = field(default_factory=list)

    def show(self, person: str) -> Sequence[str]:
        """Lines a member can read."""
        return [line for keep in self.keeps for line in keep.show(person)]

    def export(self, person: str) -> Sequence[Sheet]:
        """The same as tables, to be taken along."""
        return [sheet for keep in self.keeps for sheet in keep.export(person)]

    def erase(self, person: str) -> None:
        """Erase the person everywhere: all of it, or nothing where something fails."""
        with self.db.begin() as connection:
            self.erase_in(connection, person)
        self.erasures.write()

    def erase_in(self, connection: Connection, person: str) -> None:
        """The same in a transaction that does more."""
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
    staff: Staff
    entrance: Entrance
    limiter: Limiter
    sharing: sharing.Sharing | None
    gate: Gate
    page_gate: PageGate
    platform: Platform
    pushes: Pushes
    try_out: TryOut
    own_data: OwnData
    audit: Audit
    features: tuple[Feature, ...]
    conversation: Conversation
    postman: Postman[Letter]
    batcher: Batcher

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The timetable: what the pushes need and what every feature does by the clock."""
        pushes = self.pushes
        always = (pushes.windows.job(), pushes.tags.job(), pushes.pump.herald.job(), pushes.night.job())
        return (*always, *(job for feature in self.features for job in feature.jobs))

    def close(self) -> None:
        """Let go of the content's watcher, the postman and every connection."""
        self.shelf.stop()
        self.postman.stop()
        self.batcher.stop()
        self.pushes.queue.close()
        self.db.close()
        self.redis.close()


def clock_of(settings: Settings) -> Clock:
    """The clock of this installation: with the sandbox on, time is where its panel has moved it."""
    return MovedClock(settings.storage.folder, now) if settings.sandbox.enabled else now


def build(settings: Settings, *, clock: Clock | None = None, previous: Library | None = None) -> House:
    """Put the program together. Opens the content and pools of connections, and no connection yet.

    Of the content, what stands in `previous` is not read again.
    """
    clock = clock or clock_of(settings)
    keys = settings.keys
    database, memory = db.Database(database_url(settings)), redis.connect(redis_url(settings))
    shelf = open_shelf(settings, clock, previous)
    workdays = Workdays(lambda: shelf.current().work_years)

    def today() -> date:
        return clock().astimezone(settings.zone).date()

    def account_of_the_pack() -> Account:
        return shelf.current().account

    vault = Vault(database, keys)
    people, inbox = People(database, vault, former=keys.mark("former")), Inbox(memory, keys)
    platform = Platform.of(settings, keys, memory, clock)
    subscriptions, roster_store, admins = (
        Subscriptions(database, today),
        Roster(database, vault, mark=keys.mark("join code")),
        Admins(database),
    )
    pushes = Pushes.of(
        settings,
        platform,
        database,
        inbox=inbox,
        people=people,
        shelf=shelf,
        known=partial(Conditions, subscribed=subscriptions.wants, answered=QuizStore.has_answered),
        clock=clock,
    )
    contacts = AdminContacts(database, mark=keys.mark("admin code"))
    try_out = TryOut(
        pushes.desk,
        people,
        library=shelf.current,
        contact_of=contacts.of,
        accounts=platform.accounts,
        senders=platform.clients,
    )
    tell = Tell(people, accounts=platform.accounts, texters=platform.clients, clock=clock)
    limiter = protection.limiter(redis_url(settings))
    mark = Lasting(database, keys, Purpose.ERASED)
    erased = Erasures(database, mark=mark, file=settings.storage.folder / erasures.FILE)
    own_data, audit = OwnData(database, people, erased), Audit(database, keys)
    entrance = _entrance(settings, database, admins, keys)
    effect = openapi.Effect(keys.mark("effect"))
    links = Linking(database, people, mark=keys.mark("link code"), unite=own_data.unite)
    ballots = survey_box(database, keys)
    opinions, regards = Opinions(database, keys, others={IN_LETTERBOX: ballots}), Regards(database)
    postman = Postman(opinions.carry, most=LETTERS_AT_ONCE)
    sessions, paces = Sessions(database, vault, mark=keys.mark("session")), Paces(memory, keys)
    a_minute = settings.handlers.login.requests_a_minute
    page_sessions = Sessions(database, vault, mark=keys.mark("page session"))  # whose tokens open no door of the API
    page_gate = PageGate(
        sessions=page_sessions, paces=paces, account=account_of_the_pack, clock=clock, a_minute=a_minute
    )
    measures = Measures(database, keys)
    loans = Loans(database)

    staff = Staff(
        powers=access.once_a_page(
            lambda: powers_now(
                [each for each in admins.all() if not each.disabled],
                loans.current(today()),
                shelf.current().casting,
                today(),
            )
        ),
        persons=contacts.persons,
        organisations=lambda: [*shelf.current().organisations.values()],
    )
    readers = partial(opinion.Readers.now, staff, opinions, settings.handlers.opinion.entrusted)
    phones, cards = Phones(database, vault), _cards(settings, platform, clock)
    intake = intake_of(settings, clock, shelf.current)
    desk = pack.Desk(
        shelf=shelf,
        workshop=workshop_of(settings, clock, shelf),
        changes=Changes(database),
        previews=lambda: [feature.preview for feature in features],
        clock=clock,
    )
    links_to_pages = Passes(memory, keys, purpose="link")
    office = privacy.Office(
        consents=Consents(database),
        corrections=Corrections(database, vault),
        people=people,
        own_data=own_data,
        notice=lambda: shelf.current().notice,
        undo={privacy.Purpose.MEMBERSHIP: roster_store.unbind, privacy.Purpose.PHONE: phones.drop},
        tell=tell,
        say=shelf.say,
        zone=settings.zone,
        public_url=settings.public_url.rstrip("/"),
    )
    features = (
        quiz.feature(
            stores=quiz.Stores(
                store=QuizStore(database),
                cards=Cards(database),
                places=Places(database),
                sittings=Sittings(database),
                duels=Duels(database, vault),
                items=ItemNumbers(database),
                participation=Participation(database),
                points=Points(database),
                regards=regards,
            ),
            shelf=shelf,
            intake=intake,
            zone=settings.zone,
            clock=clock,
            outside=quiz.Outside(
                effect=effect,
                paces=paces,
                tell=tell,
                organisation=people.organisation,
                public_url=settings.public_url.rstrip("/"),
                hand_in=desk.hand_in,
                needs_two=desk.needs_two,
            ),
            settings=settings.handlers.quiz,
        ),
        digest.feature(
            shelf=shelf,
            zone=settings.zone,
            public_url=settings.public_url,
            clock=clock,
            mark=keys.mark("feed"),
            sharing=cards,
            intake=intake,
            drafts=desk,
        ),
        opinion.feature(
            stores=opinion.Stores(
                opinions=opinions,
                checks=Checks(database, keys),
                pictures=Pictures(database, keys),
                quota=Quota(memory, keys, a_day=settings.handlers.opinion.anonymous_a_day),
                people=people,
            ),
            say=shelf.say,
            outside=opinion.Outside(
                tell=tell,
                effect=effect,
                post=postman.hand,
                account=account_of_the_pack,
                paces=paces,
                fetch=opinion.FromPlatform(platform.clients),
                judges=platform.minis,
                public_url=settings.public_url.rstrip("/"),
                phone_of=phones.of,
                workdays=workdays,
                admins=staff,
                readers=readers,
                replies=lambda: shelf.current().replies,
                matters=lambda: shelf.current().matters,
                watched=lambda: shelf.current().watched,
                agreed=lambda person, now: office.agree(person, privacy.Purpose.OPINION, now=now),
                wanted_by=subscriptions.who_want,
                measures=measures.of,
                measure_page=measure.PAGE,
                zone=settings.zone,
            ),
            clock=clock,
            settings=settings.handlers.opinion,
        ),
        appointment.feature(
            appointments=Appointments(database, keys),
            hosts=lambda: shelf.current().hosts,
            workdays=workdays,
            outside=appointment.Outside(
                admins=contacts.persons,
                tell=tell,
                account=account_of_the_pack,
                clock=clock,
                effect=effect,
            ),
            say=shelf.say,
            zone=settings.zone,
        ),
        bulletin.feature(
            cases=partial(opinion.of_days, opinions, readers),
            alike=opinion.alike,
            names=lambda: {row.entry.name for row in roster_store.rows()},
            workdays=workdays,
            today=today,
            account=account_of_the_pack,
        ),
        survey.feature(
            surveys=Surveys(database, keys, memory, leaves=ballots, letterbox=opinions.letterbox),
            pack=lambda: shelf.current().surveys,
            post=postman.hand,
            leave=postman.leave,
            say=shelf.say,
            account=account_of_the_pack,
            clock=clock,
            zone=settings.zone,
        ),
        measure.feature(
            work=measure.Work(
                measures=measures,
                staff=staff,
                subjects=opinion.subjects(opinions, readers),
                workdays=workdays,
                today=today,
            ),
            tell=tell,
            paces=paces,
            escalates_after=settings.handlers.opinion.escalate_workdays,
            zone=settings.zone,
        ),
        task.feature(
            admins=admins,
            tasks=Tasks(database),
            staff=staff,
            library=shelf.current,
            tell=tell,
            paces=paces,
            clock=clock,
            zone=settings.zone,
        ),
        grant.feature(
            admins=admins,
            loans=loans,
            staff=staff,
            library=shelf.current,
            clock=clock,
            zone=settings.zone,
        ),
        decision.feature(
            decisions=Decisions(database, vault),
            roster=roster_store.rows,
            staff=staff,
            shelf=shelf,
            today=today,
        ),
        membership.feature(
            roster=roster_store,
            people=people,
            shelf=shelf,
            zone=settings.zone,
            clock=clock,
            effect=effect,
            sealing=membership.Sealing(
                sought=keys.box("name sought"),
                listed=keys.box("list of members"),
                waiting=Waiting(intake.kept / "members"),
            ),
            agreement=privacy.For(office, privacy.Purpose.MEMBERSHIP),
        ),
        linking.feature(
            linking=links,
            shelf=shelf,
            clock=clock,
            accounts=platform.followed,
            has_mini_program=bool(platform.minis),
        ),
        phone.feature(
            phones=phones,
            accounts=platform.minis,
            say=shelf.say,
            clock=clock,
            zone=settings.zone,
            agreement=privacy.For(office, privacy.Purpose.PHONE),
        ),
        privacy.feature(
            office,
            outside=privacy.Outside(
                link=login.linking(links_to_pages, settings.public_url.rstrip("/")) if settings.public_url else None,
                account=account_of_the_pack,
                called=lambda organisation: shelf.current().organisation_name(organisation),
                effect=effect,
                periods=privacy.periods(settings.periods),
                drop_tries=roster_store.drop_tries,
            ),
            staff=staff,
            clock=clock,
            zone=settings.zone,
            settings=settings.handlers.privacy,
        ),
        agents.feature(say=shelf.say, settings=settings.handlers.agents),
        receipts.feature(receipts=Receipts(database), masses=pushes.store.masses, people=people),
        subscription.feature(
            members=subscription.Members(people=people, zone=settings.zone, mini_programs=platform.minis),
            subscriptions=subscriptions,
            shelf=shelf,
            own_data=own_data,
            votes=regards.voters,
            clock=clock,
            effect=effect,
            settings=settings.handlers.subscription,
        ),
        trail.feature(
            audit=audit,
            say=shelf.say,
            zone=settings.zone,
            called=partial(_called, shelf),
            auditors=lambda: [who for name, who in staff.persons().items() if name in staff.reaches(Duty.AUDIT)],
            tell=tell,
            write_erasures=erased.write,
        ),
        login.feature(
            programs=login.Programs(accounts=platform.minis, meet=links.meet, sessions=sessions),
            browsers=login.Browsers(
                gate=page_gate,
                links=links_to_pages,
                tries=Passes(memory, keys, purpose="try"),
                find=people.find,
                wechat=platform.opens_pages(anywhere=settings.sandbox.enabled),
                public_url=settings.public_url.rstrip("/"),
            ),
            paces=paces,
            shelf=shelf,
            clock=clock,
            zone=settings.zone,
            settings=settings.handlers.login,
        ),
        pack.feature(desk=desk, zone=settings.zone),
        account.feature(
            entrance=entrance,
            account=account_of_the_pack,
            zone=settings.zone,
        ),
        console.feature(
            entrance=entrance,
            contacts=contacts,
            shelf=shelf,
            pushes=console.Pushes(
                broadcasts=pushes.store,
                desk=pushes.desk,
                reporting=Reporting(pushes.store, RunReports(database, vault), zone=settings.zone),
                refusals=platform.refusals,
                try_out=try_out,
            ),
            limiter=limiter,
            features=lambda: features,
            clock=clock,
            zone=settings.zone,
        ),
    )
    own_data.keeps.extend(feature.keeps for feature in features if feature.keeps)
    rows = pushes.store.deliveries
    own_data.keeps.append(Keeps(tables=("deliveries",), show=lambda _: (), erase=rows.erase, unite=rows.unite))
    own_data.keeps.append(Keeps(tables=("united",), show=lambda _: (), erase=erased.erase, unite=erased.unite))
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
        staff=staff,
        entrance=entrance,
        limiter=limiter,
        sharing=cards,
        gate=Gate(sessions=sessions, paces=paces, clock=clock, a_minute=a_minute),
        page_gate=page_gate,
        platform=platform,
        pushes=pushes,
        try_out=try_out,
        own_data=own_data,
        audit=audit,
        features=features,
        conversation=talk,
        postman=postman,
        batcher=Batcher(),
    )


def _called(shelf: Shelf, role: str) -> str:
    """What the roles of an account are called; the pack may have others tomorrow."""
    return shelf.current().casting.name(role)


def _entrance(settings: Settings, database: db.Database, admins: Admins, keys: Keys) -> Entrance:
    """How admins come in, by the real clock: where the sandbox's is moved, they and their authenticators aren't."""
    at = settings.handlers.console
    return Entrance(
        admins=admins,
        sessions=AdminSessions(
            database,
            mark=keys.mark("admin session"),
            idle=timedelta(minutes=access.SESSION_MINUTES),
            longest=timedelta(hours=at.session_hours),
        ),
        factors=Factors(database, keys),
        tries=Tries(database, mark=keys.mark("admin tries")),
        clock=now,
        needs_factor=at.totp == "required",
    )


def _cards(settings: Settings, platform: Platform, clock: Clock) -> sharing.Sharing | None:
    """How pages that are passed on get a card: by the first account that may use the JS-SDK, None without one."""
    name = next((name for name, each in platform.accounts.items() if may(each, Capability.JS_SDK)), "")
    if not name:
        return None
    return sharing.Sharing(
        appid=platform.accounts[name].appid,
        sign=platform.clients[name].signature,
        sdk=jssdk.script(settings.sandbox_url if settings.sandbox.enabled else ""),
        site=settings.web.public_url,
        stands_in=settings.sandbox.enabled,
        clock=clock,
    )


# -- the doors ---------------------------------------------------------------------------------------------------


def serve(house: House) -> Flask:
    """The web part: chat, and every feature's doors behind their guards."""
    secret = house.settings.keys.key("session")
    site = Flask(__name__, static_folder=None, static_url_path="/static")
    protection.protect(
        site,
        secret=secret,
        entrance=house.entrance,
        powers=house.staff.powers,
        trail=lambda deed: house.audit.note(deed, now=house.clock()),
        limiter=house.limiter,
        public_url=house.settings.web.public_url,
    )
    metrics = health.Metrics()
    _open(site, _health(house, metrics), guards.requires_nothing)
    _open(site, front.blueprint(house.shelf), guards.requires_nothing)
    if house.sharing:
        _open(site, sharing.blueprint(house.sharing), guards.requires_nothing)
    for feature in house.features:
        if feature.pages_for_anyone:
            _open(site, feature.pages_for_anyone, guards.requires_nothing)
        if feature.pages:
            _open(site, feature.pages, house.page_gate.requires_member)
        if feature.admin:
            _open(site, feature.admin, guards.requires_admin)
            guards.all_marked(site, feature.admin.name)
    proxies = house.settings.web.trusted_proxies
    behind = partial(ProxyFix, x_for=proxies, x_proto=proxies, x_host=proxies) if proxies else lambda web: web
    inner = _split({"/api/": behind(_api(house).wsgi_app)}, otherwise=behind(site.wsgi_app))
    site.wsgi_app = webhook.in_front_of(  # type: ignore[method-assign,assignment] # Flask's own way to wrap an application
        inner,
        house.settings.accounts,
        house.conversation.receive,
        clock=house.clock,
        work=house.batcher.do,
        count=metrics.count_message,
    )
    house.batcher.start()
    house.shelf.watch()
    house.postman.start()
    return site


def _api(house: House) -> Flask:
    """What the mini-program speaks to, an application of its own."""
    web = openapi.application(say=house.shelf.say, has_left=house.gate.has_left)
    _open(web, openapi.description(), guards.requires_nothing)
    for feature in house.features:
        if feature.api_for_anyone:
            _open(web, feature.api_for_anyone, guards.requires_nothing)
        if feature.api:
            _open(web, feature.api, house.gate.requires_member)
    return web


def _health(house: House, metrics: health.Metrics) -> Blueprint:
    parts: Mapping[str, Callable[[], bool]] = {
        "database": house.db.answers,
        "database_takes_changes": house.db.takes_changes,
        "redis": partial(redis.answers, house.redis),
        "content": lambda: bool(house.shelf.current()),  # a bad change is the console's news: the last good pack serves
        "postman": house.postman.is_at_work,
        "turns": house.batcher.is_at_work,
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


def web() -> Flask:
    """The web part's WSGI application."""
    return serve(build(load()))


def keep_time(config: Path) -> None:
    """The clock part: runs until SystemExit."""
    house = build(read(config))
    house.shelf.watch()
    Journal(house.db).start()
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
    gc.collect()
    gc.freeze()  # it stays: measured, to walk it again and again was a fifth of what a send costs
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
            page_domain=urlsplit(house.settings.public_url).hostname or "",
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
        groups=[
            SandboxGroup(name=name, kind=each.kind, key=each.address.key, secret=each.secret.get_secret_value())
            for name, each in house.settings.groups.items()
        ],
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


def move_time(folder: Path, to: datetime) -> None:
    """Let it be another time for a sandbox that keeps its state in that folder."""
    MovedClock(folder, now).set(to)


def offices() -> Offices:
    """What the commands work on."""
    return Offices(
        build=build,
        clock_of=clock_of,
        move_time=move_time,
        keep_time=keep_time,
        send=send,
        heaps=heaps,
    )


def heaps(database: db.Database, keys: Keys) -> Sequence[Heap]:
    """The tables that lay their sealed rows themselves."""
    ballots = survey_box(database, keys)
    opinions = Opinions(database, keys, others={IN_LETTERBOX: ballots})
    return *opinions.heaps, Pictures(database, keys).heap, ballots


def main() -> None:
    """Be the `zhibu` command."""
    offices().program()()
