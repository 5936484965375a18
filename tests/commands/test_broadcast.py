"""Pushes, from the command line."""

import contextlib
import json
import os
import pty
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from click.testing import Result

from commands import broadcast, broadcast_watch, cli
from scheduler.correcting import Uncorrectable, Why
from scheduler.forecast import Forecast
from scheduler.manners import QuietHours
from scheduler.naming import NoSuchBroadcast
from scheduler.outlook import Left
from scheduler.status import Status
from scheduler.trying import Tried
from storage.deliveries import Tally
from storage.group_posts import Post, PostState
from storage.mass_jobs import Counts, JobState, MassJob
from storage.openings import Closed
from storage.runs import Approval, Run
from storage.states import RunState, State
from storage.wording import Content, Variant
from tests.commands.calls import call

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
KEY = "daily-digest:2026-11-23"


def a_run(state: RunState = RunState.PLANNED, **more: Any) -> Run:
    given = {"key": KEY, "broadcast": "daily-digest", "title": "每日要闻", "content": Content(), "state": state}
    return Run(**{**given, "due_at": NOW, "expires_at": NOW + timedelta(hours=12), "planned_at": NOW, **more})


class Desk:
    """Notes what it is asked, and tells of one run whose states come one after the other."""

    def __init__(
        self, *states: RunState, tallies: tuple[Tally, ...] = (), reason: str = "", quiet: bool = False
    ) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._states = list(states) or [RunState.PLANNED]
        self._tallies = tallies
        self._reason = reason
        self._quiet = quiet

    def _run(self) -> Run:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return a_run(state, reason=self._reason)

    def plan(self, key, now):
        self.asked.append(("plan", self._of(key), now))
        return a_run()

    def send(self, key, now, *, at_once, at_night):
        if self._quiet and at_once and not at_night:
            raise QuietHours(NOW)
        self.asked.append(("send", self._of(key), now, at_once, at_night))
        return a_run()

    def pause(self, key):
        self.asked.append(("pause", self._of(key)))
        return self._states != [RunState.DONE]

    def resume(self, key, *, now):
        self.asked.append(("resume", self._of(key), now))
        return self._states != [RunState.DONE]

    def cancel(self, key, *, now):
        self.asked.append(("cancel", self._of(key), now))
        return self._states != [RunState.DONE]

    def correct(self, key, words, *, now, at_night):
        if self._quiet and not at_night:
            raise QuietHours(NOW)
        if words == "?":
            raise Uncorrectable(key, Why.UNBEGUN)
        self.asked.append(("correct", self._of(key), words, now, at_night))
        return a_run(content=Content(corrects=KEY))

    def forecast_of_correction(self, key, words, now):
        self.asked.append(("look", self._of(key), words, now))
        return Forecast(key=KEY, due_at=NOW, content=Content(text=words), channels={"next_visit": 2})

    def status(self, key: str) -> Status:
        self._of(key)
        return Status(run=self._run(), tallies=self._tallies)

    def runs(self, *, limit):
        return [self.status(KEY)] * min(limit, 2)

    def forecast(self, key, now, *, at_once):
        self.asked.append(("forecast", self._of(key), now, at_once))
        return Forecast(key=KEY, due_at=NOW, content=None, channels={"customer_service": 3, "": 1})

    def try_out(self, key, admin, *, now):
        self.asked.append(("try", self._of(key), admin, now))
        return Tried(admin)

    def settle(self, key, state, *, now):
        self.asked.append(("settle", self._of(key), state, now))
        return 3 if self._states != [RunState.DONE] else 0

    def _of(self, key: str) -> str:
        if not key.startswith("daily-digest"):
            raise NoSuchBroadcast(key)
        return key


