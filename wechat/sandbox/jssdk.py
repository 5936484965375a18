"""The JS-SDK's ticket (§7), and what WeChat's browser does with a page that shows a signature made with it."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError

LET_IN, NO_ACCOUNT = "config:ok", "config:invalid appid"
CARD = ("title", "desc", "link", "imgUrl")
CARDS_KEPT = 50
SHARES = {"updateAppMessageShareData": "message", "updateTimelineShareData": "timeline"}


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


def configured(db: sqlite3.Connection, account: SandboxAccount, shown: Mapping[str, str], now: float) -> str:
    """What WeChat says to a page's `wx.config`: the page stands at `page`, whatever address it has signed."""
    if not _is_at_home(account, shown["page"]):
        return "config:invalid url domain"
    if not lets_in(db, account, {**shown, "url": shown["page"]}, now):
        return "config:invalid signature"
    return LET_IN


def offered(
    db: sqlite3.Connection,
    account: SandboxAccount,
    name: str,
    shown: Mapping[str, str],
    card: Mapping[str, str],
    now: float,
) -> str:
    """Keep the card of a page that was let in; its link has to lie on the account's own site too."""
    if name not in SHARES or name not in shown["jsApiList"].split(","):
        return f"{name}:permission denied"
    if not _is_at_home(account, card["link"]):
        return f"{name}:fail, invalid link domain"
    db.execute(
        "insert into cards (at, account, way, page, title, summary, link, picture) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (now, account.name, SHARES[name], shown["page"], *(card[part] for part in CARD)),
    )
    db.execute("delete from cards where id <= (select max(id) from cards) - ?", (CARDS_KEPT,))
    return f"{name}:ok"


def cards(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every card that is kept, the newest first."""
    return [dict(row) for row in db.execute("select * from cards order by id desc")]


def _is_at_home(account: SandboxAccount, address: str) -> bool:
    return not account.page_domain or urlsplit(address).hostname == account.page_domain
