"""The transcript: every call and every push as it went over the wire, without secrets."""

import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from wechat.sandbox.call import Answer, Binary, Request

KEPT = 2_000
SHOWN = 8_000
_SECRET = re.compile(r'("(?:secret|appsecret|access_token)"\s*:\s*")[^"]*')
_HIDDEN = {"secret", "appsecret", "access_token"}


class Entry(NamedTuple):
    """One exchange; `direction` is "in" for a call of the API, "out" for a push to the bot."""

    at: float
    direction: str
    account: str
    method: str
    path: str
    status: str
    millis: int
    sent: str
    answered: str


def write(db: sqlite3.Connection, entry: Entry) -> None:
    """Add an exchange, and forget all but the last two thousand."""
    row = db.execute(
        "insert into wire (at, direction, account, method, path, status, millis, sent, answered)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        entry._replace(sent=_shown(entry.sent), answered=_shown(entry.answered)),
    ).fetchone()
    db.execute("delete from wire where id <= ?", (row["id"] - KEPT,))


def since(db: sqlite3.Connection, after: int = 0) -> list[dict[str, Any]]:
    """The exchanges written after this id, oldest first."""
    rows = db.execute("select * from wire where id > ? order by id", (after,)).fetchall()
    return [{**dict(row), "at": datetime.fromtimestamp(row["at"], UTC).isoformat()} for row in rows]


def asked(request: Request) -> tuple[str, str]:
    """A request's path with its query, and its body, as they may be shown."""
    query = {name: "***" if name in _HIDDEN else value for name, value in request.query.items()}
    path = f"{request.path}?{urlencode(query, safe='*')}" if query else request.path
    if request.upload:
        return path, f"<{request.upload.filename}: {len(request.upload.content)} bytes>"
    return path, request.body.decode(errors="replace")


def answered(answer: Answer | None) -> tuple[str, str]:
    """An answer's status and its body as it may be shown."""
    if answer is None:
        return "dropped", ""
    if isinstance(answer, Binary):
        return "0", f"<{len(answer.content)} bytes>"
    return str(answer.get("errcode", 0)), json.dumps(answer, ensure_ascii=False)


def _shown(text: str) -> str:
    return _SECRET.sub(r"\1***", text)[:SHOWN]
