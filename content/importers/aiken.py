"""Moodle's Aiken, which has a stem, options and one right answer of each question, and nothing else."""

import re
from collections.abc import Iterable, Iterator

from content.importers.answers import LETTERS, Written
from content.importers.drafts import Raw
from content.importers.sentences import Note
from content.importers.texts import Found
from content.large_banks import AnyBank
from content.models import Drawn, Question, QuestionType

_ANSWER = re.compile(r"ANSWER:\s*([A-Z])\s*")
_OPTION = re.compile(r"([A-Z])[.)]\s+(.+)")


def is_written_in(text: str) -> bool:
    """Whether a text is Aiken: nothing else says its answers so."""
    return any(_ANSWER.fullmatch(line.strip()) for line in text.split("\n"))


def read(text: str) -> Found:
    """Read the questions of a text in Aiken: each ends with its answer."""
    found, raw = Found(), Raw(0)
    for number, line in enumerate(map(str.strip, text.split("\n")), start=1):
        option, answer = _OPTION.fullmatch(line), _ANSWER.fullmatch(line)
        if not line:
            continue
        raw.row = raw.row or number
        if answer:
            raw.fields |= {"type": "单选题", "answer": answer[1]}
            found.raws.append(raw)
            raw = Raw(0)
        elif option and raw.fields:
            raw.options.append(Written(option[1], option[2]))
        elif raw.options:
            found.notes.append(Note("line_lost", number, facts={"said": line[:30]}))
        else:
            raw.fields["stem"] = f"{raw.fields['stem']}\n{line}" if raw.fields else line
    if raw.row:
        found.notes.append(Note("line_lost", raw.row, facts={"said": raw.fields.get("stem", "")[:30]}))
    return found


def write(bank: AnyBank) -> str:
    """Give what Aiken has a place for."""
    return "\n".join(map(_block, filter(_fits, bank.questions)))


def left_behind(questions: Iterable[Drawn]) -> Iterator[Note]:
    """Say what it has no place for."""
    known = [*questions]
    others = [each.id for each in known if not _fits(each)]
    if others:
        yield Note("aiken_others", 1, facts={"count": len(others), "said": "、".join(others[:20])})
    if len(others) < len(known):
        yield Note("aiken_bare", 1)


def _fits(question: Drawn) -> bool:
    return question.type is QuestionType.SINGLE and not question.case and not question.pictures


def _block(question: Question) -> str:
    letters = list(zip(LETTERS, question.options, strict=False))
    right = next(letter for letter, option in letters if option.id in question.right)
    options = (f"{letter}. {_line(option.text)}" for letter, option in letters)
    return "\n".join([_line(question.stem), *options, f"ANSWER: {right}", ""])


def _line(said: str) -> str:
    return " ".join(said.split())
