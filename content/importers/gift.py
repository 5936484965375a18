"""Moodle's GIFT, as far as our questions go: read and written, so that a bank can move in and out.

What GIFT has no place for stands in a comment above its question ("// zhibu: {...}"), which others pass over.
"""

import json
import re
from collections.abc import Iterator, Mapping

from content.importers.answers import LETTERS, Written, blanks_in
from content.importers.drafts import Raw
from content.importers.sentences import Note
from content.importers.texts import Found
from content.importers.workbooks import TYPES, fields
from content.large_banks import AnyBank
from content.models import OPTION_REFERENCE, Question, QuestionType

OURS = "// zhibu: "
_SPECIAL = re.compile(r"([\\~=#{}:])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TITLE = re.compile(r"::((?:\\.|[^\\])*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(?:html|moodle|plain|markdown)\]")
_BODY = re.compile(r"(?<!\\)\{((?:\\.|[^\\{}])*)\}", re.DOTALL)
_CHOICE = re.compile(r"\\.|([=~])((?:\\.|[^\\=~])*)", re.DOTALL)
_WEIGHT = re.compile(r"%(-?\d+(?:\.\d+)?)%")
_VERDICT = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?", re.IGNORECASE | re.DOTALL)
_BEFORE_GENERAL = re.compile(r"(?:\\.|[^\\#]|#(?!###))*", re.DOTALL)
_BEFORE_FEEDBACK = re.compile(r"(?:\\.|[^\\#])*", re.DOTALL)
_IN_PLACE = frozenset({"id", "stem", "explanation"})  # what GIFT itself has a place for, whatever the type


def read(text: str) -> Found:
    """Read the questions of a text in GIFT; what it can't say of ours is taken from the comments above them."""
    found = Found()
    for row, block, ours in _blocks(text):
        if block.startswith("$CATEGORY:"):
            topic, _, title = block.partition(":")[2].strip().partition("/")
            found.topic, found.title = (_unescaped(topic), _unescaped(title)) if title else ("", _unescaped(topic))
        elif raw := _question(row, block, ours):
            found.raws.append(raw)
        else:
            found.notes.append(Note("text_only", row, facts={"said": _unescaped(block)[:30]}))
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
    except (ValueError, RecursionError):
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
        raw.fields["stem"] = _unescaped(block)
        return raw if ours.get("type") == TYPES[QuestionType.CASE] else None
    inner = _first(_BEFORE_GENERAL, body[1])
    before, after = block[: body.start()].strip(), block[body.end() :].strip()
    raw.fields.setdefault("explanation", _unescaped(body[1][len(inner) :].removeprefix("####")))
    kind = _read_body(raw, inner)
    raw.fields.setdefault("type", kind.value)
    stem = _unescaped(f"{before}{after}")
    fills = kind is QuestionType.FILL and not blanks_in(stem)
    raw.fields["stem"] = _unescaped(f"{before}____{after}") if fills else stem
    return raw


def _read_body(raw: Raw, inner: str) -> QuestionType:
    if verdict := _VERDICT.fullmatch(inner):
        raw.fields["answer"] = verdict[1]
        return QuestionType.JUDGE
    choices = [(mark, _first(_BEFORE_FEEDBACK, said).strip()) for mark, said in _CHOICE.findall(inner) if mark]
    if not choices:
        return QuestionType.SHORT
    if all(mark == "=" for mark, _ in choices):
        raw.fields.setdefault("answer", ";".join(_unescaped(said) for _, said in choices))
        return QuestionType.FILL
    single = any(mark == "=" for mark, _ in choices)  # beside it, a weight means partly right
    weighed = [(mark, _WEIGHT.match(said), said) for mark, said in choices]
    for letter, (mark, weight, said) in zip(LETTERS, weighed, strict=False):
        right = mark == "=" if single else weight is not None and float(weight[1]) > 0
        raw.options.append(Written(letter, _unescaped(_WEIGHT.sub("", said, count=1)), right))
    return QuestionType.SINGLE if single else QuestionType.MULTI


def _first(pattern: re.Pattern[str], said: str) -> str:
    found = pattern.match(said)
    return found[0] if found else ""


def _unescaped(said: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], said).strip()


def write(bank: AnyBank) -> str:
    """Give a bank in GIFT, each question with a comment of what GIFT has no place for."""
    head = f"$CATEGORY: {_escaped(bank.topic)}/{_escaped(bank.title)}\n"
    return head + "".join(f"\n{_block(question)}" for question in bank.questions)


def _block(question: Question) -> str:
    said = fields(question)
    beside = {name: words for name, words in said.items() if words and name not in _IN_PLACE}
    if question.type in {QuestionType.SINGLE, QuestionType.MULTI, QuestionType.JUDGE}:
        del beside["answer"]
    if OPTION_REFERENCE.search(question.explanation) or question.has_parts:
        beside["explanation"] = said["explanation"]
    feedback = f"####{_escaped(_in_words(question))}" if question.explanation else ""
    comment = OURS + json.dumps(beside, ensure_ascii=False)
    answered = "" if question.has_parts else f" {{{_body(question)}{feedback}}}"  # GIFT's way for a text to be read
    return f"{comment}\n::{_escaped(question.id)}::{_escaped(question.stem)}{answered}\n"


def _in_words(question: Question) -> str:
    """The explanation for whoever doesn't know our references."""
    texts = {option.id: option.text for option in question.options}
    return OPTION_REFERENCE.sub(lambda found: texts[found[1]], question.explanation)


def _body(question: Question) -> str:
    right = question.right
    match question.type:
        case QuestionType.JUDGE:
            return "TRUE" if question.answer else "FALSE"
        case QuestionType.SINGLE:
            return "".join(f" {'=' if each.id in right else '~'}{_escaped(each.text)}" for each in question.options)
        case QuestionType.MULTI:
            weight = f"%{100 / len(right):.5g}%"
            return "".join(
                f" ~{weight if each.id in right else '%-100%'}{_escaped(each.text)}" for each in question.options
            )
        case QuestionType.FILL if not isinstance(question.answer, bool) and len(question.answer) == 1:
            return "".join(f" ={_escaped(each)}" for each in question.answer[0])
        case QuestionType.FILL:
            return f" ={_escaped(fields(question)['answer'])}"
    return ""


def _escaped(said: str) -> str:
    return _SPECIAL.sub(r"\\\1", said).replace("\n", "\\n")
