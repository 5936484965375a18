"""A small world to push into: people with the ways to them, a pack, a platform, and the desk that sends."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from content import library
from scheduler.audience import Audience
from scheduler.broadcast import Desk
from scheduler.channels import Channel
from scheduler.channels.customer_service import CustomerServiceChannel
from scheduler.channels.groups import Group
from scheduler.channels.mass import MassChannel
from scheduler.channels.next_visit import NextVisitChannel
from scheduler.channels.notice import NoticeChannel
from scheduler.clock import fires
from scheduler.covers import Covers
from scheduler.crier import Crier
from scheduler.herald import Herald
from scheduler.manners import Manners
from scheduler.nights import Nights
from scheduler.planner import Planner
from scheduler.pump import Pump
from scheduler.timetable import Timetable
from scheduler.workdays import Workdays
from storage import redis
from storage.audience import Conditions
from storage.deliveries import deliveries
from storage.hands import Hands
from storage.leases import Lease
from storage.materials import Materials
from storage.people import People, Window, name_in, persons
from storage.planning import Plans
from storage.quiz import QuizStore
from storage.refusals import Refusals
from storage.runs import Run, Runs
from storage.sealing import Keys
from storage.speeds import Speeds
from storage.states import RunState, State
from storage.subscription import Subscriptions
from storage.vault import Vault
from storage.wording import Content
from tests.fakes import FakeBulk, FakeWeChat
from wechat.settings import AccountSettings

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
NONE = Manners(zone=ZONE)  # most tests let the clock go round
TEMPLATE = "notice-study-update"
NO_REDIS = "redis://127.0.0.1:1/0"
RUN = "daily-digest:2026-11-23"
ACCOUNT = """
name = "示例"
organisation = "示例党委"
topic = [{ id = "yaowen", name = "要闻" }, { id = "zhengce", name = "政策" }, { id = "tixing", name = "提醒" }]
"""
ORGANISATIONS = """
[[organisation]]
id = "dangwei"
name = "示例党委"
type = "党委"

[[organisation]]
id = "zhibu-1"
name = "第一党支部"
type = "党支部"
parent = "dangwei"
"""
DAILY = f"""
key = "daily-digest"
title = "每日摘要"
schedule = "30 8 * * *"
channels = ["notice", "customer_service", "next_visit"]
template = "daily.j2"
notice_template_id = "{TEMPLATE}"

[audience]
topics = ["yaowen", "zhengce"]

[fields]
thing1 = "{{{{ digests[0].title }}}}"
time2 = "{{{{ now.strftime('%H:%M') }}}}"
thing3 = "回复要闻看全文"
"""
REMINDER = """
key = "reminder"
title = "学习提醒"
schedule = "0 19 * * wed"
channels = ["customer_service", "next_visit"]
template = "reminder.j2"
expires_after = "4h"

[audience]
topics = ["tixing"]
"""
DIGEST = """---
title: {title}
kind: news
topics: [{topics}]
source_name: 示例来源
publish_at: {publish_at}
summary: {title}的摘要
---

正文。
"""


def write_pack(folder, *, broadcasts=(DAILY, REMINDER), digests=None):
    """A pack of two broadcasts; `digests` is slug to (title, topics, publish_at)."""
    for name in ("broadcasts", "templates", "digests"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "account.toml").write_text(ACCOUNT, "utf-8")
    (folder / "organisations.toml").write_text(ORGANISATIONS, "utf-8")
    for number, text in enumerate(broadcasts):
        (folder / "broadcasts" / f"b{number}.toml").write_text(text, "utf-8")
    (folder / "templates" / "daily.j2").write_text(
        "{{ now.day }}日\n{% for digest in digests %}{{ digest.title }}\n{% endfor %}", "utf-8"
    )
    (folder / "templates" / "reminder.j2").write_text("五道题准备好了", "utf-8")
    if digests is None:
        digests = {"a": ("今天的要闻", "yaowen", "2026-11-23T08:00:00+08:00")}
    for slug, (title, topics, publish_at) in digests.items():
        text = DIGEST.format(title=title, topics=topics, publish_at=publish_at)
        (folder / "digests" / f"{slug}.md").write_text(text, "utf-8")
    return folder


def an_account(**more):
    fields = {"kind": "service", "appid": "wx1", "secret": "s", "token": "tok", "mode": "plain"}
    return AccountSettings(**{**fields, **more})


class Sender(FakeBulk):
    """`FakeBulk` with `Bulk`'s other door."""

    async def send(self, jobs):
        for job in jobs:
            await asyncio.sleep(0)
            yield self._outcome(job)


