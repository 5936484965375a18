"""The answers at the end of a text: "1-5 ABCDE", "6.AB 7.√", under headings of their own or under none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from content.importers import answers, plain
from content.importers.drafts import Raw
from content.importers.sentences import Note

_BEGINS = re.compile(
    r"[【\[]?\s*(?:附\s*[:：]?\s*)?(?:参考|标准|正确)?答案(?:及解析|与解析|表|部分)?\s*[】\]]?\s*[:：]?"
)
_RANGE = re.compile(
    r"(\d{1,4})\s*[-—–~～至]\s*(\d{1,4})\s*题?\s*[.．:：、]?\s*([A-Ja-j√×✓✗对错TF\s、,，]+?)\s*(?=[\d;；。]|$)"
)
_PAIR = re.compile(
    r"(?<!\d)(\d{1,4})\s*[.．、:：)）]?\s*([A-Ja-j]{1,10}|√|×|✓|✗|正确|错误|对|错|T|F)(?=[\s;；,，、。.|]|\d|$)"
)
_WORDS = re.compile(r"(\d{1,4})\s*[.．、:：)）]\s*(.+)")


@dataclass(frozen=True, slots=True)
class _Entry:
    row: int
    kind: object  # the type whose heading it stands under, None for none
    number: str
    answer: str


@dataclass(slots=True)
class Key:
    """A text's answers, gathered line by line."""

    entries: list[_Entry] = field(default_factory=list)
    kind: object = None

    def take(self, row: int, said: str) -> bool:
        """Take a line; False where there is no answer in it."""
        found = [*_answers(said)]
        self.entries += [_Entry(row, self.kind, number, answer) for number, answer in found]
        return bool(found)

    def settle(self, raws: Sequence[Raw]) -> list[Note]:
        """Give each question its answer; say which answers are nobody's. An answer below a question comes first."""
        left = [*raws]
        notes = []
        for entry in self.entries:
            raw = next((raw for raw in left if _is_for(entry, raw)), None)
            if raw is None:
                notes.append(Note("key_unused", entry.row, facts={"said": entry.number}))
                continue
            left.remove(raw)
            said = raw.fields.setdefault("answer", entry.answer)
            if plain.bare(said) != plain.bare(entry.answer):
                raw.notes.append(Note("key_differs", raw.row, facts={"said": said, "key": entry.answer}))
        return notes


def begins(said: str) -> bool:
    """Whether a line says that the answers of all questions follow."""
    return bool(_BEGINS.fullmatch(said))


def _is_for(entry: _Entry, raw: Raw) -> bool:
    kinds = {entry.kind, answers.kind_of(raw.section) if raw.section else entry.kind}
    return raw.fields.get("number") == entry.number and (entry.kind is None or len(kinds) == 1)


def _answers(said: str) -> Iterator[tuple[str, str]]:
    for first, last, named in _RANGE.findall(said):
        parts = [part for part in re.split(r"[\s、,，]+", named) if part]
        count = int(last) - int(first) + 1
        each = parts if len(parts) == count else [*"".join(parts)]
        yield from zip(map(str, range(int(first), int(last) + 1)), each, strict=False)
    rest = _RANGE.sub(" ", said)
    pairs = _PAIR.findall(rest)
    yield from pairs
    if not pairs and (words := _WORDS.match(rest.strip())):
        yield words[1], words[2].strip()
