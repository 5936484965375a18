"""Which questions of a file are new, which are known, and which are known ones put right: history hangs on the id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

from content.importers import alike
from content.importers.answers import LETTERS
from content.importers.drafts import Draft
from content.importers.plain import bare
from content.importers.sentences import Note
from content.importers.telling import Tell, silent
from content.large_banks import AnyBank
from content.models import CHOSEN, OPTION_REFERENCE, Bank, Option, Question

STILL_THE_SAME = 90  # per cent of its words that a question must keep to be known again by nothing else
AN_EDITION = 0.5  # a file with so much of a bank is that bank, put right
_ALWAYS = frozenset({"id", "type", "stem", "options", "answer"})


class Fate(StrEnum):
    """What becomes of a question of the file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Found:
    """A question of the file as the bank will have it, and the one of the bank that it is, if any."""

    draft: Draft
    question: Question
    old: Question | None

    @property
    def fate(self) -> Fate:
        """What becomes of it."""
        if self.old is None:
            return Fate.NEW
        return Fate.SAME if self.old == self.question else Fate.CHANGED


@dataclass(frozen=True, slots=True)
class Merged:
    """The questions of a file that can be taken, and what is to be said about them beside what their reading said."""

    found: Sequence[Found]
    notes: Sequence[Note]

    def of(self, fate: Fate) -> list[Found]:
        """Give those with one fate."""
        return [each for each in self.found if each.fate is fate]


def merge(
    drafts: Iterable[Draft],
    *,
    bank: Bank | None,
    others: Mapping[str, AnyBank],
    pictures: AbstractSet[str] = frozenset(),
    tell: Tell = silent,
) -> Merged:
    """Find each question again in the `bank` it goes to: by its id or an earlier one of it, or by its words.

    A file that has half of a bank is a corrected edition of it, and there nearly the same words are enough. `others`
    are the questions of the other banks by their names: an id of theirs isn't taken, and what is nearly a question of
    theirs is told, as it is within the file. `pictures` are the pack's: another one can't be shown.
    """
    taken = [(each, each.question) for each in drafts if each.question]
    olds = _known_again(taken, [*bank.questions] if bank else [])
    found = [
        Found(draft, _put_right(old, question, own_id=draft.own_id) if old else question, old)
        for (draft, question), old in zip(taken, olds, strict=True)
    ]
    found = _in_cases_of(found)
    owners = {id_: name for name, it in others.items() for each in it.outlines for id_ in (each.id, *each.alias)}
    clashes = [
        Note(
            "id_elsewhere",
            each.draft.row,
            each.draft.sheet,
            {"said": each.question.id, "other": owners[each.question.id]},
        )
        for each in found
        if each.question.id in owners
    ]
    clashes += [
        Note("picture_unknown", each.draft.row, each.draft.sheet, {"said": picture})
        for each in found
        for picture in each.question.pictures
        if picture not in pictures
    ]
    clashes += _torn(found, {(note.sheet, note.row) for note in clashes}, [*bank.questions] if bank else [])
    return Merged(found, [*clashes, *_near(found, bank, others, tell)])


def _in_cases_of(found: Sequence[Found]) -> list[Found]:
    """Parts name their case by the id that it has in the bank."""
    ids = {each.draft.question.id: each.question.id for each in found if each.draft.question}
    return [
        replace(each, question=replace(each.question, case=ids[each.question.case]))
        if ids.get(each.question.case, each.question.case) != each.question.case
        else each
        for each in found
    ]


def _torn(found: Sequence[Found], lost: AbstractSet[tuple[str, int]], kept: Sequence[Question]) -> list[Note]:
    """Parts whose case isn't taken, by what is `lost` already, and cases that no part is left of."""
    again = {each.old.id for each in found if each.old}
    left = [each for each in found if (each.draft.sheet, each.draft.row) not in lost]
    stay = [each for each in kept if each.id not in again]
    cases = {each.id for each in (*stay, *(each.question for each in left)) if each.has_parts}
    apart = [each for each in left if each.question.case and each.question.case not in cases]
    named = {each.question.case for each in left if each not in apart} | {each.case for each in stay}
    empty = [each for each in left if each.question.has_parts and each.question.id not in named]
    return [
        *(Note("case_unknown", each.draft.row, each.draft.sheet, {"said": each.question.case}) for each in apart),
        *(Note("case_empty", each.draft.row, each.draft.sheet) for each in empty),
    ]


