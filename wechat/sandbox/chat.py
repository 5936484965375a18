"""What a member sees: the lines of a chat, written by either side and read by the phone."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wechat.sandbox import bodies
from wechat.sandbox.state import count_up

APOLOGY = {"type": "fault", "content": "该公众号暂时无法提供服务，请稍后再试"}  # §1.4


def add(
    db: sqlite3.Connection, openid: str, *, at: float, who: str, via: str, body: Mapping[str, Any], state: str = "sent"
) -> int:
    """Write a line and return its id; `who` is member, account or system, `body["type"]` says how to show it."""
    row = db.execute(
        "insert into chat (change, openid, at, who, via, state, body) values (?, ?, ?, ?, ?, ?, ?) returning id",
        (count_up(db, "chat"), openid, at, who, via, state, json.dumps(body, ensure_ascii=False)),
    ).fetchone()
    return int(row["id"])


def settle(db: sqlite3.Connection, line: int, state: str) -> None:
    """Say what became of a member's line: sent or failed."""
    db.execute("update chat set state = ?, change = ? where id = ?", (state, count_up(db, "chat"), line))


def give_up_unsettled(db: sqlite3.Connection) -> None:
    """Lines on their way when the stand-in was stopped will get no answer any more."""
    for row in db.execute("select id from chat where state = 'sending'").fetchall():
        settle(db, row["id"], "failed")


def since(db: sqlite3.Connection, openid: str, change: int = 0) -> list[dict[str, Any]]:
    """Lines added or changed after `change`, in the order they were written."""
    rows = db.execute("select * from chat where openid = ? and change > ? order by id", (openid, change)).fetchall()
    return [_line(row) for row in rows]


def _line(row: sqlite3.Row) -> dict[str, Any]:
    body = json.loads(row["body"])
    about = {key: row[key] for key in ("id", "change", "who", "via", "state")}
    at = datetime.fromtimestamp(row["at"], UTC).isoformat(timespec="milliseconds")
    return {**body, **about, "at": at, "text": bodies.texts(body)}
