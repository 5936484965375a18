"""A push to many members of the sandbox, and what each of them got of it."""

import contextlib
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from signal import SIGCONT

from storage.db import Database
from storage.people import contacts, credits_, persons, windows
from storage.runs import Runs
from storage.subscription import subscriptions
from tests.end_to_end.running import Member, Program, within

SEND = "/cgi-bin/message/custom/send"
NOTIFY = "/cgi-bin/message/subscribe/bizsend"
WEBHOOK = "webhook"
TOPIC = "xuexi-tixing"
NOTICE = "notice-study-update"
HANDS = 16
IN_FLIGHT = 16  # of one stretch of a run
WINDOW = timedelta(hours=48)
ATTEMPTS = 5
LONG_AFTER = timedelta(minutes=5)

BROADCAST = """\
key = "{key}"
title = "演练 {key}"
at = 2030-01-01T08:00:00+08:00
channels = [{channels}]
template = "{key}.j2"
{more}
[audience]
topics = ["xuexi-tixing"]
"""
BY_NOTICE = f"""\
notice_template_id = "{NOTICE}"

[fields]
thing1 = "演练 {{key}}，"
time2 = "08:00"
thing3 = "请勿理会"
"""


def add_broadcast(program: Program, key: str, *, by_notice: bool = False) -> None:
    """Write a broadcast for the crowd into the pack; each push of it says its key, to some `by_notice`."""
    channels = '"notice", "customer_service"' if by_notice else '"customer_service"'
    written = BROADCAST.format(key=key, channels=channels, more=BY_NOTICE.format(key=key) if by_notice else "")
    (program.pack / "broadcasts" / f"{key}.toml").write_text(written, "utf-8")
    (program.pack / "templates" / f"{key}.j2").write_text(f"演练 {key}，请勿理会。", "utf-8")


class Crowd:
    """Subscribers who have just spoken, so that they may be written to."""

    def __init__(self, program: Program, count: int) -> None:
        self._program = program
        with ThreadPoolExecutor(HANDS) as hands:
            self.members = list(hands.map(self._joins, range(count)))

    @classmethod
    def written(cls, program: Program, count: int, *, with_credit: int = 0) -> "Crowd":
        """As if they had all spoken just now, and some had accepted a notice: straight into both records.

        Whoever subscribed before doesn't any more, so that a push is for them alone.
        """
        crowd = cls(program, 0)
        openids = [f"o{secrets.token_hex(13)}" for _ in range(count)]
        _written_by_platform(program, openids, openids[:with_credit])
        _written_by_program(program, openids, openids[:with_credit])
        crowd.members = [Member(program, openid) for openid in openids]
        return crowd

    def speaks(self) -> None:
        """Open every window anew."""
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(lambda member: member.says("继续"), self.members))

    def _joins(self, number: int) -> Member:
        member = self._program.member(f"第{number}人")
        member.follows()
        member.says("订阅 6")
        return member


def _written_by_platform(program: Program, openids: Sequence[str], accepted: Sequence[str]) -> None:
    now = datetime.now(UTC).timestamp()
    file = program.settings.storage.folder / "sandbox.sqlite3"
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as record, record:
        record.executemany(
            "insert into members (openid, account, nickname, unionid, made_at, followed, followed_at, contact_at)"
            " values (?, 'official', ?, '', ?, 1, ?, ?)",
            [(openid, f"第{number}人", now, now, now) for number, openid in enumerate(openids)],
        )
        record.executemany(
            "insert into windows values (?, 'message', 5, ?)",
            [(openid, now + WINDOW.total_seconds()) for openid in openids],
        )
        record.executemany("insert into credits values (?, ?, 1)", [(openid, NOTICE) for openid in accepted])


def _written_by_program(program: Program, openids: Sequence[str], accepted: Sequence[str]) -> None:
    now = datetime.now(UTC)
    ids = {openid: secrets.token_hex(16) for openid in openids}
    database = Database(program.database, statement_seconds=20)
    with database.begin() as connection:
        connection.execute(persons.insert(), [{"id": each, "since": now.date()} for each in ids.values()])
        connection.execute(
            contacts.insert(),
            [{"id": each, "person": each, "account": "official", "openid": openid} for openid, each in ids.items()],
        )
        connection.execute(
            windows.insert(), [{"contact": each, "until": now + WINDOW, "remaining": 5} for each in ids.values()]
        )
        connection.execute(subscriptions.delete())
        connection.execute(subscriptions.insert(), [{"person": each, "topic": TOPIC} for each in ids.values()])
        if accepted:
            connection.execute(
                credits_.insert(), [{"contact": ids[each], "template": NOTICE, "left": 1} for each in accepted]
            )
    database.close()