def zhibu(desk: Any, *arguments: str) -> Result:
    office = broadcast.Office(desk=desk, try_out=desk.try_out, clock=lambda: NOW, zone=timezone(timedelta(hours=8)))
    return call(None, [broadcast.group(lambda _config: office)], "broadcast", *arguments)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("plan", "daily-digest"), ("plan", "daily-digest", NOW)),
        (("send", "daily-digest"), ("send", "daily-digest", NOW, False, False)),
        (("send", "daily-digest", "--now"), ("send", "daily-digest", NOW, True, False)),
        (("send", "daily-digest", "--now", "--at-night"), ("send", "daily-digest", NOW, True, True)),
        (("pause", KEY), ("pause", KEY)),
        (("resume", KEY), ("resume", KEY, NOW)),
        (("cancel", KEY), ("cancel", KEY, NOW)),
        (("correct", KEY, "--words", "应为 25 日"), ("correct", KEY, "应为 25 日", NOW, False)),
        (("correct", KEY, "--words", "应为 25 日", "--at-night"), ("correct", KEY, "应为 25 日", NOW, True)),
        (("correct", KEY, "--words", "应为 25 日", "--dry-run"), ("look", KEY, "应为 25 日", NOW)),
        (("forecast", "daily-digest"), ("forecast", "daily-digest", NOW, False)),
        (("forecast", "daily-digest", "--now"), ("forecast", "daily-digest", NOW, True)),
    ],
    ids=lambda given: " ".join(map(str, given[:2])),
)
def test_each_command_asks_the_desk_for_one_thing(arguments, asked):
    desk = Desk()
    result = zhibu(desk, *arguments)

    assert result.exit_code == 0, result.output
    assert desk.asked == [asked]
    assert KEY in result.output


@pytest.mark.parametrize(
    ("became", "exit_code", "word"),
    [("sent", 0, "as a test"), ("kept", 0, "next word"), ("nothing", 1, "nothing to say"), ("nobody", 1, "/admin/own")],
)
def test_a_test_goes_to_one_admin_and_says_what_became_of_it(became, exit_code, word):
    desk = Desk()
    result = zhibu(desk, "send", KEY, "--to-admin", became)

    assert (result.exit_code, desk.asked) == (exit_code, [("try", KEY, became, NOW)])
    assert word in result.output


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_an_admin_says_what_became_of_the_unsure(state):
    desk = Desk()
    told, none = zhibu(desk, "settle", KEY, "--as", state), zhibu(Desk(RunState.DONE), "settle", KEY, "--as", state)

    assert desk.asked == [("settle", KEY, state, NOW)]
    assert (told.exit_code, told.output) == (0, f"3 that were unsure are {state} now.\n")
    assert (none.exit_code, f"Nothing is unsure in {KEY}" in none.output) == (1, True)
    assert zhibu(desk, "settle", KEY, "--as", "due").exit_code == 2


def test_a_dry_run_asks_for_nothing_but_a_forecast_and_shows_all_words():
    class Full(Desk):
        def forecast(self, key, now, *, at_once):
            found = super().forecast(key, now, at_once=at_once)
            content = Content(text="大家好", fields={"thing1": "一"}, variants=(Variant(text="书记您好"),))
            content = replace(content, groups=("支部群",), group_text="各位好")
            return replace(found, content=content, groups=content.groups)

    desk = Full()
    shown = zhibu(desk, "send", KEY, "--dry-run", "--now")
    read = json.loads(zhibu(desk, "send", KEY, "--dry-run", "--json").stdout)

    assert desk.asked == [("forecast", KEY, NOW, True), ("forecast", KEY, NOW, False)]
    assert all(
        words in shown.stdout
        for words in (
            "大家好",
            "thing1: 一",
            "书记您好",
            "customer_service",
            "group 支部群",
            "各位好",
            "Nothing was sent",
        )
    )
    assert read["group_text"] == "各位好"
    assert [each["text"] for each in read["words"]] == ["大家好", "书记您好"]


@pytest.mark.parametrize("more", [("--wait",), ("--at-night",), ("--to-admin", "sent")], ids=" ".join)
def test_a_dry_run_stands_alone(more):
    desk = Desk()

    assert (zhibu(desk, "send", KEY, "--dry-run", *more).exit_code, desk.asked) == (2, [])


def test_a_key_that_nothing_has_leads_to_the_packs_broadcasts_and_to_the_runs():
    result = zhibu(Desk(), "send", "nosuch")

    assert result.exit_code == 1
    assert "nosuch" in result.stderr
    assert "broadcasts/" in result.stderr
    assert "zhibu broadcast status" in result.stderr


def test_in_quiet_hours_nothing_is_sent_and_the_way_to_do_it_is_said():
    desk = Desk(quiet=True)
    result = zhibu(desk, "send", KEY, "--now")

    assert result.exit_code == 1
    assert "--at-night" in result.output
    assert desk.asked == []


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ((), 2, "--words-file"),
        (("--words", "a", "--words-file", "-"), 2, "--words-file"),
        (("--words", "?"), 1, f"zhibu broadcast cancel {KEY}"),
        (("--words", "a"), 1, "--at-night"),
    ],
    ids=["no words", "two sets of words", "nobody heard it", "at night"],
)
def test_a_correction_that_cannot_be_says_why_and_does_nothing(given, code, words):
    desk = Desk(quiet=given == ("--words", "a"))
    result = zhibu(desk, "correct", KEY, *given)

    assert (result.exit_code, desk.asked) == (code, [])
    assert words in result.stderr


