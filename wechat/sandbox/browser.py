"""WeChat's own browser (§7): the script that a page loads, and what WeChat on the phone says to what it asks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from wechat.sandbox import jssdk
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.platform import Platform

SCRIPT = Path(__file__).with_name("open") / "jweixin-1.6.0.js"
SHOWN = ("appId", "timestamp", "nonceStr", "signature", "jsApiList", "page")


@dataclass(frozen=True, slots=True)
class Browser:
    """What pages ask by scripts: each answer calls back with the SDK's own words."""

    platform: Platform

    def config(self) -> Response:
        """Whether the page's `wx.config` is let in."""
        return _called_back(self._said(_given(*SHOWN)))

    def share(self) -> Response:
        """Take the card that a page offers, where its `wx.config` is good and asks for that."""
        name, shown = request.args.get("name", ""), _given(*SHOWN)
        said = self._said(shown)
        if said == jssdk.LET_IN:
            card = _given(*jssdk.CARD)
            with self.platform.state.begin() as db:
                said = jssdk.offered(db, self._accounts[shown["appId"]], name, shown, card, self.platform.now)
        return _called_back(said)

    def cards(self) -> Response:
        """The cards that pages have offered, the newest first."""
        with self.platform.state.begin() as db:
            return jsonify(jssdk.cards(db))

    def _said(self, shown: Mapping[str, str]) -> str:
        account = self._accounts.get(shown["appId"])
        if account is None:
            return jssdk.NO_ACCOUNT
        with self.platform.state.begin() as db:
            return jssdk.configured(db, account, shown, self.platform.now)

    @property
    def _accounts(self) -> Mapping[str, SandboxAccount]:
        return {account.appid: account for account in self.platform.accounts.values()}


def blueprint(platform: Platform) -> Blueprint:
    """Serve /open/js, and /sandbox/cards for who wants to see what was offered."""
    browser, doors = Browser(platform), Blueprint("browser", __name__)
    views: Mapping[str, Callable[[], AnyResponse]] = {
        f"/open/js/{SCRIPT.name}": _script,
        "/open/js/config.js": browser.config,
        "/open/js/share.js": browser.share,
        "/sandbox/cards": browser.cards,
    }
    for address, view in views.items():
        doors.add_url_rule(address, view.__name__.strip("_"), view)
    return doors


def _script() -> AnyResponse:
    return send_file(SCRIPT, mimetype="text/javascript")


def _given(*names: str) -> dict[str, str]:
    return {name: request.args.get(name, "") for name in names}


def _called_back(said: str) -> Response:
    number = request.args.get("number", 0, type=int)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(f"wx.heard({number}, {json.dumps(said)});", mimetype="text/javascript", headers=headers)
