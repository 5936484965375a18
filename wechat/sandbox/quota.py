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
    path = call.text("cgi_path")
    if path not in call.daily:
        raise ApiError(76021)
    limit, spent = call.daily[path], used(call.db, call.account, path, call.now)
    return {**OK, "quota": {"daily_limit": limit, "used": spent, "remain": max(limit - spent, 0)}}


def clear(call: Call) -> dict[str, Any]:
    """`/cgi-bin/clear_quota`: begin the day anew, ten times a month."""
    if call.body.get("appid") != call.account.appid:
        raise ApiError(40013)
    month = beijing_day(call.now)[:7]
    if len(call.all("select 1 from cleared where account = ? and month = ?", call.account.name, month)) >= (
        rules.CLEAR_QUOTA_A_MONTH
    ):
        raise ApiError(48006)
    call.db.execute("insert into cleared values (?, ?)", (call.account.name, month))
    call.db.execute("delete from usage where account = ?", (call.account.name,))
    return OK


def callback_addresses(_: Call) -> dict[str, Any]:
    """`/cgi-bin/getcallbackip`: pushes come from this machine."""
    return {"ip_list": ["127.0.0.1"]}