def test_what_waits_for_two_admins_says_so_and_shows_who_agreed():
    class Careful(Desk):
        def status(self, key):
            self._of(key)
            run = a_run(four_eyes=True, reason="要两位管理员都同意才发，还差1位")
            return Status(run=run, tallies=(), approvals=[Approval("甲", NOW)])

    desk = Careful()
    sent = zhibu(desk, "send", KEY, "--now")
    shown = json.loads(zhibu(desk, "status", KEY, "--json").stdout)
    read = zhibu(desk, "status", KEY).stdout

    assert "agreed to by 甲, 2026-11-23 08:30" in read
    assert "two admins must agree" in sent.stderr
    assert "还差1位" in sent.stdout
    assert shown["approvals"] == [{"admin": "甲", "at": NOW.isoformat()}]


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_what_is_done_can_be_neither_paused_nor_resumed_and_that_is_said(command):
    result = zhibu(Desk(RunState.DONE), command, KEY)

    assert result.exit_code == 1
    assert f"{KEY} is done: there is nothing to {command}." in result.stderr


@pytest.mark.parametrize("command", ["plan", "send", "status", "pause", "resume", "cancel", "forecast"])
def test_a_key_that_nobody_knows_is_one_clear_line(command):
    result = zhibu(Desk(), command, "tomorrow")

    assert result.exit_code == 1
    assert "tomorrow" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_run_s_deliveries_are_shown_by_channel_and_state():
    tallies = (
        Tally(channel="notice", state=State.SENT, count=40),
        Tally(channel="", state=State.GONE, count=2),
    )
    result = zhibu(Desk(RunState.PAUSED, tallies=tallies, reason="quota"), "status", KEY)

    for words in ("2026-11-23 08:30", "paused (quota)", "notice", "40", "nobody can reach them"):
        assert words in result.output


def test_a_program_reads_one_run_or_a_list_of_them():
    tallies = (Tally(channel="notice", state=State.SENT, count=40),)
    one = json.loads(zhibu(Desk(tallies=tallies), "status", KEY, "--json").stdout)
    several = json.loads(zhibu(Desk(tallies=tallies), "status", "--json").stdout)

    assert one == {
        "key": KEY,
        "title": "每日要闻",
        "state": "planned",
        "reason": "",
        "due_at": "2026-11-23T00:30:00+00:00",
        "goes_on_at": None,
        "corrects": None,
        "people": 40,
        "approvals": [],
        "deliveries": [{"channel": "notice", "state": "sent", "count": 40}],
        "groups": [],
        "masses": [],
    }
    assert several == [one, one]


def test_mass_sends_are_shown_with_their_counts_and_with_why_they_came_to_nothing():
    kept: dict[str, Any] = {"key": KEY, "account": "official", "variant": 0, "client_msg_id": "a"}
    counts = Counts(total=900, filtered=880, sent=879, failed=1)
    done = MassJob(**kept, number=1, state=JobState.DONE, counts=counts)
    refused = MassJob(**kept, number=2, state=JobState.FAILED, error="err(20001)", reason="微信认为内容涉嫌政治")

    class Loud(Desk):
        def status(self, key):
            return replace(super().status(key), masses=[done, refused])

    shown = zhibu(Loud(), "status", KEY).output
    read = json.loads(zhibu(Loud(), "status", KEY, "--json").stdout)["masses"]

    assert "mass official/1  done  total 900, filtered 880, sent 879, failed 1" in shown
    assert "mass official/2  failed  微信认为内容涉嫌政治" in shown
    assert [(each["state"], each["sent"], each["error"]) for each in read] == [
        ("done", 879, ""),
        ("failed", None, "err(20001)"),
    ]


def test_a_forecast_says_whom_nobody_can_reach_and_that_there_is_nothing_new():
    shown = zhibu(Desk(), "forecast", KEY)
    read = json.loads(zhibu(Desk(), "forecast", KEY, "--json").stdout)

    assert "nobody can reach them" in shown.output
    assert "nothing new" in shown.output
    assert read["channels"] == {"customer_service": 3, "": 1}
    assert read["anything_new"] is False


