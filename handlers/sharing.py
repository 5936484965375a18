"""What WeChat shows of a page that is passed on: here a page asks for what lets it into WeChat's JS-SDK.

The signature is over one address and differs each time. So it isn't in the page, which is the same for everybody, kept
by browsers and whole without scripts: the page's script asks for it, and without an answer there is no card.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from handlers import front, protection
from wechat.errors import BadRequest, WeChatError

AT_ONCE = 2  # of a worker's threads: who needs a new ticket waits for the platform
PATIENCE_SECONDS = 0.5  # for a turn: with a ticket at hand a signature takes no time
REST = timedelta(minutes=1)  # after the platform gave none
INSIDE = "MicroMessenger"

log = structlog.get_logger("pages")


class Signs(Protocol):
    """An account's way to a signature of the JS-SDK; raises `WeChatError`."""

    def __call__(self, url: str, *, nonce: str, timestamp: int) -> str:
        """Sign the page at `url`."""


@dataclass(slots=True, kw_only=True)
class Sharing:
    """Cards for the pages of `site`, "" for wherever they are asked for; signed for the account `appid`.

    `sdk` is the address of the platform's script. Where the stand-in is the platform any browser is WeChat's.
    """

    appid: str
    sign: Signs
    sdk: str
    site: str
    stands_in: bool
    clock: Callable[[], datetime]
    _turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))
    _rests_until: datetime | None = None

    @property
    def scripts_from(self) -> str:
        """The site of the platform's script."""
        parts = urlsplit(self.sdk)
        return f"{parts.scheme}://{parts.netloc}"

    def view(self, page: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        """The same page, in which the platform's script may run."""
        return protection.with_scripts_from(self.scripts_from, page)

    def signed(self) -> ResponseReturnValue:
        """What `wx.config` needs for the page at ?url=; 204 where there is no card to be had."""
        shown = self._shown(request.args.get("url", ""))
        answer = jsonify(shown) if shown else Response(status=204)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _shown(self, url: str) -> dict[str, str | int] | None:
        page, now = url.partition("#")[0], self.clock()
        if not (self._is_ours(page) and self._is_inside() and self._is_rested(now)):
            return None
        nonce, timestamp = secrets.token_hex(8), int(now.timestamp())
        signature = self._signature(page, nonce, timestamp)
        if not signature:
            return None
        return {"appId": self.appid, "timestamp": timestamp, "nonceStr": nonce, "signature": signature}

    def _signature(self, page: str, nonce: str, timestamp: int) -> str:
        if not self._turns.acquire(timeout=PATIENCE_SECONDS):
            return ""
        try:
            return self.sign(page, nonce=nonce, timestamp=timestamp)
        except BadRequest:  # no address that a browser could show
            return ""
        except WeChatError as error:
            self._rests_until = self.clock() + REST
            log.warning("no card", errcode=error.errcode, error=type(error).__name__)
            return ""
        finally:
            self._turns.release()

    def _is_ours(self, page: str) -> bool:
        site = self.site or request.host_url.rstrip("/")
        return page.startswith(f"{site}/p/")

    def _is_inside(self) -> bool:
        return self.stands_in or INSIDE in request.headers.get("User-Agent", "")

    def _is_rested(self, now: datetime) -> bool:
        return self._rests_until is None or now >= self._rests_until


def blueprint(sharing: Sharing) -> Blueprint:
    """Serve /p/share and the script that asks there."""
    doors = Blueprint("sharing", __name__, template_folder="templates")
    doors.add_url_rule("/p/share", "signed", sharing.signed)
    doors.add_url_rule("/p/share.js", "script", _script)
    return doors


def _script() -> ResponseReturnValue:
    return front.fresh_or_same(Response(render_template("front/share.js"), mimetype="text/javascript"))
