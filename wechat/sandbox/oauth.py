"""The platform's page that asks who opens a program's page (§7): what it refuses, whom it offers, where it leads back.

Inside WeChat nobody sees it: the phone knows who holds it. Here the web phone leaves a cookie when it opens a link.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from wechat.sandbox import rules, sns
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.platform import Platform

SHOWN = "sandbox_shown"  # whose phone has just opened a link
SILENT, CONSENT = "snsapi_base", "snsapi_userinfo"
ORDER = ("appid", "redirect_uri", "response_type", "scope", "state")  # or the page can't be opened at all (§7)
_STATE = re.compile(r"[A-Za-z0-9]{0,128}", re.ASCII)
_PAGE_MAY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# What the platform's page says; the numbers are A1's, "" where it names none.
REFUSALS = {
    "order": ("", "此链接无法访问：参数不全，或者顺序不对"),
    "scope": ("10005", "此公众号并没有这些scope的权限"),
    "no_scope": ("10010", "scope不能为空"),
    "no_redirect_uri": ("10011", "redirect_uri不能为空"),
    "no_appid": ("10012", "appid不能为空"),
    "appid": ("10013", "appid无效"),
    "redirect_uri": ("10003", "redirect_uri域名与后台配置不一致"),
    "response_type": ("", "response_type参数错误"),
    "state": ("", "state参数错误"),
}


class Asked(NamedTuple):
    """A request that may be answered."""

    account: SandboxAccount
    redirect_uri: str
    scope: str
    state: str

    def leads_back(self, code: str) -> str:
        """Where the browser goes with its code."""
        more = urlencode({"code": code, "state": self.state})
        return f"{self.redirect_uri}{'&' if urlsplit(self.redirect_uri).query else '?'}{more}"


def read(accounts: Iterable[SandboxAccount], query: Mapping[str, str]) -> Asked | str:
    """What is asked, or the name of what is wrong with it."""
    given = {name: query.get(name, "") for name in ORDER}
    account = next((each for each in accounts if each.appid == given["appid"]), None)
    for wrong, name in (
        (not given["appid"], "no_appid"),
        (not given["redirect_uri"], "no_redirect_uri"),
        (not given["scope"], "no_scope"),
        ([name for name in query if name in ORDER] != [name for name in ORDER if name in query], "order"),
        (account is None, "appid"),
        (given["response_type"] != "code", "response_type"),
        (given["scope"] not in {SILENT, CONSENT}, "scope"),
        (not _STATE.fullmatch(given["state"]), "state"),
    ):
        if wrong:
            return name
    if account is None or (account.kind, account.verified) not in rules.CLASSES["pages"]:
        return "scope"
    back = urlsplit(given["redirect_uri"])
    if back.scheme not in {"http", "https"} or not account.page_domain or back.hostname != account.page_domain:
        return "redirect_uri"
    return Asked(account, given["redirect_uri"], given["scope"], given["state"])


def blueprint(platform: Platform) -> Blueprint:
    """Serve /connect/oauth2/authorize."""
    doors = Blueprint("oauth", __name__, url_prefix="/connect/oauth2", template_folder="authorize/templates")

    @doors.get("/authorize")
    def authorize() -> AnyResponse:
        asked = read(platform.accounts.values(), request.args)
        if isinstance(asked, str):
            number, words = REFUSALS[asked]
            return _page(wrong=words, number=number)
        opener, snapshot = request.args.get("openid", ""), "snapshot" in request.args
        if asked.scope == SILENT and not opener:
            opener = request.cookies.get(SHOWN, "")
        code = _code(platform, asked, opener, snapshot=snapshot)
        return redirect(asked.leads_back(code)) if code else _page(asked=asked, members=_members(platform, asked))

    return doors


def _code(platform: Platform, asked: Asked, openid: str, *, snapshot: bool) -> str:
    """A code for a member of the account; "" where there is no such member."""
    with platform.state.begin() as db:
        row = db.execute(
            "select * from members where openid = ? and account = ?", (openid, asked.account.name)
        ).fetchone()
        scope = f"{asked.scope} snapshot" if snapshot else asked.scope
        return sns.give(db, row, sns.PAGE, platform.now, scope=scope) if row else ""


def _members(platform: Platform, asked: Asked) -> list[dict[str, str]]:
    with platform.state.begin() as db:
        rows = db.execute(
            "select openid, nickname, followed from members where account = ? order by made_at, openid",
            (asked.account.name,),
        ).fetchall()
    query = request.args.to_dict()
    return [
        {
            "nickname": row["nickname"],
            "relation": "已关注" if row["followed"] else "未关注",
            "whole": "?" + urlencode({**query, "openid": row["openid"]}),
            "snapshot": "?" + urlencode({**query, "openid": row["openid"], "snapshot": 1}),
        }
        for row in rows
    ]


def _page(**values: object) -> Response:
    page = render_template("authorize.html", **values)
    return Response(page, headers={"Content-Security-Policy": _PAGE_MAY, "Cache-Control": "no-store"})
