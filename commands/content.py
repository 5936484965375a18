"""`zhibu content`: what admins wrote, checked before anybody reads it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from commands.cli import Here
from content.checking import Findings


def group(check: Callable[[Path, Path | None], Findings], others: Sequence[click.Command] = ()) -> click.Group:
    """The group, with the `others` in it.

    `check` looks through the pack in a folder, or in the one that the configuration file names.
    """

    @click.group()
    def content() -> None:
        """Look after the content pack."""

    @content.command("check")
    @click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
    @click.option("--json", "as_json", is_flag=True, help="Print faults, advice and counts as JSON.")
    @click.pass_obj
    def check_command(here: Here, folder: Path | None, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Report every fault of the pack at once: file, line, what is wrong, how to mend it; then all advice."""
        findings = here.open(lambda config: check(config, folder))
        click.echo(_as_json(findings) if as_json else _as_lines(findings))
        raise SystemExit(1 if findings.faults else 0)

    for command in others:
        content.add_command(command)
    return content


def _as_lines(findings: Findings) -> str:
    lines = list(map(str, findings.faults))
    if findings.advice:
        lines += ["", "Advice (the pack is taken as it is):", *map(str, findings.advice), ""]
    counted = ", ".join(f"{count} {name}" for name, count in findings.counts.items())
    end = f"{len(findings.faults)} faults" if findings.faults else "no faults"
    return "\n".join([*lines, f"{counted}: {end}"]).lstrip()


def _as_json(findings: Findings) -> str:
    levels = {"faults": findings.faults, "advice": findings.advice}
    said = {name: [asdict(each) for each in found] for name, found in levels.items()}
    return json.dumps(said | {"counts": dict(findings.counts)}, ensure_ascii=False)
