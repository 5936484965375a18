"""A push to many members of the sandbox, and what each of them got of it."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from signal import SIGCONT

from storage.broadcasts import Broadcasts
from storage.db import Database
from storage.people import People
from storage.sealing import Keys
from tests.end_to_end.running import Member, Program, within

SEND = "/cgi-bin/message/custom/send"
HANDS = 16
IN_FLIGHT = 16  # of one stretch of a run
LONG_AFTER = timedelta(minutes=5)

BROADCAST = """\
key = "{key}"
title = "演练 {key}"
at = 2030-01-01T08:00:00+08:00
channels = ["customer_service"]
template = "{key}.j2"

[audience]
topics = ["xuexi-tixing"]
"""


def add_broadcast(program: Program, key: str) -> None:
    """Write a broadcast for the crowd into the pack; each push of it says its key."""
    (program.pack / "broadcasts" / f"{key}.toml").write_text(BROADCAST.format(key=key), "utf-8")
    (program.pack / "templates" / f"{key}.j2").write_text(f"演练 {key}，请勿理会。", "utf-8")


class Crowd:
    """Subscribers who have just spoken, so that they may be written to."""

    def __init__(self, program: Program, count: int) -> None:
        self._program = program
        with ThreadPoolExecutor(HANDS) as hands:
            self.members = list(hands.map(self._joins, range(count)))

    def speaks(self) -> None:
        """Open every window anew."""
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(lambda member: member.says("继续"), self.members))

    def _joins(self, number: int) -> Member:
        member = self._program.member(f"第{number}人")
        member.follows()
        member.says("订阅 6")
        return member


@dataclass
class Push:
    """One push of a broadcast, from its beginning to what the sandbox and the database say of it in the end."""

    program: Program
    key: str
    run: str = ""
    in_flight: set[str] = field(default_factory=set)

    def begin(self, *, each_takes: float) -> None:
        """Send it now, to a platform that takes its time for each message."""
        self.program.call("knobs", path=SEND, effect="delay", value=each_takes, times=0)
        self.run = self.program.call("broadcasts", key=self.key)["said"]

    def got(self) -> Counter[str]:
        """How many of it each member got, by the sandbox's own record."""
        file = self.program.settings.storage.folder / "sandbox.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as record:
            found = record.execute(
                "select openid from chat where via = 'service' and body like ?", (f"%演练 {self.key}，%",)
            )
            return Counter(openid for (openid,) in found)

    def rows(self) -> dict[str, str]:
        """The state of each member's delivery, by openid."""
        query = "SELECT c.openid, d.state FROM deliveries d JOIN contacts c ON c.id = d.contact WHERE d.key = :run"
        return dict(self.program.rows(query, run=self.run))

    def states(self) -> Counter[str]:
        return Counter(self.rows().values())

    @contextlib.contextmanager
    def falls(self, *, after: int, frozen: bool = True, stretches: int = 1) -> Iterator[None]:
        """In the middle, when `after` have it: what is killed inside is killed while the known rows are in flight.

        The worker is `frozen` meanwhile, so that these stay the same; but who shall see the platform fall stays awake.
        It works on at most so many `stretches` of the run at a time.
        """
        assert within(60, lambda: len(self.got()) >= after), f"it never came to {after}: {self.states()}"
        workers = self.program.parts("worker") if frozen else []
        for worker in workers:
            self.program.halt(worker)
        before = self.rows()
        flying = {openid for openid, state in before.items() if state == "in_hand"} - self.in_flight
        self.in_flight |= flying

        assert 0 < len(flying) <= IN_FLIGHT * stretches, f"it was not in the middle: {self.states()}"
        assert "due" in before.values(), f"nothing was left to do: {self.states()}"
        yield
        for worker in workers:
            self.program.kill(worker, SIGCONT)

    def goes_out(self, seconds: float) -> None:
        """Wait until only what was in flight at a fall may still be open."""
        done = within(seconds, lambda: all(state != "due" for state in self.rows().values()) and not self._at_work())
        assert done, f"it did not go out: {self.states()}\n{self.program.said()[-3000:]}"

    def _at_work(self) -> set[str]:
        return {openid for openid, state in self.rows().items() if state == "in_hand"} - self.in_flight

    def sweep(self) -> None:
        """Let the time pass after which what is in hand counts as lost."""
        database = Database(self.program.database)
        people = People(database, former=Keys("a key that nothing here needs").mark("former"))
        Broadcasts(database, people).sweep(self.run, repeatable=["next_visit"], now=datetime.now(UTC) + LONG_AFTER)
        database.close()

    def holds(self, crowd: Crowd) -> None:
        """Everyone exactly once, or `unsure`, and no more of these than were in flight at the falls."""
        got, rows = self.got(), self.rows()
        unsure = {openid for openid, state in rows.items() if state == "unsure"}

        assert set(rows) == {member.openid for member in crowd.members}
        assert set(rows.values()) <= {"sent", "unsure"}, self.states()
        assert max(got.values()) == 1, "somebody got it twice"
        assert {openid for openid, state in rows.items() if state == "sent"} <= set(got), "somebody did not get it"
        assert unsure <= self.in_flight, "somebody is in doubt who was not in flight"
