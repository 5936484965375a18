"""Access tokens (§2.1): the classic and the stable kind, each minding only its own."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from wechat.sandbox import bodies, rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Request
from wechat.sandbox.errors import ApiError
from wechat.sandbox.quota import beijing_day

Issue = Callable[[sqlite3.Connection, SandboxAccount, Mapping[str, Any], float], dict[str, Any]]


def owner(accounts: Mapping[str, SandboxAccount], asked: Mapping[str, Any], *, under: str) -> SandboxAccount:
    """The account whose appid and secret these are, the secret `under` its name."""
    named = {"appid": asked.get("appid"), "secret": asked.get(under), "grant_type": "client_credential"}
    return account_of(accounts, named)


def account_of(accounts: Mapping[str, SandboxAccount], asked: Mapping[str, Any]) -> SandboxAccount:
    """The account whose credentials these are; each thing wrong with them has its own code (§2.2)."""
    by_appid = {account.appid: account for account in accounts.values()}
    account = by_appid.get(str(asked.get("appid", "")))
    for wrong, code in (
        (asked.get("grant_type") != "client_credential", 40002),
        (not asked.get("appid"), 41002),
        (not asked.get("secret"), 41004),
        (account is None, 40013),
    ):
        if wrong:
            raise ApiError(code)
    if account is None or account.secret != asked["secret"]:
        raise ApiError(40125)
    return account


def credentials(request: Request) -> Mapping[str, Any]:
    """What a caller without a token says of itself: in the URL for `token`, as JSON for `stable_token`."""
    if request.method == "GET":
        return request.query
    try:
        body = bodies.loaded(request.body)
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def classic(db: sqlite3.Connection, account: SandboxAccount, _: Mapping[str, Any], now: float) -> dict[str, Any]:
    """A new token each time; the one before works five minutes more."""
    _retire(db, account, "classic", at=now + rules.OLD_TOKEN_LIVES)
    return _new(db, account, "classic", now)


def stable(db: sqlite3.Connection, account: SandboxAccount, asked: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The same token with what is left of it, replaced five minutes before its end or when forced."""
    held = _held(db, account, "stable", now)
    if asked.get("force_refresh") is True and _may_force(db, account, now):
        db.execute("insert into forced values (?, ?)", (account.name, now))
        _retire(db, account, "stable", at=now)
        return _new(db, account, "stable", now)
    if held is None or held["expires_at"] - now <= rules.OLD_TOKEN_LIVES:
        return _new(db, account, "stable", now)
    return {"access_token": held["token"], "expires_in": int(held["expires_at"] - now)}


def revoke(db: sqlite3.Connection, account: SandboxAccount, now: float) -> None:
    """Let every token of the account die at once."""
    for kind in ("classic", "stable"):
        _retire(db, account, kind, at=now)


def own(db: sqlite3.Connection, account: SandboxAccount, now: float) -> str:
    """A token for the stand-in's own calls, the one that its program has too."""
    return str(stable(db, account, {}, now)["access_token"])


def holder(db: sqlite3.Connection, accounts: Mapping[str, SandboxAccount], token: str, now: float) -> SandboxAccount:
    """The account a token speaks for; missing 41001, never issued 40014, replaced 40001, run out 42001."""
    if not token:
        raise ApiError(41001)
    row = db.execute("select * from tokens where token = ?", (token,)).fetchone()
    if row is None or row["account"] not in accounts:
        raise ApiError(40014)
    if row["revoked_at"] is not None and now >= row["revoked_at"]:
        raise ApiError(40001)
    if now >= row["expires_at"]:
        raise ApiError(42001)
    return accounts[row["account"]]


def _held(db: sqlite3.Connection, account: SandboxAccount, kind: str, now: float) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "select * from tokens where account = ? and kind = ? and revoked_at is null and expires_at > ?"
        " order by expires_at desc",
        (account.name, kind, now),
    ).fetchone()
    return row


def _may_force(db: sqlite3.Connection, account: SandboxAccount, now: float) -> bool:
    times = [row["at"] for row in db.execute("select at from forced where account = ?", (account.name,))]
    today = [at for at in times if beijing_day(at) == beijing_day(now)]
    if len(today) >= rules.FORCED_REFRESH_A_DAY:
        raise ApiError(45009, "force_refresh")
    return all(now - at >= rules.FORCED_REFRESH_APART for at in times)


def _retire(db: sqlite3.Connection, account: SandboxAccount, kind: str, *, at: float) -> None:
    db.execute(
        "update tokens set revoked_at = ? where account = ? and kind = ? and coalesce(revoked_at, ? + 1) > ?",
        (at, account.name, kind, at, at),
    )


def _new(db: sqlite3.Connection, account: SandboxAccount, kind: str, now: float) -> dict[str, Any]:
    token = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(114)}"
    db.execute("delete from tokens where expires_at < ?", (now - rules.DAY,))
    db.execute(
        "insert into tokens values (?, ?, ?, ?, null, ?)", (token, account.name, kind, now + rules.TOKEN_LIVES, now)
    )
    return {"access_token": token, "expires_in": rules.TOKEN_LIVES}
