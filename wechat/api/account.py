"""The account itself: what it may still call today, what became of a call, and whether pushes arrive (§1.4, §2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from wechat import limits
from wechat.api.line import Line, Send

Check = Literal["all", "dns", "ping"]
Operator = Literal["DEFAULT", "CHINANET", "UNICOM", "CAP"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one API a day: allowed, used and left; and where a rate holds too, so many in so many seconds."""

    daily_limit: int
    used: int
    remain: int
    rate_calls: int = 0
    rate_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """What the platform noted of a call that it refused; what was sent may hold openids, so neither is shown."""

    at: datetime
    took: timedelta
    client_ip: str
    sent: str = field(repr=False)
    answered: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One address of the webhook as the platform sees it; of what was not asked for, nothing is said."""

    ip: str
    operator: str
    package_loss: str = ""
    time: str = ""


class Account(Protocol):
    """What an operator asks of the platform."""

    def quota(self, path: str) -> Quota:
        """Tell what is left today of the API at `path`, such as "/cgi-bin/message/custom/send" (§2.3)."""

    def clear_quota(self, path: str) -> None:
        """Give back what was used today of one API; fifty times a month."""

    def clear_quotas(self, *, without_token: bool = False) -> None:
        """Give back what was used today of every API; ten times a month, a token left to be had or not."""

    def past_call(self, rid: str) -> PastCall:
        """Look up a refused call of the last seven days by the number that its error bears."""

    def callback_addresses(self) -> list[str]:
        """Return the addresses from which the platform pushes messages (§1.4)."""

    def api_addresses(self) -> list[str]:
        """Return the addresses under which the platform's API is reached."""

    def check_callback(self, check: Check = "all", operator: Operator = "DEFAULT") -> list[Reach]:
        """Let the platform look from its side for the host of the webhook, by name and by ping."""


class TencentAccount(Line):
    """`Account` over HTTP."""

    def quota(self, path: str) -> Quota:
        """See `Account`."""
        return self._ask("/cgi-bin/openapi/quota/get", {"cgi_path": path}, _quota)

    def clear_quota(self, path: str) -> None:
        """See `Account`."""
        self._send(Send("/cgi-bin/openapi/quota/clear", {"cgi_path": path}))

    def clear_quotas(self, *, without_token: bool = False) -> None:
        """See `Account`."""
        body = {"appid": self._account.appid}
        if without_token:
            self._send_with_secret("/cgi-bin/clear_quota/v2", body, under="appsecret")
        else:
            self._send(Send("/cgi-bin/clear_quota", body))

    def past_call(self, rid: str) -> PastCall:
        """See `Account`."""
        limits.check_rid(rid)
        return self._ask("/cgi-bin/openapi/rid/get", {"rid": rid}, lambda fields: _past_call(fields["request"]))

    def callback_addresses(self) -> list[str]:
        """See `Account`."""
        return list(self._sdk.misc.get_wechat_ips())

    def api_addresses(self) -> list[str]:
        """See `Account`."""
        return self._read("/cgi-bin/get_api_domain_ip", lambda fields: [*map(str, fields["ip_list"])])

    def check_callback(self, check: Check = "all", operator: Operator = "DEFAULT") -> list[Reach]:
        """See `Account`."""
        return self._ask("/cgi-bin/callback/check", {"action": check, "check_operator": operator}, _reaches)


def _quota(fields: Mapping[str, Any]) -> Quota:
    daily, rate = fields["quota"], fields.get("rate_limit") or {}
    told = (daily["daily_limit"], daily["used"], daily["remain"], rate.get("call_count"), rate.get("refresh_second"))
    return Quota(*(int(each or 0) for each in told))


def _past_call(fields: Mapping[str, Any]) -> PastCall:
    return PastCall(
        at=datetime.fromtimestamp(int(fields["invoke_time"]), UTC),
        took=timedelta(milliseconds=fields["cost_in_ms"]),
        client_ip=fields["client_ip"],
        sent=fields["request_body"],
        answered=fields["response_body"],
    )


def _reaches(fields: Mapping[str, Any]) -> list[Reach]:
    pings = {one["ip"]: one for one in fields.get("ping", ())}
    named = {one["ip"]: one for one in fields.get("dns", ())}
    return [
        Reach(
            ip=ip,
            operator=named.get(ip, {}).get("real_operator") or pings.get(ip, {}).get("from_operator", ""),
            package_loss=pings.get(ip, {}).get("package_loss", ""),
            time=pings.get(ip, {}).get("time", ""),
        )
        for ip in {**named, **pings}
    ]
