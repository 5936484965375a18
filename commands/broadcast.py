"""`zhibu broadcast`: plan a push, look ahead, send it, watch it, stop it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from commands import broadcast_report as report
from commands import broadcast_watch as watching
from commands.cli import Here, fail
from scheduler.broadcast import Desk
from scheduler.correcting import Uncorrectable, Why
from scheduler.manners import QuietHours
from scheduler.naming import Folded, NoSuchBroadcast, OnlyByHand
from scheduler.status import Status
from scheduler.trying import Tried, TryOut
from storage.states import RunState, State

OVER = (RunState.DONE, RunState.PAUSED)

UNCORRECTABLE = {
    Why.UNKNOWN: "There is no run {key}.",
    Why.UNBEGUN: "Nobody has heard {key} yet: `zhibu broadcast cancel {key}` sees to it that nobody does.",
    Why.UNHEARD: "Nobody is known to have heard {key}.",
    Why.FOLDED: "{key} is long over, and who has heard it isn't known any more.",
    Why.NO_WORDS: "There are no words in it.",
}

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


def cancel(office: Office, key: str) -> Status:
    """Stop KEY for good: what isn't sent never is, and lines that nobody has read yet are taken back."""
    cancelled = office.desk.cancel(key, now=office.clock())
    return _changed(office.desk.status(key), "cancel", done=cancelled)


def _changed(status: Status, act: str, *, done: bool) -> Status:
    if not done:
        fail(f"{status.run.key} is {status.run.state}: there is nothing to {act}.")
    return status


def group(open_office: OpenOffice) -> click.Group:
    """The group. `open_office` makes the office that a configuration file describes."""

    @click.group()
    def broadcast() -> None:
        """Look after pushes. KEY is a broadcast's (today's run, else the next) or a run's: daily-digest:2026-11-23."""

    for act in (plan, pause, resume, cancel):
        broadcast.add_command(_acting(open_office, act))
    for command in (_forecast, _send, _correct, _settle, _status):
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
            click.echo(_as_json(report.dry_fields(found)) if as_json else report.dry_lines(found, office.zone))
            return
        if to_admin:
            _try_out(office, key, to_admin)
            return
        run = _known(lambda: office.desk.send(key, office.clock(), at_once=at_once, at_night=at_night), office.zone)
        status = _awaited(office, run.key) if wait else office.desk.status(run.key)
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


def _correct(open_office: OpenOffice) -> click.Command:
    @click.command("correct")
    @click.argument("key")
    @click.option("--words", "said", metavar="WORDS", help="What is right.")
    @click.option("--words-file", type=click.File(encoding="utf-8"), metavar="FILE", help="The same from a file, or -.")
    @click.option("--dry-run", is_flag=True, help="Show whom it would reach and what it says. Nothing is done.")
    @click.option("--at-night", is_flag=True, help="Also in quiet hours.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def correct(
        here: Here,
        key: str,
        said: str | None,
        words_file: TextIO | None,
        dry_run: bool,  # noqa: FBT001
        at_night: bool,  # noqa: FBT001
        as_json: bool,  # noqa: FBT001
    ) -> None:
        """Put right what the run KEY said: it is stopped, and exactly those who heard it are told, once."""
        if (said is None) == (words_file is None):
            raise click.UsageError("Say what is right, either by --words or by --words-file.")
        words = words_file.read() if words_file else said or ""
        office = here.open(open_office)
        if dry_run:
            found = _known(lambda: office.desk.forecast_of_correction(key, words, office.clock()))
            click.echo(_as_json(report.dry_fields(found)) if as_json else report.dry_lines(found, office.zone))
            return
        run = _known(lambda: office.desk.correct(key, words, now=office.clock(), at_night=at_night), office.zone)
        _show_one(office, office.desk.status(run.key), as_json=as_json)

    return correct


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


def _as_json(fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _status(open_office: OpenOffice) -> click.Command:
    @click.command("status")
    @click.argument("key", required=False)
    @click.option("--watch", is_flag=True, help="Show it as it goes on, until it is over. Ctrl-C ends the watching.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON; with --watch a line each time it changes.")
    @click.pass_obj
    def status(here: Here, key: str | None, watch: bool, as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
        """Show where the deliveries of KEY are; without KEY, those of the newest runs."""
        if watch and not key:
            raise click.UsageError("--watch needs a KEY.")
        office = here.open(open_office)
        if watch and key:
            _watch(office, _known(lambda: office.desk.status(key)).run.key, as_json=as_json)
        elif key:
            _show_one(office, _known(lambda: office.desk.status(key)), as_json=as_json)
        else:
            _show_all(office, office.desk.runs(limit=20), as_json=as_json)

    return status


def _watch(office: Office, key: str, *, as_json: bool) -> None:
    """Exit 1 where the run was paused and waits for somebody."""
    look = partial(office.desk.status, key)
    try:
        if as_json:
            status = watching.follow(look, show=watching.as_json())
        else:
            with watching.on_screen(key, office.zone) as show:
                status = watching.follow(look, show=show)
            _show_one(office, status, as_json=False)
    except KeyboardInterrupt:
        click.echo("No longer watched; the run goes on.", err=True)
        return
    raise SystemExit(1 if status.run.state is RunState.PAUSED else 0)


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
            click.echo(_as_json(report.forecast_fields(found)))
        else:
            click.echo(report.forecast_lines(found, office.zone))

    return forecast


def _known(ask: Callable[[], T], zone: tzinfo | None = None) -> T:
    try:
        return ask()
    except QuietHours as quiet:
        until = f"{quiet.until.astimezone(zone):%H:%M}"
        fail(f"Quiet hours last until {until}: nothing was sent. Say --at-night to send it all the same.")
    except Uncorrectable as refused:
        fail(f"{UNCORRECTABLE[refused.why].format(key=refused.key)} Nothing was stopped or sent.")
    except Folded as key:
        fail(f"{key} is long over, and who has heard it isn't known any more: write a broadcast with a key of its own.")
    except OnlyByHand as key:
        fail(f"{key} names no time: `zhibu broadcast send {key} --now` sends it.")
    except NoSuchBroadcast as key:
        fail(
            f"There is neither a broadcast nor a run {key}: a broadcast's key stands in its file in the pack's "
            "broadcasts/, and `zhibu broadcast status` lists the newest runs."
        )


def _awaited(office: Office, key: str) -> Status:
    with watching.on_screen(key, office.zone) as show:
        over = (*OVER, RunState.PLANNED)  # a planned one waits for its time
        return watching.follow(partial(office.desk.status, key), show=show, over=lambda it: it.run.state in over)


def _show_one(office: Office, status: Status, *, as_json: bool) -> None:
    if as_json:
        click.echo(_as_json(report.fields(status)))
    else:
        click.echo(report.lines(status, office.zone))


def _show_all(office: Office, found: Sequence[Status], *, as_json: bool) -> None:
    if as_json:
        click.echo(_as_json([report.fields(status) for status in found]))
    else:
        click.echo("\n".join(report.lines(status, office.zone) for status in found) or "No run yet.")
