r"""Transcripts as files: what went over the wire, a line of JSON each, written and read into steps.

The first line says what it is, when it began, and which words differ from one time to the next:

    {"transcript": 1, "started_at": "2026-11-23T08:00:00+08:00", "varies": ["^[A-H]\\. .*$"]}
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from wechat.sandbox import acts, bodies, chat, dialog
from wechat.sandbox.steps import ANY, Step

VERSION = 1
SENDS = frozenset(  # calls whose message comes to a member by itself
    {
        "/cgi-bin/message/custom/send",
        "/cgi-bin/message/template/send",
        "/cgi-bin/message/subscribe/bizsend",
        "/cgi-bin/message/subscribe/send",
    }
)
_KEPT = ("at", "direction", "account", "openid", "method", "path", "status", "millis", "sent", "answered")

Entry = Mapping[str, Any]


class BadTranscript(ValueError):
    """The file is no transcript; the text says which line and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """When it began, and what happened."""

    started_at: datetime
    steps: Sequence[Step]


def is_one(text: str) -> bool:
    """Whether a file is a transcript, and not a dialog."""
    return text.lstrip("\ufeff \n").startswith("{")


def write(entries: Sequence[Entry]) -> str:
    """The file of these exchanges."""
    head: Entry = {"transcript": VERSION, "started_at": entries[0]["at"] if entries else None, "varies": []}
    lines = [head, *({name: entry[name] for name in _KEPT} for entry in entries)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read(text: str) -> Recording:
    """The steps of a recording, or BadTranscript."""
    lines = [_json(line, number) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    head, entries = lines[0], lines[1:]
    if head.get("transcript") != VERSION:
        raise BadTranscript(f'the first line must say {{"transcript": {VERSION}, "started_at": …, "varies": […]}}')
    try:
        varies = [re.compile(pattern, re.MULTILINE) for pattern in head.get("varies", ())]
        happened = sorted(
            [*dialog.once(entries), *filter(_is_send, entries)], key=lambda entry: datetime.fromisoformat(entry["at"])
        )
        started_at = datetime.fromisoformat(head["started_at"])
    except re.error as fault:
        raise BadTranscript(f"in varies, {fault.pattern!r} is no regular expression: {fault}") from None
    except (KeyError, TypeError, ValueError) as fault:
        raise BadTranscript(f"an exchange or the first line lacks something: {fault}") from None
    return Recording(started_at=started_at, steps=_steps(happened, started_at, varies))


def _json(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line.lstrip("\ufeff"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadTranscript(f"line {number} is no JSON object")
    return found


def _is_send(entry: Entry) -> bool:
    return entry["direction"] == "in" and entry["status"] == "0" and urlsplit(entry["path"]).path in SENDS


def _steps(happened: Iterable[Entry], started_at: datetime, varies: Sequence[re.Pattern[str]]) -> list[Step]:
    members: dict[str, str] = {}
    steps: list[Step] = []
    before = started_at
    for entry in happened:
        at = datetime.fromisoformat(entry["at"])
        member = members.setdefault(entry["openid"], f"member {len(members) + 1}")
        waits = max((at - before).total_seconds(), 0)
        made = _arrival(entry) if entry["direction"] == "in" else _done(entry)
        expects = tuple(_varied(made.pop("words"), varies))
        steps.append(Step(member=member, waits=waits, expects=expects, **made))
        before = max(at, before)
    return steps


def _done(entry: Entry) -> dict[str, Any]:
    told = entry["told"]
    shown = dialog.line_of(told) or f"! {acts.name(told)}"
    words = bodies.texts(chat.APOLOGY if dialog.excused(entry) else _reply(entry["answered"]))
    return {"shown": shown, "does": told, "words": words}


def _arrival(entry: Entry) -> dict[str, Any]:
    return {"shown": f"* {urlsplit(entry['path']).path}", "arrives": True, "words": _sent(bodies.read(entry["sent"]))}


def _reply(answered: str) -> dict[str, Any]:
    """A passive reply as the phone shows it (§1.4)."""
    reply = bodies.read(answered)
    if not isinstance(reply, Mapping):
        return {}
    item = reply.get("Articles", {}).get("item", {}) if isinstance(reply.get("Articles"), Mapping) else {}
    article = {"title": item.get("Title") or "", "description": item.get("Description") or ""}
    inner = reply.get(str(reply.get("MsgType", "")).capitalize())
    title = inner.get("Title") or "" if isinstance(inner, Mapping) else ""
    return {"content": reply.get("Content") or "", "title": title, "articles": [article] if item else []}


def _sent(body: Any) -> str:
    """A message of the API in words; of a notice only what it was filled with, since its labels are not sent."""
    if not isinstance(body, Mapping):
        return ""
    if isinstance(body.get("data"), Mapping):
        return "\n".join(f"{ANY}{value.get('value', '')}" for value in body["data"].values())
    said = body.get(str(body.get("msgtype")))
    return bodies.texts(said) if isinstance(said, Mapping) else ""


def _varied(words: str, varies: Sequence[re.Pattern[str]]) -> list[str]:
    for pattern in varies:
        words = pattern.sub(ANY, words)
    return words.splitlines()