def _known_again(taken: Sequence[tuple[Draft, Question]], known: Sequence[Question]) -> list[Question | None]:
    by_id = {id_: each for each in known for id_ in (each.id, *each.alias)}
    by_words = dict(zip(_in_place(known), known, strict=True))
    asked = [question for _, question in taken]
    olds = [by_id.get(each.id) or by_words.get(words) for each, words in zip(asked, _in_place(asked), strict=True)]
    left = {each.id: each for each in known}
    for at, old in enumerate(olds):
        if old and left.pop(old.id, None) is None:
            olds[at] = None  # another row has it
    if not known or (len(known) - len(left)) / len(known) < AN_EDITION:
        return olds
    lost, unknown = [*left.values()], [at for at, old in enumerate(olds) if old is None]
    texts = [_words(taken[at][1]) for at in unknown]
    for pair in alike.nearest(texts, [_words(each) for each in lost], at_least=STILL_THE_SAME):
        if olds[unknown[pair.at]] is None:
            olds[unknown[pair.at]] = left.pop(lost[pair.earlier].id, None)
    return olds


def _words(question: Question) -> str:
    """What a question is known by: its stem, and its options in any order."""
    return "\n".join((bare(question.stem), *sorted(bare(option.text) for option in question.options)))


def _in_place(questions: Sequence[Question]) -> list[str]:
    """What each is known by, with the words of its case: parts of two cases may ask in the same words."""
    stems = {each.id: bare(each.stem) for each in questions if each.has_parts}
    return [f"{_words(each)}\n\n{stems.get(each.case, each.case)}" for each in questions]


def _put_right(old: Question, new: Question, *, own_id: bool) -> Question:
    """The old one as the file has it: under its id, with its options' ids; what the file doesn't say stays."""
    usual = {each.name: each.default for each in fields(Question)}
    kept: dict[str, Any] = {
        name: getattr(old, name)
        for name, default in usual.items()
        if name not in _ALWAYS and getattr(new, name) == default
    }
    renamed = own_id and new.id not in {old.id, *old.alias}
    if renamed:
        kept["alias"] = tuple(dict.fromkeys((old.id, *old.alias, *new.alias)))
    return replace(_with_ids_of(old, new), id=new.id if renamed else old.id, **kept)


def _with_ids_of(old: Question, new: Question) -> Question:
    """The options by the ids that those with their words have had; new ones get letters that are free."""
    if new.type not in CHOSEN or old.type not in CHOSEN:
        return new
    before = {bare(option.text): option.id for option in old.options}
    pictures = {option.id: option.picture for option in old.options}
    free = iter(letter for letter in LETTERS.lower() if letter not in {option.id for option in old.options})
    ids = {option.id: before.get(bare(option.text)) for option in new.options}
    ids = {id_: was or next(free, id_) for id_, was in ids.items()}
    if len(set(ids.values())) < len(ids):
        return new
    return replace(
        new,
        options=tuple(_again(option, str(ids[option.id]), pictures) for option in new.options),
        answer=tuple(sorted(str(ids[str(each)]) for each in new.right)),
        explanation=OPTION_REFERENCE.sub(lambda found: f"{{{{opt:{ids[found[1]]}}}}}", new.explanation),
    )


def _again(option: Option, id_: str, pictures: Mapping[str, str]) -> Option:
    return replace(option, id=id_, picture=option.picture or pictures.get(id_, ""))


class _Known(NamedTuple):
    """A question that stands in a bank already, as far as it is compared and told."""

    where: str
    stem: str
    words: str


def _known(bank: Bank | None, others: Mapping[str, AnyBank], again: AbstractSet[str]) -> Iterator[_Known]:
    """All that stand there, but those of the bank that the file has again; of a large bank none is held."""
    target = bank.name if bank else ""
    for name, other in others.items():
        yield from (_Known(f"{name} {each.id}", _short(each.stem), _words(each)) for each in other.questions)
    for each in bank.questions if bank else ():
        if each.id not in again:
            yield _Known(f"{target} {each.id}", _short(each.stem), _words(each))


def _near(found: Sequence[Found], bank: Bank | None, others: Mapping[str, AnyBank], tell: Tell) -> list[Note]:
    """What is nearly the same as another question, of another bank or this one, or of a row above."""
    again = {each.old.id for each in found if each.old}
    new = [_words(each.question) for each in found]
    sieve = alike.Sieve(new)
    known = [each for each in _known(bank, others, again) if sieve.keeps(each.words)]
    notes = []
    for pair in alike.pairs([*(each.words for each in known), *new], since=len(known), tell=tell):
        each = found[pair.at - len(known)]
        if pair.earlier < len(known):
            facts = {"where": known[pair.earlier].where, "said": known[pair.earlier].stem}
        else:
            earlier = found[pair.earlier - len(known)]
            if each.old and earlier.old:
                continue  # they stand in the bank already
            facts = {"where": f"第 {earlier.draft.row} 行", "said": _short(earlier.question.stem)}
        notes.append(Note("nearly_same", each.draft.row, each.draft.sheet, {**facts, "score": pair.score}))
    return notes


def _short(words: str) -> str:
    return words if len(words) <= 30 else f"{words[:29]}…"  # noqa: PLR2004 - as much as fits in a line