def conditions_of(db):
    return Conditions(db, subscribed=Subscriptions.wants, answered=QuizStore.has_answered)


def answering(db, condition):
    """Who of all answers a condition."""
    holds = conditions_of(db).holds(condition, now=NOON)
    with db.read() as connection:
        return list(connection.execute(sa.select(persons.c.id).where(holds)).scalars())


def a_vault(db):
    """What seals names in these tests."""
    return Vault(db, Keys("a secret of these tests"))


def a_planner(db, channels, manners, refusals, *, piece=None):
    """For whoever is in the database."""
    conditions = conditions_of(db)
    plans = Plans(db, conditions, name_in=partial(name_in, a_vault(db)), piece=piece)
    return Planner(plans, Audience(plans, conditions), channels, manners, refusals)


def closed_to_all(db, channel, **content):
    """Why a channel reaches nobody who is there; None where it does."""
    planner = a_planner(db, {channel.name: channel}, NONE, Refusals(redis.connect(NO_REDIS)))
    counted = planner.expected("none", Content(channels=(channel.name,), **content), now=NOON)
    return None if counted.channels[channel.name] else next(why for ((_, why),) in counted.closed)


def deliver(db, key, *whos, channel):
    """Deliveries of a run, as its planner leaves them."""
    same = {"key": key, "channel": channel, "state": State.DUE, "wake_at": NOON}
    rows = [{**same, "person": who.person, "contact": who.contact, "account": who.account} for who in whos]
    with db.begin() as connection:
        connection.execute(db.insert(deliveries).on_conflict_do_nothing(), rows)


class World:
    """People and runs in a database, made with few words."""

    def __init__(self, db):
        self.db = db
        self.people = People(db, a_vault(db), former=Keys("a secret of these tests").mark("former"))
        self.store = Runs(db)
        self.hands = Hands(db)

    def person(self, openid, *, account="official", window=False, credit="", organisation=""):
        """One who follows; `window` allows them customer-service messages, `credit` is a template they accepted."""
        who = self.people.meet(account=account, openid=openid, today=NOON.date())
        if window:
            until = NOON + timedelta(hours=48)
            self.people.open_windows({who.contact: window if isinstance(window, Window) else Window(until, 5)})
        if credit:
            self.people.add_credit(who.contact, credit, message=f"{openid}-{credit}")
        if organisation:
            self.people.rename(who.person, name="", verified=True, organisation=organisation)
        return who

    def leave(self, openid, account="official"):
        return self.people.part(account=account, openid=openid, today=NOON.date(), keep=False)

    def run(self, key="daily-digest:2026-11-23", *, state=RunState.SENDING, expires_at=None, **content):
        """A run as the planner leaves it."""
        return self.store.open_run(
            Run(
                key=key,
                broadcast=key.partition(":")[0],
                title="每日摘要",
                content=Content(**{"text": "今日要闻", **content}),
                due_at=NOON,
                expires_at=expires_at or NOON + timedelta(hours=12),
                planned_at=NOON,
                state=state,
            )
        )

    def deliver(self, run, *whos, channel="customer_service"):
        deliver(self.db, run.key, *whos, channel=channel)

    def take(self, run, *settled, room=10, batch="b1", now=NOON, lease=timedelta(minutes=1)):
        ways = dict.fromkeys(self.hands.ways(run.key, now=now), room)
        taken = self.hands.exchange(run.key, settled, batch=batch, room=ways, now=now, lost_at=now + lease)
        return list(taken.parcels)

    def states(self, run):
        """State to the number of deliveries in it."""
        counted: dict[str, int] = {}
        for tally in self.store.deliveries.tallies(run.key):
            counted[str(tally.state)] = counted.get(str(tally.state), 0) + tally.count
        return counted

    def rows(self, run):
        """Every delivery of a run by its person."""
        with self.db.read() as connection:
            found = connection.execute(sa.text("SELECT * FROM deliveries WHERE key = :key"), {"key": run.key})
            return {row.person: row for row in found}


