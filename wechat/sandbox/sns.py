"""Who somebody is, by a code their phone was given (§6, §7): called with the account's secret and no token."""

import base64
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Call
from wechat.sandbox.errors import ApiError

LOGIN, PHONE, PAGE = "login", "phone", "page"  # what a code was given for: each is good for that alone


def give(db: sqlite3.Connection, member: sqlite3.Row, purpose: str, now: float, *, scope: str = "") -> str:
    """A code for the phone of a member; a stand-in for what WeChat does inside."""
    code = "0" + secrets.token_urlsafe(24)
    db.execute(
        "insert into codes (code, account, openid, purpose, scope, at) values (?, ?, ?, ?, ?, ?)",
        (code, member["account"], member["openid"], purpose, scope, now),
    )
    return code


def taken(call: Call, code: str, purpose: str) -> sqlite3.Row:
    """The code, used up by this; one that isn't ours, is over or was for something else is 40029, a used one 40163."""
    row = call.one(
        "select * from codes where code = ? and account = ? and purpose = ?", code, call.account.name, purpose
    )
    if row is None or call.now - row["at"] > rules.CODE_LIVES:
        raise ApiError(40029)
    if row["used"]:
        raise ApiError(40163)
    call.db.execute("update codes set used = 1 where code = ?", (code,))
    return row


def account_of(accounts: Mapping[str, SandboxAccount], asked: Mapping[str, str]) -> SandboxAccount:
    """The account whose id and secret come along; each thing wrong with them has its own code (§2.2)."""
    account = next((each for each in accounts.values() if each.appid == asked.get("appid")), None)
    for wrong, code in (
        (not asked.get("appid"), 41002),
        (not asked.get("secret"), 41004),
        (asked.get("grant_type") != "authorization_code", 40002),
        (account is None, 40013),
    ):
        if wrong:
            raise ApiError(code)
    if account is None or account.secret != asked["secret"]:
        raise ApiError(40125)
    return account


def code_to_session(call: Call) -> dict[str, Any]:
    """`/sns/jscode2session`: who has called wx.login; a new session key each time, which ends the one before."""
    row = taken(call, call.request.query.get("js_code", ""), LOGIN)
    member = call.member(row["openid"])
    if call.one("select 1 from risky where openid = ?", member["openid"]):
        raise ApiError(40226)
    _pace(call, member["openid"])
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    call.db.execute("replace into mini_sessions values (?, ?, ?)", (member["openid"], key, call.now))
    unionid = {"unionid": member["unionid"]} if member["unionid"] else {}
    return {"session_key": key, "openid": member["openid"], **unionid}


def _pace(call: Call, openid: str) -> None:
    """A hundred a minute (45011)."""
    since = call.now - rules.MINUTE
    row = call.one("select count(*) as times from logins where openid = ? and at > ?", openid, since)
    if row and row["times"] >= rules.LOGINS_A_MINUTE:
        raise ApiError(45011)
    call.db.execute("insert into logins values (?, ?)", (openid, call.now))


def page_token(call: Call) -> dict[str, Any]:
    """`/sns/oauth2/access_token`: who has opened a page; a snapshot's visitor is nobody, under an openid of its own."""
    row = taken(call, call.request.query.get("code", ""), PAGE)
    scope, _, snapshot = row["scope"].partition(" ")
    answer = {
        "access_token": secrets.token_urlsafe(60),
        "expires_in": rules.TOKEN_LIVES,
        "refresh_token": secrets.token_urlsafe(60),
        "openid": row["openid"],
        "scope": scope,
    }
    if snapshot:
        return {**answer, "openid": "o" + secrets.token_urlsafe(21)[:27], "is_snapshotuser": 1}
    member = call.member(row["openid"])
    told = member["unionid"] and scope == "snsapi_userinfo"
    return {**answer, "unionid": member["unionid"]} if told else answer
