"""The account itself on the fake platform."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.account import Check, Operator, PastCall, Quota, Reach

RID_LIVES = timedelta(days=7)
CLEARED_A_MONTH = {"all": 10, "one": 50}
DAILY: Mapping[str, int] = {"/cgi-bin/message/custom/send": 500_000}


class FakeAccount(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._cleared: Counter[tuple[str, str]] = Counter()

    def quota(self, path: str) -> Quota:
        limit, used = self._limit(path), self._used[path]
        return Quota(limit, used, limit - used)

    def clear_quota(self, path: str) -> None:
        self._limit(path)
        self._count("one")
        del self._used[path]

    def clear_quotas(self, *, without_token: bool = False) -> None:  # noqa: ARG002
        self._count("all")
        self._used.clear()

    def past_call(self, rid: str) -> PastCall:
        limits.check_rid(rid)
        if rid not in self._refused:
            raise self._refusal(76001, "rid not found")
        at = self._refused[rid]
        if self._clock() - at > RID_LIVES:
            raise self._refusal(76004, "rid is expired")
        return PastCall(at=at, took=timedelta(milliseconds=1), client_ip="127.0.0.1", sent="", answered=f"rid: {rid}")

    def callback_addresses(self) -> list[str]:
        self._called("/cgi-bin/getcallbackip")
        return ["127.0.0.1"]

    def api_addresses(self) -> list[str]:
        self._called("/cgi-bin/get_api_domain_ip")
        return ["127.0.0.1"]

    def check_callback(self, check: Check = "all", operator: Operator = "DEFAULT") -> list[Reach]:  # noqa: ARG002
        self._called("/cgi-bin/callback/check")
        pinged = {} if check == "dns" else {"package_loss": "0%", "time": "0.05ms"}
        return [Reach(ip="127.0.0.1", operator="UNICOM", **pinged)]

    def _limit(self, path: str) -> int:
        if path.startswith("/sns/"):
            raise self._refusal(76022, "no permission to this cgi_path")
        if path not in DAILY:
            raise self._refusal(76021, "cgi_path not found")
        return DAILY[path]

    def _count(self, what: str) -> None:
        month = (what, f"{self._clock():%Y-%m}")
        if self._cleared[month] >= CLEARED_A_MONTH[what]:
            raise self._refusal(48006, "forbid to clear quota because of reaching the limit")
        self._cleared[month] += 1
