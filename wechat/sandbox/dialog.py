"""Dialogs: a talk of one member as people write it (`tests/dialogs`), read into steps and written of a transcript.

    # what the talk is about                 ! follows | leaves | scans SCENE | taps KEY | sends KIND
    > what the member types                  @ 2h 30m    time goes by
    < what is answered, line by line

In an answer … stands for what varies within a line, and a line of …… for whatever lines there are.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from wechat.sandbox import acts, bodies, chat
from wechat.sandbox.steps import Step

UNITS = {"d": 86_400, "h": 3_600, "m": 60}
LEFT_OUT = {"night": "the jobs of the night are the program's own", "CODE": "a join code is the program's own"}
_SPAN = re.compile(r"\d+[dhm]")
_QUIET = 60  # seconds between two messages that are worth a line

Entry = Mapping[str, Any]


class BadDialog(ValueError):
    """A line is none of a dialog; the text says which and why."""


def read(text: str) -> list[Step]:
    """The steps of a dialog, or BadDialog."""
    steps: list[Step] = []
    waits = 0.0
    for number, line in enumerate(text.splitlines(), start=1):
        mark, _, words = line.partition(" ")
        if not line or mark.startswith("#"):
            continue
        if mark == "<" and steps and not waits:
            steps[-1] = _answered(steps[-1], words)
        elif mark == "@":
            waits += _seconds(words, number)
        elif mark in _READ and words:
            steps.append(_step(line, _READ[mark](words, number), waits))
            waits = 0
        else:
            raise BadDialog(
                f"line {number}: a dialog has lines that begin with #, >, <, ! or @, and this is none there"
            )
    return [*steps, Step(shown="@", waits=waits)] if waits else steps


def write(entries: Iterable[Entry], *, about: str) -> str:
    """The talk that pushes of one member and their answers tell; what a dialog has no line for stays as a comment."""
    lines = [f"# {about}"]
    before: datetime | None = None
    for entry in once(entries):
        at = datetime.fromisoformat(entry["at"])
        if before and (at - before).total_seconds() >= _QUIET:
            lines.append(f"@ {_span(int((at - before).total_seconds()))}")
        lines += _lines(entry)
        before = at
    return "\n".join(lines) + "\n"


def once(entries: Iterable[Entry]) -> list[Entry]:
    """Pushes that members caused, in their order; of one that came again only the last that was answered."""
    kept: dict[tuple[Any, ...], Entry] = {}
    for entry in entries:
        told = bodies.read(entry["sent"])
        if entry["direction"] != "out" or not isinstance(told, Mapping) or acts.is_report(told):
            continue
        same = [told.get(name) for name in ("FromUserName", "MsgId", "CreateTime", "Event", "EventKey")]
        key = tuple(same[:2]) if same[1] else tuple(same)
        if key not in kept or entry["status"] == "ok":
            kept[key] = {**entry, "told": told, "at": kept.get(key, entry)["at"]}
    return list(kept.values())


def line_of(told: Mapping[str, Any]) -> str:
    """A message as a line of a dialog; "" where a dialog has none for it."""
    write_ = _WRITTEN.get(acts.name(told))
    if write_ is None and told.get("MsgType") != "event":
        return f"! sends {told.get('MsgType', '')}"
    return write_(told).rstrip() if write_ else ""


def said(entry: Entry) -> str:
    """The words that the member saw in answer; cards have none here."""
    if excused(entry):
        return str(chat.APOLOGY["content"])
    reply = bodies.read(entry["answered"])
    return str(reply.get("Content") or "") if isinstance(reply, Mapping) else ""


def excused(entry: Entry) -> bool:
    """Whether the platform had to excuse the bot, which it does to who is there to hear it."""
    return bool(entry["status"] != "ok" and acts.name(entry["told"]) not in {"unsubscribe", "view", "location"})


def _answered(step: Step, words: str) -> Step:
    return Step(
        shown=step.shown,
        does=step.does,
        waits=step.waits,
        words_only=True,
        left_out=step.left_out,
        expects=(*step.expects, words),
    )


def _step(line: str, does: Mapping[str, Any], waits: float) -> Step:
    left_out = next((why for word, why in LEFT_OUT.items() if word in line.split()), "")
    return Step(shown=line, does=does, waits=waits, words_only=True, left_out=left_out)


def _seconds(words: str, number: int) -> float:
    parts = words.split()
    if not parts or not all(_SPAN.fullmatch(part) for part in parts):
        raise BadDialog(f"line {number}: time goes by as in @ 2h 30m, in d, h and m")
    return sum(int(part[:-1]) * UNITS[part[-1]] for part in parts)


def _span(seconds: int) -> str:
    parts = []
    for unit, length in UNITS.items():
        count, seconds = divmod(seconds, length)
        parts += [f"{count}{unit}"] if count else []
    return " ".join(parts)


def _act(words: str, number: int) -> Mapping[str, Any]:
    what, _, rest = words.partition(" ")
    if what == "night":
        return {}
    if what not in _DONE:
        raise BadDialog(f"line {number}: nobody {what!r} here: there are {', '.join(_DONE)}")
    return _DONE[what](rest)


def _event(event: str, key: str = "") -> dict[str, Any]:
    return {"MsgType": "event", "Event": event, "EventKey": key}


_DONE: dict[str, Callable[[str], Mapping[str, Any]]] = {
    "follows": lambda scene: _event("subscribe", f"qrscene_{scene}" if scene else ""),
    "leaves": lambda _: _event("unsubscribe"),
    "scans": lambda scene: _event("SCAN", scene),
    "taps": lambda key: _event("CLICK", key),
    "sends": lambda kind: {"MsgType": kind},
}
_READ: dict[str, Callable[[str, int], Mapping[str, Any]]] = {
    ">": lambda words, _: {"MsgType": "text", "Content": words},
    "!": _act,
}
_WRITTEN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "a text": lambda told: f"> {' '.join(str(told.get('Content') or '').split())}",
    "subscribe": lambda told: f"! follows {str(told.get('EventKey') or '').removeprefix('qrscene_')}",
    "unsubscribe": lambda _: "! leaves",
    "scan": lambda told: f"! scans {told.get('EventKey')}",
    "click": lambda told: f"! taps {told.get('EventKey')}",
}


def _lines(entry: Entry) -> Iterator[str]:
    line = line_of(entry["told"])
    if not line:
        yield f"# {acts.name(entry['told'])}"
        return
    yield line
    yield from (f"< {words}".rstrip() for words in said(entry).splitlines())
