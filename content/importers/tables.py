"""Banks that are tables: a row a question, under whatever names the columns bear (domain.md §4A)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from content.importers import answers, headers, plain, texts
from content.importers.answers import Written
from content.importers.drafts import YES, Raw
from content.importers.headers import Head
from content.importers.sentences import Note
from content.importers.texts import Found, Spoken
from content.sheets import Line, Sheet

# Cells merged downwards say these of every row beside them.
FILLED_DOWN = frozenset({"type", "tags", "difficulty", "score", "source", "cites", "reviewer"})
# A row that has nothing else is a form's empty line.
NOTHING = frozenset({"chosen", "number", "id", "type", "difficulty", "score", "tags", "source"})
WANTED = YES | {"✓", "✔", "v", "对", "要", "用", "采用"}


def read(sheets: Sequence[Sheet]) -> Found | None:
    """Read every sheet that has the columns of a bank; None where none has."""
    heads = [headers.head_of(sheet.lines) for sheet in sheets]
    if not any(heads):
        return None
    found = Found()
    for sheet, head in zip(sheets, heads, strict=True):
        if head is None:
            found.notes += [Note("sheet_left", sheet.lines[0].number, sheet.name)] if sheet.lines else []
            continue
        _say_of_head(found, sheet, head)
        questions = [*_questions(sheet, head)]
        found.raws += _chosen(questions, found, head) if "chosen" in head.columns else questions
    return found


def _say_of_head(found: Found, sheet: Sheet, head: Head) -> None:
    for name in head.twice():
        found.notes.append(Note("column_twice", head.row, sheet.name, {"said": name}))
    if left := head.left():
        found.notes.append(Note("columns_left", head.row, sheet.name, {"said": "、".join(left)}))
    for line in sheet.lines:
        if line.number >= head.row:
            return
        said = next(filter(None, map(plain.text, line.cells)), "")
        topic = texts.topic_in(said)
        found.topic = found.topic or topic
        found.title = found.title or ("" if topic else said.split("\n")[0])


def _chosen(raws: Sequence[Raw], found: Found, head: Head) -> Iterator[Raw]:
    """Of proposals those that somebody marked; how many weren't is said."""
    marked = [(raw, raw.fields.pop("chosen", "")) for raw in raws]
    left = [raw for raw, said in marked if not said]
    if left:
        found.notes.append(Note("not_chosen", head.row, left[0].sheet, {"count": len(left)}))
    for raw, said in marked:
        if said and plain.folded(said) not in WANTED:
            raw.notes.append(Note("chosen", raw.row, raw.sheet, {"said": said}))
        if said:
            yield raw


def _questions(sheet: Sheet, head: Head) -> Iterator[Raw]:
    lines = _unmerged(sheet, head)
    if len([column for column in head.columns if column]) == 1 and not head.letters:
        yield from _whole_questions(lines, sheet.name, head)
        return
    section = texts.section_in(sheet.name)
    for line in lines:
        raw = _question(line, head, sheet.name)
        words = [said for said in (*raw.fields.values(), *(option.text for option in raw.options)) if said]
        if len(words) == 1 and (heading := texts.section_in(words[0], alone=True)):
            section = heading
        elif {name for name, said in raw.fields.items() if said} - NOTHING or any(each.text for each in raw.options):
            yield replace(raw, section=section)


def _question(line: Line, head: Head, sheet: str) -> Raw:
    raw = Raw(line.number, sheet)
    for at, cell in enumerate(line.cells[: len(head.columns)]):
        said, column, letter = plain.text(cell), head.columns[at], head.letters.get(at)
        if letter:
            raw.options.append(Written(letter, _unlettered(said, letter)))
        elif column == "options":
            raw.options += answers.options_in(said)
        elif column and said:
            raw.fields[column] = f"{raw.fields[column]}、{said}" if raw.fields.get(column) else said
    raw.options.sort(key=lambda option: option.letter)
    return raw


def _unlettered(said: str, letter: str) -> str:
    """An option whose cell says its letter once more."""
    found = answers.lettered(said, first=letter)
    return said[found[0][1] :].strip() if len(found) == 1 else said


def _unmerged(sheet: Sheet, head: Head) -> Iterator[Line]:
    """The rows below the head: what is merged downwards said of each, and rows that share a stem as one."""
    stems = {at for at, column in enumerate(head.columns) if column == "stem"}
    down = {(row, column): first for column, first, last in sheet.merged for row in range(first + 1, last + 1)}
    cells = {line.number: [*line.cells] for line in sheet.lines if line.number > head.row}
    for (row, column), first in down.items():
        if row in cells and first in cells and column < len(head.columns) and head.columns[column] in FILLED_DOWN:
            cells[row][column] = cells[first][column]
    first_of = {row: first for (row, column), first in down.items() if column in stems}
    titles = [plain.text(name) for name in head.called]
    for first, rows in groupby(cells, key=lambda row: first_of.get(row, row)):
        line = Line(first, _joined([cells[row] for row in rows]))
        if [*map(plain.text, line.cells[: len(titles)])] != titles:  # a head that is printed on every page
            yield line


def _joined(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    if len(rows) == 1:
        return rows[0]
    return ["\n".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=False)]


def _whole_questions(lines: Iterator[Line], sheet: str, head: Head) -> Iterator[Raw]:
    """A column of whole questions, each with its options and answer in its cell."""
    at = head.columns.index("stem")
    for line in lines:
        said = plain.text(line.cells[at]) if at < len(line.cells) else ""
        spoken = [Spoken(line.number, words) for words in said.split("\n")]
        for raw in texts.read(spoken, whole=True).raws if said else ():
            yield replace(raw, row=line.number, sheet=sheet, section=raw.section or texts.section_in(sheet))
