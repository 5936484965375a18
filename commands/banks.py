"""`zhibu content import | cloze | digest | export | undo`: in from what admins have, and out again."""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from commands.cli import Here, fail
from content.importers import cloze
from content.importers.batches import Batch, Plan
from content.importers.merging import Fate
from content.importers.sentences import Note, Refused, Weight
from content.importers.telling import Tell
from content.intake import SUFFIXES, WRITERS, Intake

SHOWN = 20  # of each kind; --json has all
STAGES = {"open": "opening", "read": "reading", "compare": "looking for what is alike"}
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


def commands(open_intake: Callable[[Path], Intake]) -> list[click.Command]:
    """The commands. `open_intake` makes the intake that a configuration file describes."""
    return [make(open_intake) for make in (_import, _cloze, _digest, _undo, _export)]


def _import(open_intake: Callable[[Path], Intake]) -> click.Command:
    @click.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--to", default="", metavar="BANK", help="The bank, quizzes/BANK.toml; by default named after FILE.")
    @click.option("--title", default="", help="A new bank's title; by default what stands above the questions.")
    @click.option("--topic", default="", help="A new bank's topic, by its id or name.")
    @click.option("--skip-errors", is_flag=True, help="Take the good questions though others can't be taken.")
    @click.option("--dry-run", is_flag=True, help="Only say what would be done.")
    @click.option("--yes", is_flag=True, help="Don't ask first.")
    @_json
    @click.pass_obj
    def import_command(here: Here, /, file: Path, as_json: bool, **said: Any) -> None:  # noqa: FBT001 (click hands it in)
        """Say what FILE has, question by question, and take it into a bank of the pack.

        FILE is a workbook (.xlsx, .xls, .ods), a text table (.csv), a Word document (.docx), a text (.txt) or Moodle's
        GIFT (.gift). A corrected file changes the questions that the bank has already, and keeps their ids.
        """
        intake = here.open(open_intake)
        plan = _planned(intake, file, said)
        stopped = bool(plan.errors) and not said["skip_errors"]
        batch = None
        if not as_json:
            click.echo(_report(plan))
        nothing = not plan.merged.of(Fate.NEW) and not plan.merged.of(Fate.CHANGED)
        if not (stopped or said["dry_run"] or nothing):
            if not said["yes"]:
                click.confirm(f"Write quizzes/{plan.target.path.name}?", abort=True, err=True)
            batch = _taken(intake, plan)
        if as_json:
            click.echo(_as_json(plan, batch))
        elif batch:
            click.echo(f"Written. To undo it: zhibu content undo {batch.name}")
        elif stopped:
            click.echo("Nothing was written: mend the errors, or leave those out with --skip-errors.", err=True)
        raise SystemExit(1 if stopped else 0)

    return import_command


def _planned(intake: Intake, file: Path, said: dict[str, Any]) -> Plan:
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        try:
            return intake.plan(
                file.name,
                file.read_bytes(),
                to=said["to"],
                title=said["title"],
                topic=said["topic"],
                tell=_bar(progress),
            )
        except Refused as refused:
            fail(f"{file.name}: {_sentence(refused.note)}")


