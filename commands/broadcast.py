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
from scheduler.trying import Tried, TryOut
from storage.broadcasts import OPEN, RunState, State

LOOK_EVERY_SECONDS = 0.5
OVER = (RunState.DONE, RunState.PAUSED, RunState.PLANNED)  # a planned one waits for its time
NOBODY_CAN = "nobody can reach them"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Office:
    """The desk, the time, and the zone that times are shown in."""

    desk: Desk
    try_out: TryOut
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
    for command in (_forecast, _send, _settle, _status):
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
    @click.option("--dry-run", is_flag=True, help="Show what would be said, to how many and how. Nothing is sent.")
    @click.option(
        "--to-admin", metavar="NAME", help="Send it to that admin's own WeChat only, as a test; no run counts it."
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def send(
        here: Here,
        key: str,
        at_once: bool,  # noqa: FBT001
        at_night: bool,  # noqa: FBT001
        wait: bool,  # noqa: FBT001
        dry_run: bool,  # noqa: FBT001
        to_admin: str | None,
        as_json: bool,  # noqa: FBT001
    ) -> None:
        """Begin to send KEY if its time has come. Each person gets it once, however often you say it."""
        if (dry_run and to_admin) or ((dry_run or to_admin) and (wait or at_night)):
            raise click.UsageError("--dry-run and --to-admin stand alone: neither begins a run.")
        office = here.open(open_office)
        if dry_run:
            found = _known(lambda: office.desk.forecast(key, office.clock(), at_once=at_once))
            click.echo(_as_json(_dry_fields(found)) if as_json else _dry_lines(found, office.zone))
            return
        if to_admin:
            _try_out(office, key, to_admin)
            return
        try:
            run = _known(lambda: office.desk.send(key, office.clock(), at_once=at_once, at_night=at_night))
        except QuietHours as quiet:
            until = f"{quiet.until.astimezone(office.zone):%H:%M}"
            fail(f"Quiet hours last until {until}: nothing was sent. Say --at-night to send it all the same.")
        status = _followed(office, run.key) if wait else office.desk.status(run.key)
        if status.run.four_eyes and status.run.state is RunState.PLANNED:
            click.echo(
                "Nothing is sent yet: two admins must agree to it in the console, see /admin/broadcasts.", err=True
            )
        _show_one(office, status, as_json=as_json)
        raise SystemExit(1 if wait and status.run.state is RunState.PAUSED else 0)

    return send


def _settle(open_office: OpenOffice) -> click.Command:
    @click.command("settle")
    @click.argument("key")
    @click.option("--as", "state", type=click.Choice(["sent", "failed"]), required=True, help="What became of them.")
    @click.pass_obj
    def settle(here: Here, key: str, state: str) -> None:
        """Say what became of all that is unsure in KEY, once you know. Nobody is sent to again."""
        office = here.open(open_office)
        count = _known(lambda: office.desk.settle(key, State(state), now=office.clock()))
        if not count:
            fail(f"Nothing is unsure in {office.desk.status(key).run.key}.")
        click.echo(f"{count} that were unsure are {state} now.")

    return settle


def _try_out(office: Office, key: str, admin: str) -> None:
    match _known(lambda: office.try_out(key, admin, now=office.clock())):
        case Tried.SENT:
            click.echo(f"Sent to {admin} as a test.")
        case Tried.KEPT:
            click.echo(f"WeChat lets nothing through to {admin} now: it is said after their next word.")
        case Tried.NOTHING:
            fail("There is nothing to say.")
        case Tried.NOBODY:
            fail(f"No admin {admin!r} has named their WeChat: they do so in the console, see /admin/own.")


def _dry_lines(found: Forecast, zone: tzinfo) -> str:
    """A forecast, and all that would be said."""
    content = found.content
    lines = [_forecast_lines(found, zone)]
    for number in range(len(content.variants) + 1) if content else ():
        said = content.said(number) if content else None
        if said and said.text:
            lines += ["", f"-- {f'variant {number}' if number else 'words'}", said.text]
            lines += [f"  {name}: {value}" for name, value in said.fields.items()]
    if content and content.own_group_text:
        lines += ["", "-- groups", content.own_group_text]
    return "\n".join([*lines, "", "Nothing was sent."])


def _dry_fields(found: Forecast) -> dict[str, Any]:
    content = found.content
    said = [content.said(number) for number in range(len(content.variants) + 1)] if content else []
    words = [{"text": each.text, "line": each.line, "fields": dict(each.fields)} for each in said]
    return {**_forecast_fields(found), "words": words, "group_text": content.group_text if content else ""}


def _as_json(fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False)


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
        "approvals": [{"admin": each.admin, "at": each.at.isoformat()} for each in status.approvals],
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
        "fewer_than_five": found.few,
        "sample": list(found.sample),
        "nobody_is": list(found.nobody_is),
        "provisional": found.is_provisional,
        "groups": list(found.groups),
        "quiet_until": found.quiet_until and found.quiet_until.isoformat(),
    }


def _forecast_lines(found: Forecast, zone: tzinfo) -> str:
    lines = [f"{found.key}  due {_time(found.due_at, zone)}"]
    if found.is_provisional:
        lines.append("  Provisional: the holidays of that year aren't known, so Monday to Friday count as workdays.")
    if found.content is None:
        lines.append("  There is nothing new to say: nobody is bothered.")
    elif found.few:
        lines.append("  Fewer than five people: they are chosen by what they did, so no number is told.")
    elif not found.channels and not found.groups:
        lines.append("  Nobody new is meant: nobody has subscribed to it, or all who did have it.")
    if found.quiet_until:
        lines.append(f"  Quiet hours last until {found.quiet_until.astimezone(zone):%H:%M}.")
    lines += [f"  Nobody is {each!r} on the roster, or bears that tag." for each in found.nobody_is]
    lines += [f"  {channel or NOBODY_CAN:<24}{count:>8}" for channel, count in found.channels.items()]
    if found.sample:
        lines.append(f"  for example: {', '.join(found.sample)}")
    lines += [f"  group {name}" for name in found.groups]
    return "\n".join(lines)
