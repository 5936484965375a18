"""Web pages inside WeChat that learn who opens them (§7): the address that asks, and what its code tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from wechat import limits
from wechat.api.line import Line

_PLATFORM, _PAGES = "https://api.weixin.qq.com", "https://open.weixin.qq.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who has opened a page. A snapshot's reader is nobody: their openid must be tied to no person."""

    openid: str = field(repr=False)
    unionid: str = field(default="", repr=False)
    is_snapshot: bool = False


class OAuth(Protocol):
    """How a page learns who opens it; for a verified service account."""

    def page_address(self, redirect_uri: str, *, state: str, consent: bool = False) -> str:
        """Return where to send a browser that is to come back to `redirect_uri` with `code` and `state`.

        Without `consent` the reader sees nothing of it and only the openid is told.
        """

    def reader(self, code: str) -> Reader:
        """Tell who has come back with this code, good once and for five minutes; `BadRequest` where it isn't good."""


class TencentOAuth(Line):
    """`OAuth` over HTTP."""

    def page_address(self, redirect_uri: str, *, state: str, consent: bool = False) -> str:
        """See `OAuth`."""
        limits.check_state(state)
        asked = {  # in this order, or the platform refuses
            "appid": self._account.appid,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_userinfo" if consent else "snsapi_base",
            "state": state,
        }
        base = self._account.api_base
        host = _PAGES if base == _PLATFORM else base
        return f"{host}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def reader(self, code: str) -> Reader:
        """See `OAuth`."""
        return self._with_secret("/sns/oauth2/access_token", _reader, code=code)


def _reader(fields: Mapping[str, Any]) -> Reader:
    return Reader(
        openid=str(fields["openid"]),
        unionid=str(fields.get("unionid", "")),
        is_snapshot=bool(fields.get("is_snapshotuser")),
    )