def _bar(progress: Progress) -> Tell:
    tasks: dict[str, TaskID] = {}

    def tell(stage: str, done: int, of: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(STAGES[stage], total=of)
        progress.update(tasks[stage], completed=done)

    return tell


def _taken(intake: Intake, plan: Plan) -> Batch:
    try:
        return intake.take(plan)
    except Refused as refused:
        fail(_sentence(refused.note))


def _report(plan: Plan) -> str:
    counts = plan.counts()
    lines = [
        *_listed("Errors: these questions can't be taken", plan.file, _of(plan, Weight.ERROR)),
        *_listed("Warnings: taken, look at them", plan.file, _of(plan, Weight.WARNING)),
        *_listed("Put right", plan.file, _of(plan, Weight.DONE)),
        *_changes(plan),
        f"{plan.file}: {counts['ok']} ok, {counts['warnings']} with warnings, {counts['errors']} with errors",
        f"quizzes/{plan.target.path.name}: {counts['new']} new, {counts['changed']} changed, {counts['same']} the same",
    ]
    return "\n".join(lines)


def _of(plan: Plan, weight: Weight) -> list[Note]:
    return [note for note in plan.notes() if note.weight is weight]


def _listed(heading: str, file: str, notes: Sequence[Note]) -> Iterable[str]:
    if notes:
        yield f"{heading}:"
        yield from (f"  {file}:{note.row}: {_sentence(note)}" for note in notes[:SHOWN])
        yield from [f"  … and {len(notes) - SHOWN} more (--json has all)"] * (len(notes) > SHOWN)
        yield ""


def _changes(plan: Plan) -> Iterable[str]:
    changed = plan.merged.of(Fate.CHANGED)
    if changed:
        yield "Changed:"
        for each in changed[:SHOWN]:
            stems = dict.fromkeys((each.old.stem if each.old else "", each.question.stem))
            yield f"  {each.question.id}: {' → '.join(stems)}"
        yield from [f"  … and {len(changed) - SHOWN} more"] * (len(changed) > SHOWN)
        yield ""


def _sentence(note: Note) -> str:
    return f"{note.what}。{note.mend}。"


def _as_json(plan: Plan, batch: Batch | None) -> str:
    notes = [
        {"row": note.row, "sheet": note.sheet, "level": note.weight, "what": note.what, "mend": note.mend}
        for note in plan.notes()
    ]
    said = {"file": plan.file, "bank": plan.target.path.stem, "counts": plan.counts(), "notes": notes}
    return json.dumps({**said, "batch": batch.name if batch else None}, ensure_ascii=False)


def _cloze(open_intake: Callable[[Path], Intake]) -> click.Command:
    @click.command("cloze")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False), help="By default FILE-填空.xlsx.")
    @click.option("--force", is_flag=True, help="Write over a file that is there.")
    @click.pass_obj
    def cloze_command(here: Here, file: Path, path: Path | None, force: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Propose fill-in questions out of FILE, a text without questions (.docx, .txt): a regulation, a speech.

        The proposals are written as a workbook, each with its sentence and where that stands. Mark those that you want
        in its first column, mend their words, and import it: the others are left.
        """
        path = path or Path(cloze.called(file.name))
        _see_free(path, force=force)
        try:
            found = here.open(open_intake).propose(file.name, file.read_bytes())
        except Refused as refused:
            fail(f"{file.name}: {_sentence(refused.note)}")
        _write(path, cloze.write(found))
        click.echo(f"Written: {path}, {len(found)} proposals{' (more were left out)' * (len(found) == cloze.MOST)}")
        click.echo(f"Mark those to be taken in its first column, then: zhibu content import {shlex.quote(str(path))}")

    return cloze_command


def _digest(open_intake: Callable[[Path], Intake]) -> click.Command:
    @click.command("digest")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="By default FILE-摘要.")
    @click.option("--force", is_flag=True, help="Write into a folder that is there.")
    @click.pass_obj
    def digest_command(here: Here, file: Path, folder: Path | None, force: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Propose digests out of FILE (.docx, .txt), a regulation, a notice or a speech, one a chapter of a long one.

        They are written beside the pack, with the text that they quote; what the document doesn't say is left empty.
        Mend them, and move those that you want into the pack: `zhibu content check` tells whether they quote rightly.
        """
        folder = folder or Path(f"{file.stem}-摘要")
        _see_free(folder, force=force)
        try:
            found = here.open(open_intake).cards(file.name, file.read_bytes())
        except Refused as refused:
            fail(f"{file.name}: {_sentence(refused.note)}")
        for path in (folder / "digests", folder / "originals"):
            path.mkdir(parents=True, exist_ok=True)
        _write(folder / found.file, found.words.encode())
        for name, card in found.cards.items():
            _write(folder / name, card.text().encode())
            click.echo(f"{folder / name}: {card.title}")
            click.echo("".join(f"  {_sentence(note)}\n" for note in card.lacks()), nl=False)
        proposals = "1 proposal" if len(found.cards) == 1 else f"{len(found.cards)} proposals"
        click.echo(f"Written: {proposals}, and {folder / found.file}, which they quote")
        click.echo("Mend them, and move those that you want with it into the same folders of the pack.")

    return digest_command


def _see_free(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        fail(f"{path} is there already: name another place with --to, or write over it with --force.")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}.")


def _undo(open_intake: Callable[[Path], Intake]) -> click.Command:
    @click.command()
    @click.argument("batch", required=False)
    @_json
    @click.pass_obj
    def undo(here: Here, batch: str | None, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Give a bank the text it had before BATCH was imported; without BATCH, list what can be undone.

        A bank that somebody has changed since is left alone.
        """
        intake = here.open(open_intake)
        if batch is None:
            known = [*intake.batches()]
            click.echo(json.dumps([*map(_batch, known)], ensure_ascii=False) if as_json else _as_list(known))
            return
        try:
            done = intake.undo(batch)
        except Refused as refused:
            fail(_sentence(refused.note))
        click.echo(json.dumps(_batch(done), ensure_ascii=False) if as_json else f"quizzes/{done.bank} is as it was.")

    return undo


def _batch(batch: Batch) -> dict[str, Any]:
    return {key: value for key, value in asdict(batch).items() if key not in {"before", "after"}}


def _as_list(known: Sequence[Batch]) -> str:
    lines = [f"{each.name}  {each.bank}: {each.new} new, {each.changed} changed, from {each.file}" for each in known]
    return "\n".join(lines) or "Nothing was imported that could be undone."


def _export(open_intake: Callable[[Path], Intake]) -> click.Command:
    @click.command()
    @click.argument("bank")
    @click.option("--as", "kind", type=click.Choice([*WRITERS]), default="xlsx", show_default=True)
    @click.option(
        "--to",
        "path",
        type=click.Path(path_type=Path, dir_okay=False),
        help="By default BANK.xlsx, .gift or .txt.",
    )
    @click.option("--force", is_flag=True, help="Write over a file that is there.")
    @click.pass_obj
    def export(here: Here, bank: str, kind: str, path: Path | None, force: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Write BANK as a workbook, or in Moodle's GIFT or Aiken; what is written can be imported again."""
        path = path or Path(f"{bank}.{SUFFIXES.get(kind, kind)}")
        _see_free(path, force=force)
        try:
            made = here.open(open_intake).export(bank, kind)
        except Refused as refused:
            fail(_sentence(refused.note))
        _write(path, made.data)
        click.echo(f"Written: {path}")
        for note in made.notes:
            click.echo(_sentence(note), err=True)

    return export