def test_a_forecast_tells_what_it_costs_what_it_leaves_and_why_some_are_not_reached():
    class Telling(Desk):
        def forecast(self, *_, **__):
            return Forecast(
                key=KEY,
                due_at=NOW,
                content=Content(),
                channels={"notice": 3, "": 2},
                closed={(("notice", Closed.CREDIT), ("customer_service", Closed.WINDOW)): 2},
                full=4,
                held_back=2,
                waits_until=NOW + timedelta(days=1),
                credits=3,
                left=(Left("official", "notice", 500, 497), Left("mini", "mini_notice", None, None)),
                last_at=NOW + timedelta(minutes=5),
            )

    shown = zhibu(Telling(), "forecast", KEY).output
    read = json.loads(zhibu(Telling(), "forecast", KEY, "--json").stdout)

    for words in (
        "2 of these: notice (no credit), customer_service (no open window)",
        "4 have had enough",
        "2 have had enough today, and a send to all can't spare them: it waits until 2026-11-24 08:30",
        "takes 3 credits",
        "quota of official, notice: 500 left, 497 afterwards",
        "quota of mini, mini_notice: not known",
        "the last has it about 2026-11-23 08:35",
    ):
        assert words in shown
    assert read["unreachable"][0]["closed"][1] == {"channel": "customer_service", "why": "window"}
    assert [each["left_afterwards"] for each in read["quotas"]] == [497, None]
    assert (read["had_enough"], read["last_at"]) == (4, "2026-11-23T00:35:00+00:00")
    assert (read["held_back"], read["waits_until"]) == (2, "2026-11-24T00:30:00+00:00")


class Told(Desk):
    """A desk whose run is said in two groups."""

    posts = (
        Post(name="支部群", state=PostState.SENT),
        Post(name="党委群", state=PostState.FAILED, error="93000", reason="webhook 不对（93000）"),
    )

    def status(self, key):
        return replace(super().status(key), posts=self.posts)

    def forecast(self, *_, **__):
        return Forecast(key=KEY, due_at=NOW, content=Content(), channels={}, groups=("支部群", "党委群"))


def test_what_became_of_a_run_in_its_groups_is_shown_with_the_reason():
    shown = zhibu(Told(), "status", KEY).output
    read = json.loads(zhibu(Told(), "status", KEY, "--json").stdout)

    assert "group 支部群  sent\n" in shown
    assert "group 党委群  failed  webhook 不对（93000）\n" in shown
    assert read["groups"][1] == {
        "name": "党委群",
        "state": "failed",
        "error": "93000",
        "reason": "webhook 不对（93000）",
    }


def test_a_forecast_names_the_groups_that_would_be_told():
    shown = zhibu(Told(), "forecast", KEY).output
    read = json.loads(zhibu(Told(), "forecast", KEY, "--json").stdout)

    assert shown.endswith("  group 支部群\n  group 党委群\n")
    assert "Nobody new" not in shown
    assert read["groups"] == ["支部群", "党委群"]


def test_groups_are_named_beside_people_who_are_too_few_to_be_counted():
    class Few(Desk):
        def forecast(self, *_, **__):
            return Forecast(key=KEY, due_at=NOW, content=Content(), channels={}, few=True, groups=("支部群",))

    shown = zhibu(Few(), "forecast", KEY).output

    assert "Fewer than five" in shown
    assert "group 支部群" in shown


@pytest.mark.parametrize(("last", "code"), [(RunState.DONE, 0), (RunState.PAUSED, 1)])
def test_waiting_ends_when_the_run_is_over(last, code):
    result = zhibu(Desk(RunState.SENDING, last), "send", KEY, "--wait", "--json")

    assert result.exit_code == code
    assert json.loads(result.stdout)["state"] == last


# -- watched ---------------------------------------------------------------------------------------------------------


def of(sent: int, due: int) -> tuple[Tally, ...]:
    return (
        Tally(channel="notice", state=State.SENT, count=sent),
        Tally(channel="notice", state=State.DUE, count=due),
    )


class Going(Desk):
    """A desk whose run goes on with every look; the last one may be an interrupt."""

    def __init__(self, *looks: tuple[RunState, int, int] | type[BaseException]) -> None:
        super().__init__()
        self._looks = [(RunState.SENDING, 0, 10), *looks]  # the first look tells which run is meant

    def status(self, key):
        self._of(key)
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(look, type):
            raise look
        state, sent, due = look
        return Status(run=a_run(state), tallies=of(sent, due))


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(broadcast_watch, "LOOK_EVERY_SECONDS", 0.001)


