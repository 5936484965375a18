"""Moodle's GIFT, as far as our questions go: read and written, so that a bank can move in and out.

What GIFT has no place for stands in a comment above its question ("// zhibu: {...}"), which others pass over.
"""

import json
import re
from collections.abc import Iterator, Mapping

from content.importers.answers import LETTERS, Written
from content.importers.drafts import Raw
from content.importers.texts import Found
from content.models import QuestionType

OURS = "// zhibu: "
_SPECIAL = re.compile(r"([\\~=#{}:])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TITLE = re.compile(r"::((?:\\.|[^\\])*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(?:html|moodle|plain|markdown)\]")
_BODY = re.compile(r"(?<!\\)\{((?:\\.|[^\\{}])*)\}", re.DOTALL)
_CHOICE = re.compile(r"(?<!\\)([=~])((?:\\.|[^\\=~])*)", re.DOTALL)
_WEIGHT = re.compile(r"%(-?\d+(?:\.\d+)?)%")
_VERDICT = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?", re.IGNORECASE | re.DOTALL)
_PLAIN = frozenset({"id", "type", "stem", "options", "answer", "explanation"})


def read(text: str) -> Found:
    """Read the questions of a text in GIFT; what it can't say of ours is taken from the comments above them."""
    found = Found()
    for row, block, ours in _blocks(text):
        if block.startswith("$CATEGORY:"):
            found.title = found.title or block.partition(":")[2].strip().rpartition("/")[2]
        elif raw := _question(row, block, ours):
            found.raws.append(raw)
    return found


def _blocks(text: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Each question's lines, parted by blank ones, its first line's number, and what our comment says of it."""
    lines: list[str] = []
    first, ours = 1, {}
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.startswith(OURS):
            ours = _comment(line)
        elif line.strip() and not line.lstrip().startswith("//"):
            first = first if lines else number
            lines.append(line)
        elif lines and not line.strip():
            yield first, "\n".join(lines).strip(), ours
            lines, ours = [], {}


def _comment(line: str) -> dict[str, str]:
    try:
        said = json.loads(line.removeprefix(OURS))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}


def _question(row: int, block: str, ours: Mapping[str, str]) -> Raw | None:
    raw = Raw(row, fields=dict(ours))
    if title := _TITLE.match(block):
        raw.fields.setdefault("id", _unescaped(title[1]))
        block = block[title.end() :]
    block = _FORMAT.sub("", block, count=1)
    body = _BODY.search(block)
    if body is None:
        return None
    inner, _, general = body[1].partition("####")
    before, after = block[: body.start()].strip(), block[body.end() :].strip()
    raw.fields["explanation"] = _unescaped(general)
    kind = _read_body(raw, inner)
    blank = "____" if after and kind is QuestionType.FILL else ""
    raw.fields["stem"] = _unescaped(f"{before}{blank}{after}")
    if kind is QuestionType.FILL and "____" not in raw.fields["stem"]:
        raw.fields["stem"] += "____"
    raw.fields.setdefault("type", kind.value)
    return raw


def _read_body(raw: Raw, inner: str) -> QuestionType:
    if verdict := _VERDICT.fullmatch(inner):
        raw.fields["answer"] = verdict[1]
        return QuestionType.JUDGE
    choices = [(mark, said.partition("#")[0].strip()) for mark, said in _CHOICE.findall(inner)]
    if not choices:
        return QuestionType.SHORT
    if all(mark == "=" for mark, _ in choices):
        raw.fields.setdefault("answer", ";".join(_unescaped(said) for _, said in choices))
        return QuestionType.FILL
    weighed = [(mark, _WEIGHT.match(said), said) for mark, said in choices]
    for letter, (mark, weight, said) in zip(LETTERS, weighed, strict=False):
        right = mark == "=" or (weight is not None and float(weight[1]) > 0)
        raw.options.append(Written(letter, _unescaped(_WEIGHT.sub("", said, count=1)), right))
    return QuestionType.SINGLE if any(mark == "=" for mark, _ in choices) else QuestionType.MULTI


def _unescaped(said: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], said).strip()
