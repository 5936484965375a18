"""A worker in a process of its own, to be killed: the real pump, bulk client and broker against a local platform."""

import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from scheduler import worker
from scheduler.channels import Channel
from scheduler.channels.customer_service import CustomerServiceChannel
from scheduler.channels.groups import robots
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.mass import MassChannel
from scheduler.channels.next_visit import NextVisitChannel
from scheduler.channels.template_message import TemplateMessageChannel
from scheduler.covers import Covers
from scheduler.crier import Crier
from scheduler.herald import Herald
from scheduler.manners import Manners
from scheduler.nights import Nights
from scheduler.pump import Pump
from storage import redis
from storage.db import Database
from storage.hands import Hands
from storage.leases import Lease
from storage.materials import Materials
from storage.people import People
from storage.refusals import Refusals
from storage.runs import Runs
from storage.sealing import Keys
from storage.speeds import Speeds
from storage.vault import Vault
from tests import fakes
from tests.scheduler.world import NO_REDIS, a_planner, an_account
from wechat.bulk import Bulk
from wechat.client import TencentWeChat
from wechat.tokens import Fetched, Tokens, stable_token
from wechat.wire import Wire

A_WHILE = timedelta(hours=2)


def now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    told = json.loads(sys.argv[1])
    ahead = timedelta(seconds=told.get("ahead", 0))

    def clock() -> datetime:
        return now() + ahead

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    account = an_account(api_base=told["platform"], **told.get("account", {}))
    fetch = stable_token(account) if "account" in told else lambda _: Fetched(told.get("token", "token"), A_WHILE)
    tokens = Tokens(fetch, fakes.Shelf(), now)
    bulk = Bulk(account, tokens)
    db = Database(told["database"])
    keys = Keys("a secret of these tests")
    people = People(db, Vault(db, keys), former=keys.mark("former"))
    store, hands = Runs(db), Hands(db)
    channels: dict[str, Channel] = {
        "customer_service": CustomerServiceChannel({"official": account}, {"official": bulk}),
        "next_visit": NextVisitChannel(hands),
        "template_message": TemplateMessageChannel({"official": account}, {"official": bulk}),
        "mass": MassChannel({"official": account}, store.masses, clock=clock),
    }
    settings = {name: GroupSettings(**each) for name, each in told.get("groups", {}).items()}
    manners = Manners(zone=ZoneInfo("UTC"))
    groups = robots.groups(settings, line=Wire)
    planner = a_planner(db, channels, manners, Refusals(redis.connect(NO_REDIS)))
    memory = redis.connect(told.get("memory", NO_REDIS))
    pump = Pump(
        store=store,
        hands=hands,
        speeds=Speeds(memory, a_second=told.get("a_second", 4000)),
        people=people,
        planner=planner,
        channels=channels,
        crier=Crier(posts=store.posts, groups=groups, say=lambda *_, **__: "", public_url="", clock=clock),
        herald=Herald(
            store=store,
            planner=planner,
            clients={"official": TencentWeChat(account, tokens)},
            covers=Covers(
                Materials(db),
                Materials(db, in_articles=True),
                picture=lambda _: None,
                turn=partial(Lease, memory, seconds=60),
            ),
            clock=clock,
        ),
        nights=Nights(store, manners),
        clock=clock,
        in_flight=told["in_flight"],
        stretch=timedelta(seconds=told["stretch"]),
    )
    queue = worker.connect(told["broker"], name=told["queue"])
    worker.run(queue, pump, unfinished=lambda: told["unfinished"], close=bulk.aclose)


if __name__ == "__main__":
    main()
