"""The account itself: what it may still call today, and where pushes come from (§1.4, §2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wechat.api.line import Line


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one API a day: allowed, used and left."""

    daily_limit: int
    used: int
    remain: int


class Account(Protocol):
    """What an operator asks of the platform."""

    def quota(self, path: str) -> Quota:
        """Tell what is left today of the API at `path`, such as "/cgi-bin/message/custom/send" (§2.3)."""

    def callback_addresses(self) -> list[str]:
        """Return the addresses from which the platform pushes messages (§1.4)."""


class TencentAccount(Line):
    """`Account` over HTTP."""

    def quota(self, path: str) -> Quota:
        """See `Account`."""
        return self._ask("/cgi-bin/openapi/quota/get", {"cgi_path": path}, lambda fields: _quota(fields["quota"]))

    def callback_addresses(self) -> list[str]:
        """See `Account`."""
        return list(self._sdk.misc.get_wechat_ips())


def _quota(fields: Mapping[str, Any]) -> Quota:
    return Quota(fields["daily_limit"], fields["used"], fields["remain"])
