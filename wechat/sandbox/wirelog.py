"""The transcript: every call and every push as it went over the wire, opened, and without secrets."""

import json
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from wechat.sandbox import bodies
from wechat.sandbox.call import Answer, Binary, Request
from wechat.sandbox.state import State

KEPT = 20_000
SHOWN = 64_000  # characters of a body; a longer one is cut off
CUT = "…"
WELL = ("0", "ok")  # the status of a call and of a push that went well
MASK = "***"
_HIDDEN = ("secret", "appsecret", "access_token", "refresh_token", "session_key", "js_code", "ticket")
_SECRET = re.compile(rf'("(?:{"|".join(_HIDDEN)})"\s*:\s*")(?:[^"\\]|\\.)*')


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
    openid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; what is left empty does not matter."""

    q: str = ""
    account: str = ""
    openid: str = ""
    direction: str = ""
    troubled: bool = False
    after: int = 0
    before: int = 2**62
    limit: int = -1


class Wirelog:
    """The exchanges of all accounts; `secrets` are words that must not be in it wherever they come from."""

    def __init__(self, state: State, secrets: Collection[str]) -> None:
        self._state = state
        self._secrets = sorted(set(filter(None, secrets)), key=len, reverse=True)

    def write(self, entry: Entry) -> None:
        """Add an exchange, and forget the oldest beyond so many."""
        clean = entry._replace(
            path=self._masked(entry.path), sent=self._shown(entry.sent), answered=self._shown(entry.answered)
        )
        with self._state.begin() as db:
            row = db.execute(
                "insert into wire (at, direction, account, method, path, status, millis, sent, answered, openid)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                clean,
            ).fetchone()
            db.execute("delete from wire where id <= ?", (row["id"] - KEPT,))

    def find(self, search: Search) -> list[dict[str, Any]]:
        """The newest that fit, in the order in which they happened."""
        with self._state.begin() as db:
            rows = db.execute(_FIND, asdict(search)).fetchall()
        return [_entry(row) for row in reversed(rows)]

    def one(self, number: int) -> dict[str, Any] | None:
        """An exchange with its bodies as fields."""
        with self._state.begin() as db:
            row = db.execute(f"{_SELECT} where wire.id = ?", (number,)).fetchone()
        if row is None:
            return None
        return {
            **_entry(row),
            "query": dict(parse_qsl(urlsplit(row["path"]).query, keep_blank_values=True)),
            "sent_fields": bodies.read(row["sent"]),
            "answered_fields": bodies.read(row["answered"]),
        }

    def _masked(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, MASK)
        return words

    def _shown(self, body: str) -> str:
        clean = self._masked(_SECRET.sub(rf"\1{MASK}", body))
        return clean if len(clean) <= SHOWN else clean[:SHOWN] + CUT


_SELECT = "select wire.*, coalesce(nickname, '') as nickname from wire left join members using (openid)"
_FIND = f"""{_SELECT}
where wire.id > :after and wire.id < :before
  and (:account = '' or wire.account = :account) and (:openid = '' or openid = :openid)
  and (:direction = '' or direction = :direction) and (not :troubled or status not in {WELL})
  and (:q = '' or instr(lower(path || ' ' || sent || ' ' || answered || ' ' || status), lower(:q)))
order by wire.id desc limit :limit"""


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    at = datetime.fromtimestamp(row["at"], UTC).isoformat(timespec="milliseconds")
    return {**dict(row), "at": at, "about": about(row["direction"], bodies.read(row["sent"]))}


def about(direction: str, sent: Any) -> str:
    """What an exchange is about, in a few words."""
    if not isinstance(sent, Mapping):
        return ""
    if direction == "in":
        return _first(sent, "msgtype", "template_id", "cgi_path", "command", "type")
    if sent.get("MsgType") == "event":
        return " ".join(filter(None, (_first(sent, "Event"), _first(sent, "EventKey", "Status", "SessionFrom"))))
    return _first(sent, "Content", "Label", "Title", "MsgType")


def _first(sent: Mapping[str, Any], *names: str) -> str:
    return next((str(sent[name]) for name in names if sent.get(name)), "")


def asked(request: Request) -> tuple[str, str]:
    """A request's path with its query, and its body, as they may be shown."""
    query = {name: MASK if name in _HIDDEN else value for name, value in request.query.items()}
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


def recipient(request: Request) -> str:
    """The member whom a call is about, "" where it is none or many."""
    body = bodies.read(request.body.decode(errors="replace")) if request.body else None
    places: Sequence[Mapping[str, Any]] = [request.query, body if isinstance(body, Mapping) else {}]
    found = [place[name] for place in places for name in ("touser", "openid") if isinstance(place.get(name), str)]
    return found[0] if found else ""