@dataclass
class Push:
    """One push of a broadcast, from its beginning to what the sandbox and the database say of it in the end."""

    program: Program
    key: str
    run: str = ""
    in_flight: set[str] = field(default_factory=set)
    lost_answers: int = 0  # at most: by what was set for the platform to do to calls

    def begin(self, *, each_takes: float) -> None:
        """Send it now, to a platform that takes its time for each message."""
        for path in (SEND, NOTIFY):
            self._breaks(path, "delay", value=each_takes, times=0)
        self.run = self.program.call("broadcasts", key=self.key)["said"]

    def storms(self, *, every: int) -> None:
        """Let the platform be busy, lose answers, refuse its token, and say all things twice, `every` so many calls."""
        for path in (SEND, NOTIFY):
            self._breaks(path, "fail", value=-1, times=12, after=every)
        self._breaks(SEND, "revoke", after=2 * every)
        self._breaks(SEND, "drop_before", times=2, after=3 * every)
        self._breaks(SEND, "drop_after", times=2, after=4 * every)
        self.lost_answers += 4
        self._breaks(WEBHOOK, "repeat", times=0)

    def has_stormed(self) -> bool:
        """Whether all of it has befallen: what is used up is gone from the list."""
        held = {
            (each["path"], each["effect"]): each["hits"]
            for each in self.program.http.get(self._knobs, timeout=10).json()
        }
        return set(held) == {(SEND, "delay"), (NOTIFY, "delay"), (WEBHOOK, "repeat")} and all(held.values())

    @property
    def _knobs(self) -> str:
        return f"{self.program.sandbox}/sandbox/knobs"

    def _breaks(self, path: str, effect: str, **more: float) -> None:
        self.program.call("knobs", path=path, effect=effect, **more)

    def got(self) -> Counter[str]:
        """How many of it each member got, by the sandbox's own record."""
        file = self.program.settings.storage.folder / "sandbox.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as record:
            found = record.execute(
                "select openid from chat where via in ('service', 'notice') and body like ?", (f"%演练 {self.key}，%",)
            )
            return Counter(openid for (openid,) in found)

    def rows(self) -> dict[str, str]:
        """The state of each member's delivery, by openid."""
        query = "SELECT c.openid, d.state FROM deliveries d JOIN contacts c ON c.id = d.contact WHERE d.key = :run"
        return dict(self.program.rows(query, run=self.run))

    def count(self, state: str) -> int:
        """How many deliveries are in a state: asked over and over, while thousands go out."""
        query = "SELECT count(*) FROM deliveries WHERE key = :run AND state = :state"
        ((found,),) = self.program.rows(query, run=self.run, state=state)
        return int(found)

    def errors(self) -> dict[str, str]:
        """What is noted against each delivery; what a sweep has decided on has no word."""
        query = "SELECT c.openid, d.error FROM deliveries d JOIN contacts c ON c.id = d.contact WHERE d.key = :run"
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
        for _ in range(ATTEMPTS):  # it may rest a while: after a lost answer, or between two stretches
            within(20, lambda: self.at_work() and self.program.parts("worker"))
            workers = self.program.parts("worker") if frozen else []
            for worker in workers:
                self.program.halt(worker)
            if self.at_work():
                break
            for worker in workers:
                self.program.kill(worker, SIGCONT)
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
        done = within(seconds, lambda: not self.count("due") and not self.at_work())
        assert done, f"it did not go out: {self.states()}\n{self.program.said()[-3000:]}"

    def at_work(self) -> set[str]:
        """Who is in flight now, but for those who were at a fall."""
        query = (
            "SELECT c.openid FROM deliveries d JOIN contacts c ON c.id = d.contact"
            " WHERE d.key = :run AND d.state = 'in_hand'"
        )
        return {openid for (openid,) in self.program.rows(query, run=self.run)} - self.in_flight

    def is_over(self) -> bool:
        """Whether the run is closed."""
        return self.program.rows("SELECT state FROM broadcasts WHERE key = :run", run=self.run) == [("done",)]

    def sweep(self) -> None:
        """Do what the clock does after the time in which what is in hand counts as lost."""
        database = Database(self.program.database)
        store = Runs(database)
        store.deliveries.sweep(self.run, repeatable=["next_visit"], now=datetime.now(UTC) + LONG_AFTER)
        store.finish(self.run)
        database.close()

    def holds(self, crowd: Crowd) -> None:
        """Everyone exactly once, or `unsure`, and no more of these than were in flight at the falls."""
        got, rows = self.got(), self.rows()
        unsure = {openid for openid, state in rows.items() if state == "unsure"}

        assert set(rows) == {member.openid for member in crowd.members}
        assert set(rows.values()) <= {"sent", "unsure"}, self.states()
        assert max(got.values()) == 1, "somebody got it twice"
        assert {openid for openid, state in rows.items() if state == "sent"} <= set(got), "somebody did not get it"
        errors = self.errors()
        unheard = {openid for openid in unsure if errors[openid]}
        assert unsure - unheard <= self.in_flight, "somebody is in doubt who was not in flight"
        assert len(unheard - self.in_flight) <= self.lost_answers, "more are in doubt than answers were lost"
