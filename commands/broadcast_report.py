"""How `zhibu broadcast` shows runs and forecasts, to people and to programs."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from scheduler.forecast import Forecast
from scheduler.outlook import Left
from scheduler.status import Status
from storage.mass_jobs import MassJob

NOBODY_CAN = "nobody can reach them"
CLOSED = {
    "account": "the account has no right to it",
    "refused": "the platform refused the account lately",
    "template": "the broadcast names no template",
    "credit": "no credit",
    "window": "no open window",
    "mass": "had four mass messages this month",
    "whole": "the account can only send to everybody or to one tag, and others are meant",
    "tag": "doesn't bear the tag",
    "today": "the account has sent all that a day allows",
}


def dry_lines(found: Forecast, zone: tzinfo) -> str:
    """A forecast, and all that would be said."""
    content = found.content
    lines = [forecast_lines(found, zone)]
    for number in range(len(content.variants) + 1) if content else ():
        said = content.said(number) if content else None
        if said and said.text:
            lines += ["", f"-- {f'variant {number}' if number else 'words'}", said.text]
            lines += [f"  {name}: {value}" for name, value in said.fields.items()]
    if content and content.own_group_text:
        lines += ["", "-- groups", content.own_group_text]
    return "\n".join([*lines, "", "Nothing was sent."])


def dry_fields(found: Forecast) -> dict[str, Any]:
    """The same for a program."""
    content = found.content
    said = [content.said(number) for number in range(len(content.variants) + 1)] if content else []
    words = [{"text": each.text, "line": each.line, "fields": dict(each.fields)} for each in said]
    return {**forecast_fields(found), "words": words, "group_text": content.group_text if content else ""}


def lines(status: Status, zone: tzinfo) -> str:
    """A run in one line, and one more for each thing that is known of it: narrow enough for any terminal."""
    run = status.run
    agreed = [f"  agreed to by {each.admin}, {_time(each.at, zone)}" for each in status.approvals]
    corrects = [f"  corrects {run.content.corrects}"] if run.content.corrects else []
    goes_on = [f"  goes on by itself {_time(status.goes_on_at, zone)}"] if status.goes_on_at else []
    return "\n".join([f"{head(status, zone)}  {status.people} people", *goes_on, *corrects, *agreed, *counts(status)])


def head(status: Status, zone: tzinfo) -> str:
    """Which run it is, and how it stands."""
    run = status.run
    state = f"{run.state} ({run.reason})" if run.reason else str(run.state)
    return f"{run.key}  due {_time(run.due_at, zone)}  {state}"


def counts(status: Status) -> list[str]:
    """A line for each channel and state, for each mass send and for each group."""
    rows = [f"  {tally.channel or NOBODY_CAN:<24}{tally.state:<9}{tally.count:>8}" for tally in status.tallies]
    masses = [_mass_line(job) for job in status.masses]
    return rows + masses + [f"  group {post.name}  {post.state}  {post.reason}".rstrip() for post in status.posts]


def _mass_line(job: MassJob) -> str:
    """A mass send: what the platform counted, where it has."""
    counted = [f"{name} {number}" for name, number in asdict(job.counts).items() if number is not None]
    return "  ".join(filter(None, [f"  mass {job.account}/{job.number}", job.state, ", ".join(counted), job.reason]))


def _time(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def fields(status: Status) -> dict[str, Any]:
    """The same for a program."""
    run = status.run
    return {
        "key": run.key,
        "title": run.title,
        "state": run.state,
        "reason": run.reason,
        "due_at": run.due_at.isoformat(),
        "goes_on_at": status.goes_on_at and status.goes_on_at.isoformat(),
        "corrects": run.content.corrects or None,
        "people": status.people,
        "approvals": [{"admin": each.admin, "at": each.at.isoformat()} for each in status.approvals],
        "deliveries": [
            {"channel": tally.channel, "state": tally.state, "count": tally.count} for tally in status.tallies
        ],
        "masses": [
            {
                "account": job.account,
                "number": job.number,
                "state": job.state,
                "error": job.error,
                "reason": job.reason,
                **asdict(job.counts),
            }
            for job in status.masses
        ],
        "groups": [
            {"name": post.name, "state": post.state, "error": post.error, "reason": post.reason}
            for post in status.posts
        ],
    }


def forecast_fields(found: Forecast) -> dict[str, Any]:
    """A forecast for a program."""
    return {
        "key": found.key,
        "due_at": found.due_at.isoformat(),
        "anything_new": found.content is not None,
        "channels": dict(found.channels),
        "fewer_than_five": found.few,
        "sample": list(found.sample),
        "nobody_is": list(found.nobody_is),
        "forgotten": list(found.forgotten),
        "provisional": found.is_provisional,
        "unreachable": [
            {"count": number, "closed": [{"channel": channel, "why": closed} for channel, closed in why]}
            for why, number in found.closed.items()
        ],
        "had_enough": found.full,
        "held_back": found.held_back,
        "waits_until": found.waits_until and found.waits_until.isoformat(),
        "credits": found.credits,
        "window_messages": found.window_messages,
        "quotas": [
            {"account": each.account, "channel": each.channel, "left": each.before, "left_afterwards": each.after}
            for each in found.left
        ],
        "last_at": found.last_at and found.last_at.isoformat(),
        "groups": list(found.groups),
        "quiet_until": found.quiet_until and found.quiet_until.isoformat(),
    }


def forecast_lines(found: Forecast, zone: tzinfo) -> str:
    """A forecast, a line for each thing that it tells."""
    head = f"{found.key}  due {_time(found.due_at, zone)}"
    return "\n".join([head, *_remarks(found, zone), *_people(found, zone), *_costs(found, zone), *_some(found)])


def _remarks(found: Forecast, zone: tzinfo) -> Iterator[str]:
    if found.is_provisional:
        yield "  Provisional: the holidays of that year aren't known, so Monday to Friday count as workdays."
    if found.content is None:
        yield "  There is nothing new to say: nobody is bothered."
    elif found.few:
        yield "  Fewer than five people: they are chosen by what they did, so no number is told."
    elif not found.channels and not found.groups:
        yield "  Nobody new is meant: nobody has subscribed to it, or all who did have it."
    if found.quiet_until:
        yield f"  Quiet hours last until {found.quiet_until.astimezone(zone):%H:%M}."
    for each in found.forgotten:
        yield f"  Who received {each!r} isn't known of all any more: nothing is sent."
    for each in found.nobody_is:
        yield f"  Nobody is {each!r} on the roster, or bears that tag."


def _people(found: Forecast, zone: tzinfo) -> Iterator[str]:
    for channel, count in found.channels.items():
        yield f"  {channel or NOBODY_CAN:<24}{count:>8}"
    for why, number in found.closed.items():
        reasons = ", ".join(f"{channel} ({CLOSED[closed]})" for channel, closed in why)
        yield f"    {number} of these: {reasons}"
    if found.full:
        yield f"  {found.full} have had enough pushes: it is kept for their next visit."
    if found.waits_until:
        until = _time(found.waits_until, zone)
        yield f"  {found.held_back} have had enough today, and a send to all can't spare them: it waits until {until}."


def _costs(found: Forecast, zone: tzinfo) -> Iterator[str]:
    if found.credits or found.window_messages:
        yield f"  takes {found.credits} credits and {found.window_messages} messages of open windows"
    for each in found.left:
        yield f"  quota of {each.account}, {each.channel}: {_left(each)}"
    if found.last_at:
        yield f"  the last has it about {_time(found.last_at, zone)}, at the pace that [push] allows"


def _some(found: Forecast) -> Iterator[str]:
    if found.sample:
        yield f"  for example: {', '.join(found.sample)}"
    yield from (f"  group {name}" for name in found.groups)


def _left(left: Left) -> str:
    if left.before is None:
        return "not known"
    return f"{left.before} left" if left.after is None else f"{left.before} left, {left.after} afterwards"
