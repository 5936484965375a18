"""`zhibu audit`: whether the trail of looks and changes is still as it was noted."""

import json
import re
from contextlib import closing

import click

from commands.cli import Here
from storage.audit import Fault, Verdict

_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
_HASH = re.compile("[0-9a-f]{64}")
_WHY = {
    Fault.MISSING: "is missing",
    Fault.CHANGED: "is not as it was noted, or was noted under another secret_key",
    Fault.UNTIED: "does not follow the one before it: it is of another trail",
    Fault.CUT: "and those after it were cut off: no entry has the hash that was kept (or a backup was restored since)",
}


@click.group()
def audit() -> None:
    """Look after the trail: who looked at whose data, and who changed what."""


@audit.command()
@click.option("--head", default="", metavar="HASH", help="A hash that `zhibu audit head` printed: it has to be there.")
@_json
@click.pass_obj
def verify(here: Here, head: str, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """See whether every entry is as it was noted, and name the first that isn't.

    That the last ones were cut off is seen by a hash that was kept elsewhere (--head).
    """
    kept = head.strip().lower()
    if kept and not _HASH.fullmatch(kept):
        raise click.BadParameter("this is no hash: give all 64 letters and digits.", param_hint="--head")
    with closing(here.installation.database()) as database:
        verdict = here.installation.audit(database).verify(head=kept)
    click.echo(_as_json(verdict) if as_json else told(verdict))
    raise SystemExit(1 if verdict.broken else 0)


@audit.command()
@_json
@click.pass_obj
def head(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Print the hash of the last entry, to be kept where nobody who may change the database can change it."""
    with closing(here.installation.database()) as database:
        entries, found = here.installation.audit(database).head()
    click.echo(json.dumps({"entries": entries, "head": found}) if as_json else found)


def told(verdict: Verdict) -> str:
    """What was found, in a line."""
    if verdict.broken is None:
        return f"{verdict.entries} entries hold; the last has the hash {verdict.head}"
    where = "" if verdict.broken.fault is Fault.CUT else f" {verdict.entries} hold before it."
    return f"Entry {verdict.broken.sequence} {_WHY[verdict.broken.fault]}.{where}"


def _as_json(verdict: Verdict) -> str:
    broken = {"sequence": verdict.broken.sequence, "fault": verdict.broken.fault} if verdict.broken else None
    return json.dumps({"entries": verdict.entries, "head": verdict.head, "broken": broken})
