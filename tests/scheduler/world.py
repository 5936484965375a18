"""A small world to push into: people with the ways to them, on a real database."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from storage.broadcasts import Broadcasts, Content, Reach, Row, Run, RunState
from storage.people import (
    People,
    Window,
)
from storage.sealing import Keys

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)

class World:
    """People and runs in a database, made with few words."""

    def __init__(self, db):
        self.db = db
        self.people = People(db, former=Keys("a secret of these tests").mark("former"))
        self.store = Broadcasts(db, self.people)

    def person(self, openid, *, account="official", window=False, credit="", organisation=""):
        """One who follows; `window` allows them customer-service messages, `credit` is a template they accepted."""
        who = self.people.meet(account=account, openid=openid, today=NOON.date())
        if window:
            self.people.open_windows({who.contact: Window(NOON + timedelta(hours=48), 5)})
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
                content=Content(text="今日要闻", **content),
                due_at=NOON,
                expires_at=expires_at or NOON + timedelta(hours=12),
                planned_at=NOON,
                state=state,
            )
        )

    def deliver(self, run, *whos, channel="customer_service"):
        rows = [Row(person=who.person, contact=who.contact, account=who.account, channel=channel) for who in whos]
        self.store.add(run.key, rows, now=NOON)

    def take(self, run, *settled, room=10, batch="b1", now=NOON, lease=timedelta(minutes=1)):
        return self.store.exchange(run.key, settled, batch=batch, room=room, now=now, lost_at=now + lease)

    def states(self, run):
        """State to the number of deliveries in it."""
        counted: dict[str, int] = {}
        for tally in self.store.tallies(run.key):
            counted[str(tally.state)] = counted.get(str(tally.state), 0) + tally.count
        return counted

    def rows(self, run):
        """Every delivery of a run by its person."""
        with self.db.read() as connection:
            found = connection.execute(sa.text("SELECT * FROM deliveries WHERE key = :key"), {"key": run.key})
            return {row.person: row for row in found}


def a_reach(**more):
    """Somebody reachable by nothing but the next visit."""
    return Reach(**{"person": "p", "contact": "c", "account": "official", **more})
