"""A bank in whatever file an admin has it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from content import reading, sheets, unseen
from content.faults import Unreadable
from content.importers import aiken, bounded, documents, gift, headers, safety, tables, texts
from content.importers.drafts import Draft, draft, stem_id
from content.importers.plain import bare
from content.importers.safety import Format, Looked
from content.importers.sentences import Note, Refused, Weight
from content.importers.telling import Tell, silent, told
from content.importers.texts import Found
from content.models import Question, QuestionType


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its questions in their order, good or not, and what is to be said of it as a whole.

    `title` and `topic` are "" where the file doesn't tell them.
    """

    drafts: Sequence[Draft]
    notes: Sequence[Note]
    title: str = ""
    topic: str = ""

    @property
    def questions(self) -> list[Question]:
        """Those that can be taken, each once."""
        return [each.question for each in self.drafts if each.question]

    def nameless(self) -> Iterator[Note]:
        """Say that questions have no ids of their own, where that matters and is so."""
        found = [each for each in self.drafts if each.question and not each.own_id]
        if found:
            yield Note("no_ids", found[0].row, found[0].sheet, {"count": len(found)})

    def said(self) -> list[Note]:
        """Give all that is to be said, row by row."""
        notes = [*self.notes, *(note for each in self.drafts for note in each.notes)]
        return sorted(notes, key=lambda note: note.row)

    def counts(self) -> dict[str, int]:
        """Count the questions that are fine, those to be looked at, and those that can't be taken."""
        weights = Counter(each.weight for each in self.drafts)
        return {"ok": weights[None], "warnings": weights[Weight.WARNING], "errors": weights[Weight.ERROR]}


def read(name: str, data: bytes, *, most: int | None = None, tell: Tell = silent) -> Reading:
    """Read a bank; raises `Refused` where the file can't be read at all, or has more than `most` questions."""
    tell("open", 0, 1)
    safety.weigh(data)
    return bounded.read(partial(_read, name, most), data, tell=tell)


def _read(name: str, most: int | None, data: bytes, tell: Tell) -> Reading:
    looked = safety.look(name, data)
    found = _found(name, data, looked)
    if looked.pictures:
        found.notes.append(Note("pictures_left", 1, facts={"count": looked.pictures}))
    if looked.formulas:
        found.notes.append(Note("formulas", looked.first_formula, facts={"count": looked.formulas}))
    if not found.raws:
        left = sum(note.facts["count"] for note in found.notes if note.code == "not_chosen")
        raise Refused("none_chosen", count=left) if left else Refused("no_questions")
    if most is not None and len(found.raws) > most:
        raise Refused("many_questions", count=len(found.raws), most=most)
    drafts = [*_named_apart(_in_their_cases([*map(draft, told(found.raws, "read", tell))]))]
    title, topic = unseen.legible(found.title), unseen.legible(found.topic)
    return Reading(drafts, [*found.notes, *_of_all(drafts)], title, topic)


def _of_all(drafts: Sequence[Draft]) -> Iterator[Note]:
    """What is the same for many of its questions is said once, at the first of them."""
    taken = [(each, each.question) for each in drafts if each.question]
    lacking = [each for each, question in taken if not question.source and not question.cites]
    if lacking:
        yield Note("no_source", lacking[0].row, lacking[0].sheet, {"count": len(lacking)})


def _found(name: str, data: bytes, looked: Looked) -> Found:
    match looked.format:
        case Format.WORKBOOK | Format.TABLE:
            return _table(name, data)
        case Format.DOCUMENT:
            return documents.read(data)
        case Format.GIFT:
            return gift.read(text_in(data))
        case Format.TEXT:
            text = text_in(data)
            return aiken.read(text) if aiken.is_written_in(text) else texts.read(texts.spoken(text))


def _table(name: str, data: bytes) -> Found:
    readings = sheets.readings(data)
    if not (first := next(readings, None)):
        raise Refused("broken", suffix=PurePath(name).suffix)
    found = tables.read(first) or next(filter(None, map(tables.read, readings)), None)
    if found is None:
        raise Refused("no_head", within=headers.HEAD_WITHIN)
    return found


def text_in(data: bytes) -> str:
    """Give the words of a text; raises `Refused` where their encoding isn't known."""
    try:
        return reading.text_of(data)
    except Unreadable:
        raise Refused("file_encoding") from None


def _in_their_cases(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Each part of a case names it by its id; an admin may say its number where it has none."""
    cases = [(each, each.question) for each in drafts if each.question and each.question.type is QuestionType.CASE]
    called = {each.number: case.id for each, case in cases if each.number} | {case.id: case.id for _, case in cases}
    for each in drafts:
        if each.question and each.question.case in called:
            yield replace(each, question=replace(each.question, case=called[each.question.case]))
        else:
            yield each


def _named_apart(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """No two questions have one id, and none is there twice."""
    rows: dict[str, int] = {}
    seen: dict[tuple[str, ...], int] = {}
    for each in drafts:
        if each.question is None:
            yield each
            continue
        question, own = each.question, each.own_id
        same = (bare(question.stem), question.case, *sorted(bare(option.text) for option in question.options))
        if not own and question.id in rows:
            texts = [option.text for option in question.options]
            question = replace(question, id=stem_id(question.stem, *filter(None, [question.case]), *texts))
        if not own and same in seen:
            yield _without(each, Note("same_again", each.row, each.sheet, {"row": seen[same]}))
        elif question.id in rows:
            yield _without(
                each, Note("id_twice", each.row, each.sheet, {"said": question.id, "row": rows[question.id]})
            )
        else:
            rows[question.id] = seen[same] = each.row
            yield replace(each, question=question)


def _without(each: Draft, note: Note) -> Draft:
    return replace(each, question=None, notes=(*each.notes, note))
