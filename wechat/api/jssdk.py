"""Pages inside WeChat that use its JS-SDK (§7): what they show to be let in, by a ticket that the fleet shares."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line
from wechat.settings import AccountSettings
from wechat.tokens import Fetch, Fetched, Tokens
from wechat.wire import CONNECT_SECONDS, READ_SECONDS

SCRIPT = "/open/js/jweixin-1.6.0.js"
SITE = "https://res.wx.qq.com"


def script(stand_in: str = "") -> str:
    """Where a page gets the SDK: from the platform, or from a stand-in for it at that address."""
    return f"{stand_in or SITE}{SCRIPT}"


class JsSdk(Protocol):
    """What `wx.config` of a page asks for."""

    def signature(self, url: str, *, nonce: str, timestamp: int) -> str:
        """Sign the page at `url`, as the reader's browser shows it; a part after # does not count.

        The page gives `nonce` and `timestamp` (seconds) to `wx.config` along with it.
        """


class _Tickets(Line):
    def fetch(self, _: bool) -> Fetched:  # noqa: FBT001 — the shape of a Fetch; nobody can force a new ticket
        return self._read("/cgi-bin/ticket/getticket", _ticket, type="jsapi")


def jsapi_ticket(
    account: AccountSettings, tokens: Tokens, *, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)
) -> Fetch:
    """Return the way to `account`'s JS-SDK ticket, a million times a day (§2.3): keep it in `Tokens` of its own."""
    return _Tickets(account, tokens, timeouts=timeouts).fetch


class TencentJsSdk(Line):
    """`JsSdk` over HTTP; without `tickets` every signature asks the platform for a ticket."""

    def __init__(
        self,
        account: AccountSettings,
        tokens: Tokens,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        tickets: Tokens | None = None,
    ) -> None:
        super().__init__(account, tokens, timeouts=timeouts)
        fetch = jsapi_ticket(account, tokens, timeouts=timeouts)
        self._ticket = tickets.get if tickets else lambda: fetch(False).token

    def signature(self, url: str, *, nonce: str, timestamp: int) -> str:
        """See `JsSdk`."""
        limits.check_page(url, nonce)
        return signed(self._ticket(), url, nonce, timestamp)


def signed(ticket: str, url: str, nonce: str, timestamp: int) -> str:
    """The page's signature in hexadecimal (§7)."""
    page = url.partition("#")[0]
    words = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()  # the platform's choice


def _ticket(fields: Mapping[str, Any]) -> Fetched:
    return Fetched(str(fields["ticket"]), timedelta(seconds=int(fields["expires_in"])))
