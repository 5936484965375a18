"""A bank as the pack keeps it (domain.md §4C-2): TOML, written so that what an admin wrote around it stays."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from content.models import Bank, Option, Question

_HEADER = "[[question]]"
# In the order in which it reads best.
_NAMES = (
    *(
        "id",
        "alias",
        "type",
        "stem",
        "picture",
        "options",
        "answer",
        "case",
        "explanation",
        "cites",
        "difficulty",
        "tags",
        "audience",
    ),
    *("score", "source", "effective_from", "effective_to", "as_of", "author", "reviewer", "ordered", "partial_credit"),
)
_USUAL: Mapping[str, Any] = {"score": 1, "ordered": True, "partial_credit": False}
_quoted = json.JSONEncoder(ensure_ascii=False).encode
_NOTHING: tuple[Any, ...] = ("", (), None)


def write(bank: Bank) -> str:
    """Give a whole bank."""
    head = f"title = {_value(bank.title)}\ntopic = {_value(bank.topic)}\n"
    return head + "".join(f"\n{block(question)}" for question in bank.questions)


def rewrite(text: str, lines: Sequence[int], *, changed: Mapping[int, Question], added: Sequence[Question]) -> str:
    """Give a bank's text with some questions `changed`, by their index, and others `added` at its end.

    `lines` says where each of its questions begins, counted from 1. What isn't changed stays as it was written, with
    the remarks around it.
    """
    written = text.split("\n")
    ends = [*(line - 1 for line in lines[1:]), len(written)]
    for index in sorted(changed, reverse=True):
        first, last = lines[index] - 1, ends[index]
        while last > first + 1 and (not written[last - 1].strip() or written[last - 1].startswith("#")):
            last -= 1  # what stands above the next one is the next one's
        written[first:last] = block(changed[index]).rstrip("\n").split("\n")
    kept = "\n".join(written).rstrip("\n") + "\n"
    return kept + "".join(f"\n{block(question)}" for question in added)


def block(question: Question) -> str:
    """Give one question; what is as usual isn't said."""
    return "\n".join([_HEADER, *_lines(question)]) + "\n"


def _lines(question: Question) -> Iterator[str]:
    for name in _NAMES:
        value = getattr(question, name)
        if name == "options" and value:
            yield "options = ["
            yield from (f"    {_value(_option(each))}," for each in value)
            yield "]"
        elif name == "cites" and value:
            cited = [{"reg": each.reg, "version": each.version, "article": each.article} for each in value]
            yield f"cites = {_value(cited)}"
        elif name == "picture" and value:
            yield f"picture = {_value({'file': value.file, 'words': value.words})}"
        elif value not in _NOTHING and value != _USUAL.get(name):
            yield f"{name} = {_value(value)}"


def _option(option: Option) -> dict[str, str]:
    said = {"id": option.id, "text": option.text}
    return {**said, "picture": option.picture} if option.picture else said


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # the enumerations too
        return _quoted(str(value)).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)  # a number, a day
