"""QR codes of the fake platform."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.qrcodes import SceneCode


class FakeQrCodes(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._codes_shown: dict[str, tuple[str, datetime | None]] = {}

    def scene_code(self, scene: int | str, *, lasts: timedelta | None) -> SceneCode:
        limits.check_code(scene, lasts)
        self._called("/cgi-bin/qrcode/create", notices=True)
        ticket = f"ticket-{next(self._serial)}"
        self._codes_shown[ticket] = (str(scene), None if lasts is None else self._clock() + lasts)
        picture = f"https://pages.example/cgi-bin/showqrcode?ticket={quote(ticket)}"
        return SceneCode(
            ticket=ticket, content=f"http://weixin.qq.com/q/{next(self._serial)}", picture=picture, lasts=lasts
        )

    def scans(self, openid: str, ticket: str) -> bool:
        """Hold a phone over the code and follow by it; False where the code is over."""
        scene, until = self._codes_shown[ticket]
        if until is not None and self._clock() >= until:
            return False
        self.joins(openid, scene=scene)
        return True
