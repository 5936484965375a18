"""How a date becomes a push, put together for app.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from commands.installed import queue_name, redis_url
from commands.platform import Platform
from commands.settings import Settings
from content.shelf import Shelf
from handlers import conversation
from scheduler import clock as clocks
from scheduler import worker as workers
from scheduler.audience import Audience
from scheduler.broadcast import Desk
from scheduler.channels import Channel
from scheduler.channels.customer_service import CustomerServiceChannel
from scheduler.channels.groups import robots
from scheduler.channels.mass import MassChannel
from scheduler.channels.next_visit import NextVisitChannel
from scheduler.channels.notice import MiniNoticeChannel, NoticeChannel
from scheduler.channels.template_message import TemplateMessageChannel
from scheduler.covers import Covers
from scheduler.crier import Crier
from scheduler.folding import Night
from scheduler.herald import Herald
from scheduler.nights import Nights
from scheduler.outlook import Outlook
from scheduler.planner import Planner
from scheduler.pump import Pump
from scheduler.tags import TagRound
from scheduler.timetable import Timetable
from scheduler.windows import Windows
from scheduler.workdays import Workdays
from storage.audience import Conditions
from storage.db import Database
from storage.folding import Folding
from storage.hands import Hands
from storage.inbox import Inbox
from storage.materials import Materials
from storage.people import People
from storage.planning import Plans
from storage.runs import Runs
from storage.tags import Tags
from wechat.wire import Wire

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Pushes:
    """How a date becomes a push: planned at the desk, sent by the pump, brought there by the broker."""

    store: Runs
    queue: workers.Queue
    desk: Desk
    pump: Pump
    windows: Windows
    tags: TagRound
    night: Night

    @classmethod
    def of(
        cls,
        settings: Settings,
        platform: Platform,
        database: Database,
        *,
        inbox: Inbox,
        people: People,
        shelf: Shelf,
        known: Callable[[Database], Conditions],
        clock: Clock,
    ) -> Self:
        """Put together for these accounts; `known` is what people can be chosen by."""
        store, hands = Runs(database), Hands(database)
        mass = MassChannel(platform.accounts, store.masses, clock=clock)
        made: tuple[Channel, ...] = (
            NoticeChannel(platform.accounts, platform.bulks),
            MiniNoticeChannel(platform.accounts, platform.bulks),
            CustomerServiceChannel(platform.accounts, platform.bulks),
            TemplateMessageChannel(platform.accounts, platform.bulks),
            mass,
            NextVisitChannel(hands),
        )
        channels = {channel.name: channel for channel in made}
        conditions = known(database)
        plans = Plans(database, conditions, name_in=people.name_in)
        outlook = Outlook(
            platform.clients,
            manners=settings.manners,
            a_second=settings.push.a_second,
            mass_calls=lambda now: mass.calls_left(now=now),
        )
        planner = Planner(plans, Audience(plans, conditions), channels, settings.manners, platform.refusals, outlook)
        windows = Windows(inbox, people, read=partial(conversation.windows, zone=settings.zone))
        queue = workers.connect(settings.broker.url or redis_url(settings), name=queue_name(settings))
        desk = Desk(
            store,
            planner,
            library=shelf.current,
            timetable=Timetable(
                clocks.fires,
                zone=settings.zone,
                workdays=Workdays(lambda: shelf.current().work_years),
            ),
            manners=settings.manners,
            enqueue=workers.Enqueue(queue),
            flush=windows.flush,
            repeatable=[channel.name for channel in made if channel.repeatable],
        )
        crier = Crier(
            posts=store.posts,
            groups=robots.groups(settings.groups, line=Wire),
            say=shelf.say,
            public_url=settings.public_url.rstrip("/"),
            clock=clock,
        )
        pump = Pump(
            store=store,
            hands=hands,
            people=people,
            planner=planner,
            channels=channels,
            crier=crier,
            herald=Herald(
                store=store,
                planner=planner,
                clients=platform.clients,
                covers=Covers(
                    Materials(database),
                    Materials(database, in_articles=True),
                    picture=lambda digest: shelf.current().picture(digest),
                    turn=platform.turn,
                ),
                clock=clock,
                whole=mass.whole,
            ),
            nights=Nights(store, settings.manners),
            speeds=platform.speeds,
            clock=clock,
            in_flight=settings.push.in_flight,
        )
        tags = TagRound(Tags(database), platform.followed, wanted=lambda: shelf.current().tags_asked())
        night = Night(
            Folding(database), keep_days=settings.push.keep_days, asked=lambda: shelf.current().digests_asked()
        )
        return cls(store=store, queue=queue, desk=desk, pump=pump, windows=windows, tags=tags, night=night)