def test_a_program_reads_a_line_for_each_change_of_a_run(hurried):
    going = Going((RunState.SENDING, 0, 10), (RunState.SENDING, 4, 6), (RunState.SENDING, 4, 6), (RunState.DONE, 10, 0))
    result = zhibu(going, "status", KEY, "--watch", "--json")
    read = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [(each["state"], each["deliveries"][0]["count"]) for each in read] == [
        ("sending", 0),
        ("sending", 4),
        ("done", 10),
    ]
    assert (read[0]["a_second"], read[0]["seconds_left"]) == (0.0, None)
    assert read[1]["a_second"] > 0
    assert read[1]["seconds_left"] >= 1
    assert read[-1]["seconds_left"] == 0


def test_without_a_terminal_a_watched_run_is_a_line_now_and_then(hurried):
    desk = Going(*[(RunState.SENDING, n, 10 - n) for n in range(10)], (RunState.DONE, 10, 0))
    result = zhibu(desk, "status", KEY, "--watch")

    assert [line.split("  ")[2] for line in result.stderr.splitlines()] == ["sending", "done"]
    assert "10 of 10" in result.stderr
    assert "sent           10" in result.stdout


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["people", "program"])
def test_an_interrupt_ends_the_watching_and_not_the_run(hurried, more):
    desk = Going((RunState.SENDING, 1, 9), KeyboardInterrupt)
    result = zhibu(desk, "status", KEY, "--watch", *more)

    assert (result.exit_code, desk.asked) == (0, [])
    assert "the run goes on" in result.stderr


def test_a_run_that_goes_on_by_itself_says_when_and_is_watched_until_then(hurried):
    class Waiting(Going):
        def status(self, key):
            found = super().status(key)
            until = NOW + timedelta(days=1) if found.run.state is RunState.PAUSED else None
            return replace(found, goes_on_at=until)

    def waiting():
        return Waiting((RunState.PAUSED, 1, 9), (RunState.DONE, 10, 0))

    watched = zhibu(waiting(), "status", KEY, "--watch")
    desk = waiting()
    desk.status(KEY)

    assert watched.exit_code == 0
    assert "\n  goes on by itself 2026-11-24 08:30\n" in zhibu(desk, "status", KEY).output
    desk = waiting()
    desk.status(KEY)
    assert json.loads(zhibu(desk, "status", KEY, "--json").stdout)["goes_on_at"] == "2026-11-24T00:30:00+00:00"


def test_a_paused_run_ends_the_watching(hurried):
    assert zhibu(Going((RunState.PAUSED, 1, 9)), "status", KEY, "--watch").exit_code == 1
    assert zhibu(Desk(), "status", "--watch").exit_code == 2


def test_a_pace_is_of_the_last_half_minute():
    pace = broadcast_watch.Pace()
    for second in range(0, 61, 10):  # 10 a second for half a minute, then 1
        pace.see(ended=10 * min(second, 30) + max(second - 30, 0), still_open=100, at=float(second))

    assert (pace.a_second, pace.seconds_left) == (1.0, 100)


def test_on_a_terminal_a_bar_is_drawn_with_the_counts_below_it(hurried):
    """In a terminal of its own, as an operator has one."""
    lines = in_a_terminal(Going((RunState.SENDING, 4, 6), (RunState.DONE, 10, 0)), "status", KEY, "--watch")

    assert "━" in lines
    assert "10/10" in lines
    assert "notice" in lines


def in_a_terminal(desk: Any, *arguments: str) -> str:
    """What stands on a terminal when `zhibu ARGUMENTS` has run in it."""
    child, terminal = pty.fork()
    if not child:
        zhibu_here(desk, *arguments)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal is gone with its program
        while read := os.read(terminal, 65536):
            shown += read
    os.waitpid(child, 0)
    return shown.decode()


def zhibu_here(desk: Any, *arguments: str) -> None:
    """The same as `zhibu`, with this process' own streams; it ends the process."""
    code = 1
    with contextlib.suppress(BaseException), open(1, "w") as sys.stdout, open(2, "w") as sys.stderr:
        office = broadcast.Office(desk=desk, try_out=desk.try_out, clock=lambda: NOW, zone=UTC)
        group = broadcast.group(lambda _config: office)
        program = cli.make(cast("Any", None), [group], log_as=lambda _command: None)
        program(["--config", "config.toml", "broadcast", *arguments])
        code = 0
    os._exit(code)
