"""Zhibu, put together: the one list of features, the doors and their guards, the parts and the commands."""

import gc
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from sqlalchemy.engine import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from commands import run
from commands.cli import Ready
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
from content.intake import Intake
from content.library import Library
from content.models import Account
from content.roles import Powers
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
from handlers.guessing import Guesses
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
from storage import erasures, leases, redis
from storage.admin_factors import Factors
from storage.admin_sessions import AdminSessions
from storage.admin_tries import Tries
from storage.admins import Admin, AdminContacts, Admins
from storage.appointment import Appointments
from storage.audience import Conditions
from storage.audit import Audit
from storage.audit_walks import Walks
from storage.batching import Batcher
from storage.cards import Cards
from storage.checks import Checks
from storage.db import Database
from storage.decision import Decisions
from storage.duels import Duels
from storage.erasures import Erasures
from storage.inbox import Inbox
from storage.item_numbers import ItemNumbers
from storage.journal import Journal
from storage.lasting import Lasting, Purpose
from storage.leaves import Leaves
from storage.linking import Linking
from storage.loans import Loans
from storage.measure import Measures
from storage.opinion import Letter, Opinions, Unread
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

    db: Database
    people: People
    erasures: Erasures
    keeps: Callable[[], Iterable[Keeps]]

    def show(self, person: str) -> Sequence[str]:
        """Lines a member can read."""
        return [line for keep in self.keeps() for line in keep.show(person)]

    def export(self, person: str) -> Sequence[Sheet]:
        """The same as tables, to be taken along."""
        return [sheet for keep in self.keeps() for sheet in keep.export(person)]

    def erase(self, person: str) -> None:
        """Erase the person everywhere: all of it, or nothing where something fails."""
        with self.db.begin() as connection:
            self.erase_in(connection, person)
        self.erasures.write()

    def erase_in(self, connection: Connection, person: str) -> None:
        """The same in a transaction that does more."""
        self.people.hold(connection, person)
        for keep in self.keeps():
            keep.erase(connection, person)
        self.people.erase(connection, person)

    def unite(self, connection: Connection, *, gone: str, into: str) -> None:
        """Give everything that is kept of one person to another."""
        for keep in self.keeps():
            keep.unite(connection, gone, into)
        self.people.unite(connection, gone, into)


