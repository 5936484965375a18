"""A bank written as a workbook, with the columns that are read again: what went in comes out."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from content.importers.answers import LETTERS
from content.importers.headers import NAMES
from content.importers.parting import escaped
from content.large_banks import AnyBank
from content.models import OPTION_REFERENCE, Cite, Question, QuestionType
from content.unseen import writable

TYPES: Mapping[QuestionType, str] = {
    QuestionType.SINGLE: "单选题",
    QuestionType.MULTI: "多选题",
    QuestionType.JUDGE: "判断题",
    QuestionType.FILL: "填空题",
    QuestionType.SHORT: "简答题",
    QuestionType.CASE: "案例题",
}
_BEFORE = ("id", "type", "stem")
_AFTER = ("answer", "explanation", "difficulty", "tags", "score", "source", "cites", "effective_from", "effective_to")
_LAST = ("author", "reviewer", "alias", "audience", "ordered", "partial_credit")
_SELDOM = ("as_of", "case", "picture", "picture_words", "option_pictures")  # columns that few banks need
_WIDE = 24  # characters, of a column of words


def write(bank: AnyBank) -> bytes:
    """Give the workbook of a bank: its title, its topic, the columns' names, and a row a question."""
    letters = LETTERS[: max((len(each.options) for each in bank.questions), default=0)]
    said = {name for question in bank.questions for name, words in fields(question).items() if words}
    after = (*_AFTER, *_LAST, *(each for each in _SELDOM if each in said))
    names = (*(NAMES[each][0] for each in _BEFORE), *(f"选项{letter}" for letter in letters))
    names = (*names, *(NAMES[each][0] for each in after))
    book = Workbook(write_only=True)
    sheet = book.create_sheet("题库")
    sheet.freeze_panes = "A4"
    for row in (
        (bank.title,),
        (f"主题：{bank.topic}",),
        names,
        *(_row(each, len(letters), after) for each in bank.questions),
    ):
        sheet.append([_cell(sheet, value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def table(head: Sequence[str], rows: Sequence[Sequence[str | float | None]], *, widths: Sequence[int] = ()) -> bytes:
    """Give a workbook of one sheet: text stays text, and numbers are numbers. `widths` are in characters."""
    book = Workbook(write_only=True)
    _fill(book.create_sheet(), head, rows, widths)
    return _saved(book)


def tables(sheets: Iterable[tuple[str, Sequence[str], Sequence[Sequence[object]]]]) -> bytes:
    """Give a workbook of several sheets, each with its name, its columns' names and its rows."""
    book = Workbook(write_only=True)
    for name, head, rows in sheets:
        _fill(book.create_sheet(name), head, rows, [_WIDE] * len(head))
    return _saved(book)


def _fill(sheet: Any, head: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[int]) -> None:
    sheet.freeze_panes = "A2"
    for letter, width in zip(LETTERS, widths, strict=False):
        sheet.column_dimensions[letter].width = width
    for row in (head, *rows):
        sheet.append([_cell(sheet, value) if isinstance(value, str) else value for value in row])


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(sheet: object, value: str) -> WriteOnlyCell:
    """Text stays text, whatever it begins with."""
    cell = WriteOnlyCell(sheet, value=writable(value))
    cell.data_type = "s"
    return cell


def _row(question: Question, options: int, after: Sequence[str]) -> Iterator[str]:
    cells = fields(question)
    texts = [option.text for option in question.options]
    yield from (cells[name] for name in _BEFORE)
    yield from texts + [""] * (options - len(texts))
    yield from (cells[name] for name in after)


def fields(question: Question) -> dict[str, str]:
    """Give what a question says but its options, in the notations of domain.md §4B."""
    letters = {option.id: letter for option, letter in zip(question.options, LETTERS, strict=False)}
    return {
        "id": question.id,
        "type": TYPES[question.type],
        "stem": question.stem,
        "answer": _ANSWERS[question.type](question, letters),
        "explanation": OPTION_REFERENCE.sub(
            lambda found: f"{{{{opt:{letters[found[1]].lower()}}}}}", question.explanation
        ),
        "difficulty": question.difficulty.value,
        "tags": "、".join(map(escaped, question.tags)),
        "score": str(question.score),
        "source": question.source,
        "cites": cited(question.cites),
        "effective_from": str(question.effective_from or ""),
        "effective_to": str(question.effective_to or ""),
        "as_of": str(question.as_of or ""),
        "author": question.author,
        "reviewer": question.reviewer,
        "alias": "、".join(question.alias),
        "audience": "、".join(question.audience),
        "ordered": "" if question.ordered else "否",
        "partial_credit": "是" if question.partial_credit else "",
        "case": question.case,
        "picture": question.picture.file if question.picture else "",
        "picture_words": question.picture.words if question.picture else "",
        "option_pictures": "；".join(
            f"{letters[each.id]}：{each.picture}" for each in question.options if each.picture
        ),
    }


def cited(cites: Iterable[Cite]) -> str:
    """Give citations as they are read again."""
    return "；".join(f"{each.reg}/{each.version}/{each.article}" for each in cites)


def _by_letter(question: Question, letters: Mapping[str, str]) -> str:
    return "".join(sorted(letters[each] for each in question.right))


def _by_verdict(question: Question, _: Mapping[str, str]) -> str:
    return "正确" if question.answer else "错误"


def _by_blank(question: Question, _: Mapping[str, str]) -> str:
    return "|".join(";".join(map(escaped, each)) for each in _listed(question))


def _by_point(question: Question, _: Mapping[str, str]) -> str:
    return "|".join(escaped(str(each)) for each in _listed(question))


def _listed(question: Question) -> Sequence[str | tuple[str, ...]]:
    return () if isinstance(question.answer, bool) else question.answer


_ANSWERS: Mapping[QuestionType, Callable[[Question, Mapping[str, str]], str]] = {
    QuestionType.SINGLE: _by_letter,
    QuestionType.MULTI: _by_letter,
    QuestionType.JUDGE: _by_verdict,
    QuestionType.FILL: _by_blank,
    QuestionType.SHORT: _by_point,
    QuestionType.CASE: _by_point,
}
