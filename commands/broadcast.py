"""`zhibu broadcast`: plan a push, look ahead, send it, watch it, stop it."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress

from commands.cli import Here, fail
from scheduler.broadcast import Desk, Forecast, NoSuchBroadcast, Status
from scheduler.manners import QuietHours
from storage.broadcasts import OPEN, RunState

LOOK_EVERY_SECONDS = 0.5
OVER = (RunState.DONE, RunState.PAUSED, RunState.PLANNED)  # a planned one waits for its time
NOBODY_CAN = "nobody can reach them"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Office:
    """The desk, the time, and the zone that times are shown in."""

    desk: Desk
    clock: Callable[[], datetime]
    zone: tzinfo


OpenOffice = Callable[[Path], Office]


def plan(office: Office, key: str) -> Status:
    """Write down who gets KEY and how; planning twice plans once. Nothing is sent before its time."""
    return office.desk.status(office.desk.plan(key, office.clock()).key)


def pause(office: Office, key: str) -> Status:
    """Stop sending KEY; what isn't sent stays due."""
    paused = office.desk.pause(key)
    return _changed(office.desk.status(key), "pause", done=paused)


def resume(office: Office, key: str) -> Status:
    """Go on sending KEY."""
    resumed = office.desk.resume(key, now=office.clock())
    return _changed(office.desk.status(key), "resume", done=resumed)


def _changed(status: Status, act: str, *, done: bool) -> Status:
    if not done:
        fail(f"{status.run.key} is {status.run.state}: there is nothing to {act}.")
    return status


def group(open_office: OpenOffice) -> click.Group:
    """The group. `open_office` makes the office that a configuration file describes."""

    @click.group()
    def broadcast() -> None:
        """Look after pushes. KEY is a broadcast's (today's run, else the next) or a run's: daily-digest:2026-11-23."""

    for act in (plan, pause, resume):
        broadcast.add_command(_acting(open_office, act))
    for command in (_forecast, _send, _status):
        broadcast.add_command(command(open_office))
    return broadcast


def _acting(open_office: OpenOffice, act: Callable[[Office, str], Status]) -> click.Command:
    """A command with the name, the help and the doing of `act`."""

    @click.command(act.__name__, help=act.__doc__)
    @click.argument("key")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def command(here: Here, key: str, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        office = here.open(open_office)
        _show_one(office, _known(lambda: act(office, key)), as_json=as_json)

    return command


def _send(open_office: OpenOffice) -> click.Command:
    @click.command("send")
    @click.argument("key")
    @click.option("--now", "at_once", is_flag=True, help="Don't wait for its time.")
    @click.option("--at-night", is_flag=True, help="With --now: also in quiet hours.")
    @click.option("--wait", is_flag=True, help="Show progress until it is over; exit 1 when it was paused.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def send(here: Here, key: str, at_once: bool, at_night: bool, wait: bool, as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
        """Begin to send KEY if its time has come. Each person gets it once, however often you say it."""
        office = here.open(open_office)
        try:
            run = _known(lambda: office.desk.send(key, office.clock(), at_once=at_once, at_night=at_night))
        except QuietHours as quiet:
            until = f"{quiet.until.astimezone(office.zone):%H:%M}"
            fail(f"Quiet hours last until {until}: nothing was sent. Say --at-night to send it all the same.")
        status = _followed(office, run.key) if wait else office.desk.status(run.key)
        _show_one(office, status, as_json=as_json)
        raise SystemExit(1 if wait and status.run.state is RunState.PAUSED else 0)

    return send


def _status(open_office: OpenOffice) -> click.Command:
    @click.command("status")
    @click.argument("key", required=False)
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def status(here: Here, key: str | None, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Show where the deliveries of KEY are; without KEY, those of the newest runs."""
        office = here.open(open_office)
        if key:
            _show_one(office, _known(lambda: office.desk.status(key)), as_json=as_json)
        else:
            _show_all(office, office.desk.runs(limit=20), as_json=as_json)

    return status


def _forecast(open_office: OpenOffice) -> click.Command:
    @click.command("forecast")
    @click.argument("key")
    @click.option("--now", "at_once", is_flag=True, help="Look at what `send --now` would send.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def forecast(here: Here, key: str, at_once: bool, as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
        """Count who would get KEY now, by channel. Nothing is written, nothing is sent."""
        office = here.open(open_office)
        found = _known(lambda: office.desk.forecast(key, office.clock(), at_once=at_once))
        if as_json:
            click.echo(json.dumps(_forecast_fields(found), ensure_ascii=False))
        else:
            click.echo(_forecast_lines(found, office.zone))

    return forecast


def _known(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except NoSuchBroadcast as key:
        fail(f"There is neither a broadcast nor a run {key}. `zhibu broadcast status` lists the newest runs.")


def _followed(office: Office, key: str) -> Status:
    """Show progress until the run is over."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(key, total=None)
        while True:
            status = office.desk.status(key)
            still_open = sum(status.count(state) for state in OPEN)
            progress.update(task, total=status.people, completed=status.people - still_open)
            if status.run.state in OVER:
                return status
            time.sleep(LOOK_EVERY_SECONDS)


def _show_one(office: Office, status: Status, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_fields(status), ensure_ascii=False))
    else:
        click.echo(_lines(office, status))


def _show_all(office: Office, found: Sequence[Status], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_fields(status) for status in found], ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(office, status) for status in found) or "No run yet.")


def _lines(office: Office, status: Status) -> str:
    """A run in one line, and one more for each channel and state and each group: narrow enough for any terminal."""
    run = status.run
    state = f"{run.state} ({run.reason})" if run.reason else str(run.state)
    head = f"{run.key}  due {_time(run.due_at, office.zone)}  {state}  {status.people} people"
    rows = [f"  {tally.channel or NOBODY_CAN:<24}{tally.state:<9}{tally.count:>8}" for tally in status.tallies]
    groups = [f"  group {post.name}  {post.state}  {post.reason}".rstrip() for post in status.posts]
    return "\n".join([head, *rows, *groups])


def _time(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _fields(status: Status) -> dict[str, Any]:
    run = status.run
    return {
        "key": run.key,
        "title": run.title,
        "state": run.state,
        "reason": run.reason,
        "due_at": run.due_at.isoformat(),
        "people": status.people,
        "deliveries": [
            {"channel": tally.channel, "state": tally.state, "count": tally.count} for tally in status.tallies
        ],
        "groups": [
            {"name": post.name, "state": post.state, "error": post.error, "reason": post.reason}
            for post in status.posts
        ],
    }


def _forecast_fields(found: Forecast) -> dict[str, Any]:
    return {
        "key": found.key,
        "due_at": found.due_at.isoformat(),
        "anything_new": found.content is not None,
        "channels": dict(found.channels),
        "groups": list(found.groups),
        "quiet_until": found.quiet_until and found.quiet_until.isoformat(),
    }


def _forecast_lines(found: Forecast, zone: tzinfo) -> str:
    lines = [f"{found.key}  due {_time(found.due_at, zone)}"]
    if found.content is None:
        lines.append("  There is nothing new to say: nobody is bothered.")
    elif not found.channels and not found.groups:
        lines.append("  Nobody new is meant: nobody has subscribed to it, or all who did have it.")
    if found.quiet_until:
        lines.append(f"  Quiet hours last until {found.quiet_until.astimezone(zone):%H:%M}.")
    lines += [f"  {channel or NOBODY_CAN:<24}{count:>8}" for channel, count in found.channels.items()]
    lines += [f"  group {name}" for name in found.groups]
    return "\n".join(lines)
