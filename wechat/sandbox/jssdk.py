"""The JS-SDK's ticket (§7), and what WeChat's browser does with a page that shows a signature made with it."""

import hashlib
import hmac
import secrets
import sqlite3
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError


def ticket(call: Call) -> dict[str, Any]:
    """`/cgi-bin/ticket/getticket?type=jsapi`: the same one with what is left of it until it is nearly over (M)."""
    if call.request.query.get("type") != "jsapi":
        raise ApiError(40097)
    row = call.one(
        "select * from tickets where account = ? and until > ?", call.account.name, call.now + rules.OLD_TOKEN_LIVES
    )
    if row is not None:
        return {**OK, "ticket": row["ticket"], "expires_in": int(row["until"] - call.now)}
    made = secrets.token_urlsafe(64)
    call.db.execute("insert into tickets values (?, ?, ?)", (made, call.account.name, call.now + rules.TICKET_LIVES))
    return {**OK, "ticket": made, "expires_in": rules.TICKET_LIVES}


def lets_in(db: sqlite3.Connection, account: SandboxAccount, shown: dict[str, str], now: float) -> bool:
    """Whether a page's `url`, `nonceStr`, `timestamp` and `signature` are one of the account's; # does not count."""
    rows = db.execute("select ticket from tickets where account = ? and until > ?", (account.name, now)).fetchall()
    page = shown["url"].split("#")[0]
    tail = f"noncestr={shown['nonceStr']}&timestamp={shown['timestamp']}&url={page}"
    good = [hashlib.sha1(f"jsapi_ticket={row['ticket']}&{tail}".encode()).hexdigest() for row in rows]  # noqa: S324 (§7)
    return any(hmac.compare_digest(one, shown["signature"]) for one in good)