@dataclass(frozen=True, eq=False)
class House:
    """Everything that is shared. Each part is made once in a process, out of the others that it names."""

    settings: Settings
    clock: Clock
    shelf: Shelf

    @property
    def keys(self) -> Keys:
        """For signing, sealing and hashing, one a purpose."""
        return self.settings.keys

    @property
    def zone(self) -> ZoneInfo:
        """Where the members' days begin."""
        return self.settings.zone

    @property
    def site(self) -> str:
        """The address that pages are given out by, or ""."""
        return self.settings.public_url.rstrip("/")

    def today(self) -> date:
        """The members' day."""
        return self.clock().astimezone(self.zone).date()

    def account(self) -> Account:
        """What the account is called, and by whom it is kept."""
        return self.shelf.current().account

    def close(self) -> None:
        """Let go of the content's watcher, the postman and every connection."""
        self.shelf.stop()
        self.postman.stop()
        self.batcher.stop()
        self.pushes.queue.close()
        self.db.close()
        self.redis.close()

    # -- what all of it stands on --------------------------------------------------------------------------------

    @cached_property
    def db(self) -> Database:
        """The rows: a pool, and no connection yet."""
        return Database(database_url(self.settings))

    @cached_property
    def redis(self) -> Redis:
        """What may be lost."""
        return redis.connect(redis_url(self.settings))

    @cached_property
    def vault(self) -> Vault:
        """Seals what is personal in a row."""
        return Vault(self.db, self.keys)

    @cached_property
    def platform(self) -> Platform:
        """The accounts, and who speaks to WeChat for them."""
        return Platform.of(self.settings, self.keys, self.redis, self.clock)

    @cached_property
    def workdays(self) -> Workdays:
        """China's calendar, as far as it or the pack knows."""
        return Workdays(lambda: self.shelf.current().work_years)

    @cached_property
    def paces(self) -> Paces:
        """How often somebody may ask for something."""
        return Paces(self.redis, self.keys)

    @cached_property
    def effect(self) -> openapi.Effect:
        """Once for each act of the mini-program, however often it is sent."""
        return openapi.Effect(self.keys.mark("effect"))

    # -- people --------------------------------------------------------------------------------------------------

    @cached_property
    def people(self) -> People:
        """Persons, their contacts, windows and credits."""
        return People(self.db, self.vault, former=self.keys.mark("former"))

    @cached_property
    def inbox(self) -> Inbox:
        """What was said and answered, as long as the platform may ask again."""
        return Inbox(self.redis, self.keys)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Who wants which topics."""
        return Subscriptions(self.db, self.today)

    @cached_property
    def roster(self) -> Roster:
        """The members' list, and who is bound to it."""
        return Roster(self.db, self.vault, mark=self.keys.mark("join code"), former=self.keys.mark("former"))

    @cached_property
    def phones(self) -> Phones:
        """Numbers that members left."""
        return Phones(self.db, self.vault)

    @cached_property
    def links(self) -> Linking:
        """Makes one person of two contacts."""
        return Linking(self.db, self.people, mark=self.keys.mark("link code"), unite=self.own_data.unite)

    @cached_property
    def passes(self) -> Passes:
        """To a member's pages, by a link that serves once."""
        return Passes(self.redis, self.keys, purpose="link")

    @cached_property
    def sessions(self) -> Sessions:
        """Of mini-programs."""
        return Sessions(self.db, self.vault, mark=self.keys.mark("session"))

    @cached_property
    def gate(self) -> Gate:
        """Before the API."""
        return Gate(sessions=self.sessions, paces=self.paces, clock=self.clock, a_minute=self._requests_a_minute)

    @cached_property
    def page_gate(self) -> PageGate:
        """Before a member's pages; its sessions' tokens open no door of the API."""
        return PageGate(
            sessions=Sessions(self.db, self.vault, mark=self.keys.mark("page session")),
            paces=self.paces,
            account=self.account,
            clock=self.clock,
            a_minute=self._requests_a_minute,
        )

    @property
    def _requests_a_minute(self) -> int:
        return self.settings.handlers.login.requests_a_minute

    # -- what is kept of them ------------------------------------------------------------------------------------

    @cached_property
    def erasures(self) -> Erasures:
        """Who was erased, so that a restored backup doesn't bring them back."""
        mark = Lasting(self.db, self.keys, Purpose.ERASED)
        return Erasures(self.db, mark=mark, file=self.settings.storage.folder / erasures.FILE)

    @cached_property
    def own_data(self) -> OwnData:
        """All that is kept of a person."""
        return OwnData(self.db, self.people, self.erasures, keeps=self._keeps)

    def _keeps(self) -> Iterable[Keeps]:
        yield from (feature.keeps for feature in self.features if feature.keeps)
        for table, rows in (("deliveries", self.pushes.store.deliveries), ("united", self.erasures)):
            yield Keeps(tables=(table,), show=lambda _: (), erase=rows.erase, unite=rows.unite)

    @cached_property
    def office(self) -> privacy.Office:
        """Consents, corrections, and what a member may ask of their data."""
        return privacy.Office(
            consents=Consents(self.db),
            corrections=Corrections(self.db, self.vault),
            people=self.people,
            own_data=self.own_data,
            notice=lambda: self.shelf.current().notice,
            undo={privacy.Purpose.MEMBERSHIP: self.roster.unbind, privacy.Purpose.PHONE: self.phones.drop},
            tell=self.tell,
            say=self.shelf.say,
            zone=self.zone,
            public_url=self.site,
        )

    @cached_property
    def audit(self) -> Audit:
        """The chain of who looked at what."""
        return Audit(self.db, self.keys)

    # -- who looks after it --------------------------------------------------------------------------------------

    @cached_property
    def admins(self) -> Admins:
        """The console's accounts."""
        return Admins(self.db)

    @cached_property
    def contacts(self) -> AdminContacts:
        """Who of the members is which account."""
        return AdminContacts(self.db, mark=self.keys.mark("admin code"))

    @cached_property
    def loans(self) -> Loans:
        """Duties that are lent."""
        return Loans(self.db)

    @cached_property
    def accounts(self) -> Callable[[], Iterable[Admin]]:
        """Every account of the console, asked for once a page."""
        return access.once_a_page(self.admins.all)

    @cached_property
    def staff(self) -> Staff:
        """Who may do what, today."""
        return Staff(
            powers=access.once_a_page(self._powers),
            persons=self.contacts.persons,
            organisations=lambda: [*self.shelf.current().organisations.values()],
        )

    def _powers(self) -> dict[str, Powers]:
        serving = [each for each in self.accounts() if not each.disabled]
        return powers_now(serving, self.loans.current(self.today()), self.shelf.current().casting, self.today())

    @cached_property
    def entrance(self) -> Entrance:
        """How admins come in, by the real clock: where the sandbox's is moved, they and their authenticators aren't."""
        at = self.settings.handlers.console
        return Entrance(
            admins=self.admins,
            sessions=AdminSessions(
                self.db,
                mark=self.keys.mark("admin session"),
                idle=timedelta(minutes=access.SESSION_MINUTES),
                longest=timedelta(hours=at.session_hours),
            ),
            factors=Factors(self.db, self.keys),
            tries=Tries(self.db, mark=self.keys.mark("admin tries")),
            clock=now,
            needs_factor=at.totp == "required",
        )

    @cached_property
    def limiter(self) -> Limiter:
        """How often a browser may ask."""
        return protection.limiter(redis_url(self.settings))

    # -- what goes out -------------------------------------------------------------------------------------------

    @cached_property
    def tell(self) -> Tell:
        """A word to one person."""
        return Tell(self.people, accounts=self.platform.accounts, texters=self.platform.clients, clock=self.clock)

    @cached_property
    def pushes(self) -> Pushes:
        """How a date becomes a push."""
        return Pushes.of(
            self.settings,
            self.platform,
            self.db,
            inbox=self.inbox,
            people=self.people,
            shelf=self.shelf,
            known=partial(Conditions, subscribed=self.subscriptions.wants, answered=QuizStore.has_answered),
            clock=self.clock,
        )

    @cached_property
    def try_out(self) -> TryOut:
        """A push to the admin who wants to see it first."""
        return TryOut(
            self.pushes.desk,
            self.people,
            library=self.shelf.current,
            contact_of=self.contacts.of,
            accounts=self.platform.accounts,
            senders=self.platform.clients,
        )

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The timetable: what the pushes need and what every feature does by the clock."""
        pushes = self.pushes
        always = (pushes.windows.job(), pushes.tags.job(), pushes.pump.herald.job(), pushes.night.job())
        return (*always, *(job for feature in self.features for job in feature.jobs))

    # -- words to the organisation -------------------------------------------------------------------------------

    @cached_property
    def ballots(self) -> Leaves:
        """Anonymous votes."""
        return survey_box(self.db, self.keys)

    @cached_property
    def opinions(self) -> Opinions:
        """Opinions, and the letterbox that anonymous ones go through together with votes."""
        return Opinions(self.db, self.keys, others={IN_LETTERBOX: self.ballots})

    @cached_property
    def readers(self) -> Callable[[], opinion.Readers]:
        """Who reads which opinions, now."""
        return partial(opinion.Readers.now, self.staff, self.opinions, self.settings.handlers.opinion.entrusted)

    @cached_property
    def measures(self) -> Measures:
        """What is being done about them."""
        return Measures(self.db, self.keys)

    @cached_property
    def postman(self) -> Postman[Letter]:
        """Carries what is anonymous."""
        return Postman(self.opinions.carry, most=LETTERS_AT_ONCE)

    # -- the pack ------------------------------------------------------------------------------------------------

    @cached_property
    def intake(self) -> Intake:
        """Takes documents in."""
        return intake_of(self.settings, self.clock, self.shelf.current)

    @cached_property
    def desk(self) -> pack.Desk:
        """Where the pack's files are changed."""
        return pack.Desk(
            shelf=self.shelf,
            workshop=workshop_of(self.settings, self.clock, self.shelf),
            changes=Changes(self.db),
            previews=lambda: [feature.preview for feature in self.features],
            clock=self.clock,
        )

    @cached_property
    def regards(self) -> Regards:
        """What members found useful."""
        return Regards(self.db)

    @cached_property
    def cards(self) -> sharing.Sharing | None:
        """How pages that are passed on get a card: by the first account that may use the JS-SDK, None without one."""
        platform, settings = self.platform, self.settings
        name = next((name for name, each in platform.accounts.items() if may(each, Capability.JS_SDK)), "")
        if not name:
            return None
        return sharing.Sharing(
            appid=platform.accounts[name].appid,
            sign=platform.clients[name].signature,
            sdk=jssdk.script(settings.sandbox_url if settings.sandbox.enabled else ""),
            site=settings.web.public_url,
            stands_in=settings.sandbox.enabled,
            clock=self.clock,
        )

    # -- what members meet ---------------------------------------------------------------------------------------

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The one list of them."""
        return (
            _quiz(self),
            _digest(self),
            _opinion(self),
            _appointment(self),
            _bulletin(self),
            _survey(self),
            _measure(self),
            _task(self),
            _grant(self),
            _decision(self),
            _membership(self),
            _linking(self),
            _phone(self),
            _privacy(self),
            agents.feature(say=self.shelf.say, settings=self.settings.handlers.agents),
            receipts.feature(receipts=Receipts(self.db), masses=self.pushes.store.masses, people=self.people),
            _subscription(self),
            _trail(self),
            _login(self),
            pack.feature(desk=self.desk, staff=self.staff, zone=self.zone),
            account.feature(entrance=self.entrance, account=self.account, zone=self.zone),
            _console(self),
        )

    @cached_property
    def conversation(self) -> Conversation:
        """How a message becomes an answer."""
        accounts, texters = self.platform.accounts, self.platform.clients
        return Conversation(
            [feature.chat for feature in self.features if feature.chat],
            inbox=self.inbox,
            people=self.people,
            say=self.shelf.say,
            later=Later(self.people, accounts=accounts, texters=texters, clock=self.clock, leave=self.inbox.leave),
            clock=self.clock,
            zone=self.zone,
            threads=run.WEB_THREADS,
        )

    @cached_property
    def batcher(self) -> Batcher:
        """Answers many messages at the same time."""
        return Batcher()


def clock_of(settings: Settings) -> Clock:
    """The clock of this installation: with the sandbox on, time is where its panel has moved it."""
    return MovedClock(settings.storage.folder, now) if settings.sandbox.enabled else now


def build(settings: Settings, *, clock: Clock | None = None, previous: Library | None = None) -> House:
    """Put the program together. Opens the content and pools of connections, and no connection yet.

    Of the content, what stands in `previous` is not read again. What doesn't fit together raises now.
    """
    clock = clock or clock_of(settings)
    house = House(settings, clock, open_shelf(settings, clock, previous))
    house.conversation  # noqa: B018 - it knows every feature, and they all the rest
    return house


# -- the features, and what each needs of the house ----------------------------------------------------------------


def _quiz(house: House) -> Feature:
    return quiz.feature(
        stores=quiz.Stores(
            store=QuizStore(house.db),
            cards=Cards(house.db),
            places=Places(house.db),
            sittings=Sittings(house.db),
            duels=Duels(house.db, house.vault),
            items=ItemNumbers(house.db),
            participation=Participation(house.db),
            points=Points(house.db),
            regards=house.regards,
        ),
        shelf=house.shelf,
        intake=house.intake,
        zone=house.zone,
        clock=house.clock,
        outside=quiz.Outside(
            effect=house.effect,
            paces=house.paces,
            tell=house.tell,
            organisation=house.people.organisation,
            public_url=house.site,
            hand_in=house.desk.hand_in,
            needs_two=house.desk.needs_two,
        ),
        settings=house.settings.handlers.quiz,
    )


def _digest(house: House) -> Feature:
    return digest.feature(
        shelf=house.shelf,
        zone=house.zone,
        public_url=house.site,
        clock=house.clock,
        mark=house.keys.mark("feed"),
        sharing=house.cards,
        intake=house.intake,
        drafts=house.desk,
    )


def _opinion(house: House) -> Feature:
    return opinion.feature(
        stores=opinion.Stores(
            opinions=house.opinions,
            checks=Checks(house.db, house.keys),
            pictures=Pictures(house.db, house.keys),
            quota=Quota(house.redis, house.keys, a_day=house.settings.handlers.opinion.anonymous_a_day),
            people=house.people,
        ),
        say=house.shelf.say,
        outside=opinion.Outside(
            tell=house.tell,
            effect=house.effect,
            post=house.postman.hand,
            account=house.account,
            paces=house.paces,
            fetch=opinion.FromPlatform(house.platform.clients),
            judges=house.platform.minis,
            public_url=house.site,
            phone_of=house.phones.of,
            workdays=house.workdays,
            admins=house.staff,
            readers=house.readers,
            replies=lambda: house.shelf.current().replies,
            matters=lambda: house.shelf.current().matters,
            watched=lambda: house.shelf.current().watched,
            agreed=lambda person, now: house.office.agree(person, privacy.Purpose.OPINION, now=now),
            wanted_by=house.subscriptions.who_want,
            measures=house.measures.of,
            measure_page=measure.PAGE,
            zone=house.zone,
        ),
        clock=house.clock,
        settings=house.settings.handlers.opinion,
    )


def _appointment(house: House) -> Feature:
    return appointment.feature(
        appointments=Appointments(house.db, house.keys),
        hosts=lambda: house.shelf.current().hosts,
        workdays=house.workdays,
        outside=appointment.Outside(
            admins=house.contacts.persons,
            staff=house.staff,
            tell=house.tell,
            account=house.account,
            clock=house.clock,
            effect=house.effect,
        ),
        say=house.shelf.say,
        zone=house.zone,
    )


def _bulletin(house: House) -> Feature:
    return bulletin.feature(
        cases=partial(opinion.of_days, house.opinions, house.readers),
        alike=opinion.alike,
        names=lambda: {row.entry.name for row in house.roster.rows()},
        workdays=house.workdays,
        today=house.today,
        account=house.account,
    )


def _survey(house: House) -> Feature:
    return survey.feature(
        surveys=Surveys(house.db, house.keys, house.redis, leaves=house.ballots, letterbox=house.opinions.letterbox),
        pack=lambda: house.shelf.current().surveys,
        post=house.postman.hand,
        leave=house.postman.leave,
        say=house.shelf.say,
        account=house.account,
        clock=house.clock,
        zone=house.zone,
    )


def _measure(house: House) -> Feature:
    return measure.feature(
        work=measure.Work(
            measures=house.measures,
            staff=house.staff,
            subjects=opinion.subjects(house.opinions, house.readers),
            workdays=house.workdays,
            today=house.today,
        ),
        tell=house.tell,
        paces=house.paces,
        escalates_after=house.settings.handlers.opinion.escalate_workdays,
        zone=house.zone,
    )


def _task(house: House) -> Feature:
    return task.feature(
        accounts=house.accounts,
        tasks=Tasks(house.db),
        staff=house.staff,
        library=house.shelf.current,
        tell=house.tell,
        paces=house.paces,
        clock=house.clock,
        zone=house.zone,
    )


def _grant(house: House) -> Feature:
    return grant.feature(
        features=lambda: house.features,
        admins=house.admins,
        loans=house.loans,
        staff=house.staff,
        library=house.shelf.current,
        clock=house.clock,
        zone=house.zone,
    )


def _decision(house: House) -> Feature:
    return decision.feature(
        decisions=Decisions(house.db, house.vault),
        roster=house.roster.rows,
        staff=house.staff,
        shelf=house.shelf,
        today=house.today,
    )


def _membership(house: House) -> Feature:
    return membership.feature(
        roster=house.roster,
        people=house.people,
        shelf=house.shelf,
        zone=house.zone,
        clock=house.clock,
        effect=house.effect,
        sealing=membership.Sealing(
            sought=house.keys.box("name sought"),
            listed=house.keys.box("list of members"),
            waiting=Waiting(house.intake.kept / "members"),
        ),
        agreement=privacy.For(house.office, privacy.Purpose.MEMBERSHIP),
    )


def _linking(house: House) -> Feature:
    return linking.feature(
        linking=house.links,
        shelf=house.shelf,
        clock=house.clock,
        paces=house.paces,
        accounts=house.platform.followed,
        has_mini_program=bool(house.platform.minis),
    )


def _phone(house: House) -> Feature:
    return phone.feature(
        phones=house.phones,
        accounts=house.platform.minis,
        say=house.shelf.say,
        clock=house.clock,
        zone=house.zone,
        agreement=privacy.For(house.office, privacy.Purpose.PHONE),
    )


def _privacy(house: House) -> Feature:
    return privacy.feature(
        house.office,
        outside=privacy.Outside(
            link=login.linking(house.passes, house.site) if house.site else None,
            account=house.account,
            called=lambda organisation: house.shelf.current().organisation_name(organisation),
            effect=house.effect,
            periods=privacy.periods(house.settings.periods),
            drop_tries=house.roster.drop_tries,
            drop_tries_of_the_gone=house.roster.drop_tries_of_the_gone,
        ),
        staff=house.staff,
        clock=house.clock,
        zone=house.zone,
        settings=house.settings.handlers.privacy,
    )


def _subscription(house: House) -> Feature:
    return subscription.feature(
        members=subscription.Members(people=house.people, zone=house.zone, mini_programs=house.platform.minis),
        subscriptions=house.subscriptions,
        shelf=house.shelf,
        own_data=house.own_data,
        votes=house.regards.voters,
        clock=house.clock,
        effect=house.effect,
        settings=house.settings.handlers.subscription,
    )


def _trail(house: House) -> Feature:
    return trail.feature(
        walks=Walks(house.db, house.keys, house.audit),
        say=house.shelf.say,
        zone=house.zone,
        called=trail.Names(partial(_called, house.shelf), partial(_place, house.shelf)),
        staff=house.staff,
        clock=house.clock,
        tell=house.tell,
        write_erasures=house.erasures.write,
    )


def _login(house: House) -> Feature:
    return login.feature(
        programs=login.Programs(accounts=house.platform.minis, meet=house.links.meet, sessions=house.sessions),
        browsers=login.Browsers(
            gate=house.page_gate,
            links=house.passes,
            tries=Passes(house.redis, house.keys, purpose="try"),
            find=house.people.find,
            wechat=house.platform.opens_pages(anywhere=house.settings.sandbox.enabled),
            public_url=house.site,
        ),
        paces=house.paces,
        shelf=house.shelf,
        clock=house.clock,
        zone=house.zone,
        settings=house.settings.handlers.login,
    )


def _console(house: House) -> Feature:
    return console.feature(
        entrance=house.entrance,
        pairing=console.Pairing(contacts=house.contacts, guesses=Guesses(kind="admin code", paces=house.paces)),
        shelf=house.shelf,
        pushes=console.Pushes(
            reaches=house.staff.reaches,
            broadcasts=house.pushes.store,
            desk=house.pushes.desk,
            reporting=Reporting(house.pushes.store, RunReports(house.db, house.vault), zone=house.zone),
            refusals=house.platform.refusals,
            try_out=house.try_out,
        ),
        limiter=house.limiter,
        features=lambda: house.features,
        clock=house.clock,
        zone=house.zone,
    )


def _called(shelf: Shelf, role: str) -> str:
    """What the roles of an account are called; the pack may have others tomorrow."""
    return shelf.current().casting.name(role)


def _place(shelf: Shelf, organisation: str) -> str:
    """What an organisation is called, as long as the pack has it."""
    return shelf.current().casting.organisations.get(organisation, organisation)


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
    if house.cards:
        _open(site, sharing.blueprint(house.cards), guards.requires_nothing)
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


def keep_time(config: Path, ready: Ready) -> None:
    """The clock part: runs until SystemExit."""
    house = build(read(config))
    house.shelf.watch()
    Journal(house.db).start()
    ready()
    clocks.Clock(
        house.jobs,
        broadcasts=lambda: house.shelf.current().broadcasts,
        begin=house.pushes.desk.sweep,
        lease=leases.Lease(house.redis, leases.CLOCK, seconds=LEASE_SECONDS),
        zone=house.settings.zone,
        clock=house.clock,
    ).run()


def send(config: Path, ready: Ready) -> None:
    """The worker part: runs until SystemExit."""
    house = build(read(config))
    house.shelf.watch()
    pushes = house.pushes
    gc.collect()
    gc.freeze()  # it stays: measured, to walk it again and again was a fifth of what a send costs
    ready()
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
        unread=unread,
    )


def heaps(database: Database, keys: Keys) -> Sequence[Heap]:
    """The tables that lay their sealed rows themselves."""
    ballots = survey_box(database, keys)
    opinions = Opinions(database, keys, others={IN_LETTERBOX: ballots})
    return *opinions.heaps, Pictures(database, keys).heap, ballots


def unread(database: Database, keys: Keys) -> Sequence[Unread]:
    """The opinions that open and can't be read."""
    return Opinions(database, keys, others={IN_LETTERBOX: survey_box(database, keys)}).unread()


def main() -> None:
    """Be the `zhibu` command."""
    offices().program()()
