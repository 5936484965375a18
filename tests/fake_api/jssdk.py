"""The JS-SDK's ticket on the fake platform."""

from datetime import datetime, timedelta

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.jssdk import signed

TICKET_LIVES = timedelta(hours=2)


class FakeJsSdk(FakeLine):
    def signature(self, url: str, *, nonce: str, timestamp: int) -> str:
        limits.check_page(url, nonce)
        self._called("/cgi-bin/ticket/getticket")
        return signed(f"ticket-{self._clock():%Y%m%d%H%M}", url, nonce, timestamp)

    def opens(self, url: str, *, nonce: str, timestamp: int, signature: str) -> bool:
        """Open a page that shows `signature`; False where WeChat does not let it in."""
        now: datetime = self._clock()
        made = (now - timedelta(minutes=age) for age in range(int(TICKET_LIVES.total_seconds()) // 60))
        return any(signed(f"ticket-{at:%Y%m%d%H%M}", url, nonce, timestamp) == signature for at in made)
