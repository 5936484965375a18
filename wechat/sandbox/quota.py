"""Daily quotas (§2.3): counted for each account and path, by Beijing's day."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError

BEIJING = timezone(timedelta(hours=8))


def beijing_day(now: float) -> str:
    """The date in Beijing, at whose midnight quotas begin anew."""
    return datetime.fromtimestamp(now, UTC).astimezone(BEIJING).date().isoformat()


def spend(db: sqlite3.Connection, account: SandboxAccount, path: str, now: float, *, daily: Mapping[str, int]) -> None:
    """Count one call, or refuse it once the day's are used up."""
    if used(db, account, path, now) >= daily.get(path, rules.UNLISTED_QUOTA):
        raise ApiError(45009)
    db.execute(
        "insert into usage values (?, ?, ?, 1) on conflict do update set calls = calls + 1",
        (account.name, path, beijing_day(now)),
    )


def used(db: sqlite3.Connection, account: SandboxAccount, path: str, now: float) -> int:
    """How many calls of today are counted."""
    key = (account.name, path, beijing_day(now))
    row = db.execute("select calls from usage where account = ? and path = ? and day = ?", key).fetchone()
    return int(row["calls"]) if row else 0


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/openapi/quota/get`: what a path has left today."""
    path = _path(call)
    limit, spent = call.daily[path], used(call.db, call.account, path, call.now)
    return {**OK, "quota": {"daily_limit": limit, "used": spent, "remain": max(limit - spent, 0)}}


def clear(call: Call) -> dict[str, Any]:
    """`/cgi-bin/clear_quota` and, by secret, `/cgi-bin/clear_quota/v2`: begin the day anew, ten times a month."""
    if call.body.get("appid") != call.account.appid:
        raise ApiError(40013)
    _count(call, "cleared", rules.CLEAR_QUOTA_A_MONTH)
    call.db.execute("delete from usage where account = ?", (call.account.name,))
    return OK


def clear_one(call: Call) -> dict[str, Any]:
    """`/cgi-bin/openapi/quota/clear`: begin the day anew for one path, fifty times a month."""
    path = _path(call)
    _count(call, "cleared_paths", rules.CLEAR_PATH_A_MONTH)
    call.db.execute("delete from usage where account = ? and path = ?", (call.account.name, path))
    return OK


def _path(call: Call) -> str:
    path = call.text("cgi_path")
    if path.startswith("/sns/"):
        raise ApiError(76022)
    if path not in call.daily:
        raise ApiError(76021)
    return path


def _count(call: Call, table: str, most: int) -> None:
    key = (call.account.name, beijing_day(call.now)[:7])
    if len(call.all(f"select 1 from {table} where account = ? and month = ?", *key)) >= most:  # noqa: S608 (a constant)
        raise ApiError(48006)
    call.db.execute(f"insert into {table} values (?, ?)", key)  # noqa: S608 (a constant)
