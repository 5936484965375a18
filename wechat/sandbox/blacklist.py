"""The blacklist (§5): who is on it is neither heard nor written to (43019)."""

import sqlite3
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.followers import page_of
from wechat.sandbox.state import count_up


def page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/members/getblacklist`: a thousand openids after `begin_openid`, in the order they were put on."""
    after = call.one("select nth from blocked where openid = ?", call.text("begin_openid"))
    rows = call.all(
        "select openid from blocked where account = ? and nth > ? order by nth limit ?",
        call.account.name,
        after["nth"] if after else 0,
        rules.BLOCKED_PAGE,
    )
    total = call.all("select count(*) as total from blocked where account = ?", call.account.name)[0]["total"]
    return {"total": total, **page_of([row["openid"] for row in rows])}


def put_on(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/members/batchblacklist`: up to twenty; all of them must be known."""
    for openid in _batch(call):
        nth = count_up(call.db, "blocked")
        call.db.execute("insert or ignore into blocked values (?, ?, ?)", (openid, call.account.name, nth))
    return OK


def take_off(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/members/batchunblacklist`: the way back."""
    for openid in _batch(call):
        call.db.execute("delete from blocked where openid = ?", (openid,))
    return OK


def holds(db: sqlite3.Connection, openid: str) -> bool:
    """Whether this member is on it."""
    return db.execute("select 1 from blocked where openid = ?", (openid,)).fetchone() is not None


def refuse(call: Call, openid: str) -> None:
    """Nobody on it is written to."""
    if holds(call.db, openid):
        raise ApiError(43019)


def _batch(call: Call) -> list[str]:
    openids = call.many("openid_list")
    if not openids:
        raise ApiError(40031)
    if len(openids) > rules.BLOCK_BATCH:
        raise ApiError(40032)
    return [call.member(openid)["openid"] for openid in openids]