class Stage(World):
    """The whole push over a pack: a desk to order, a pump to send, a platform to be sent to."""

    def __init__(self, db, folder, *, accounts=None, piece=None, in_flight=8, manners=NONE, memory=None):
        super().__init__(db)
        self.now = NOON
        self.wechat = FakeWeChat(lambda: self.now)
        self.subscribers = Subscriptions(db, NOON.date)
        self.library = library.load(folder, zone=ZONE)
        self.woken: list[str] = []
        self.flushed: list[datetime] = []
        accounts = accounts or {"official": an_account()}
        senders = {name: Sender(self.wechat) for name in accounts}
        channels: list[Channel] = [
            NoticeChannel(accounts, senders),
            CustomerServiceChannel(accounts, senders),
            MassChannel(accounts, self.store.masses, clock=lambda: self.now),
            NextVisitChannel(self.hands),
        ]
        self.channels = {channel.name: channel for channel in channels}
        self.memory = memory or redis.connect(NO_REDIS)
        self.refusals = Refusals(self.memory)
        self.planner = a_planner(db, self.channels, manners, self.refusals, piece=piece)
        self.desk = Desk(
            self.store,
            self.planner,
            library=lambda: self.library,
            timetable=Timetable(fires, zone=ZONE, workdays=Workdays(lambda: self.library.work_years)),
            manners=manners,
            enqueue=self.woken.append,
            flush=self.flushed.append,
            repeatable=[channel.name for channel in channels if channel.repeatable],
        )
        self.groups: dict[str, Group] = {}
        self.crier = Crier(
            posts=self.store.posts,
            groups=self.groups,
            say=self.library.say,
            public_url="https://wx.example.org",
            clock=lambda: self.now,
        )
        clients = dict.fromkeys(accounts, self.wechat)
        self.herald = Herald(
            covers=Covers(
                Materials(db),
                Materials(db, in_articles=True),
                picture=lambda _: None,
                turn=partial(Lease, self.memory, seconds=60),
            ),
            store=self.store,
            planner=self.planner,
            clients=clients,
            clock=lambda: self.now,
        )
        self.pump = Pump(
            store=self.store,
            people=self.people,
            planner=self.planner,
            channels=self.channels,
            crier=self.crier,
            hands=self.hands,
            speeds=Speeds(self.memory, a_second=1000),
            herald=self.herald,
            nights=Nights(self.store, manners),
            clock=lambda: self.now,
            in_flight=in_flight,
        )

    def reader(self, openid, *topics, account="official", **more):
        """One who follows and wants to hear of topics (要闻 where none is named), on our side and the platform's."""
        self.wechat.joins(openid)
        who = self.person(openid, account=account, **more)
        if more.get("window"):
            self.wechat.acts(openid)
        if more.get("credit"):
            self.wechat.consents(openid, more["credit"])
        self.subscribers.add(who.person, topics or ("yaowen",))
        return who

    def reload(self, folder):
        """Take the pack as it is now."""
        self.library = library.load(folder, zone=ZONE)

    def work(self, key=RUN):
        """What a worker does when it is brought a key."""
        return asyncio.run(self.pump.work(key))

    def pass_time(self, **span):
        self.now += timedelta(**span)
        return self.now

    def kept_for(self, who):
        return self.people.take_lines(who.person, message="m", now=self.now)
