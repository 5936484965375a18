"""QR codes that say by which of them somebody came (A1 `qrcode/qrcodes/api_createqrcode`): poster, hall, invitation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from wechat import limits
from wechat.api.line import Line

_PLATFORM, _PICTURES = "https://api.weixin.qq.com", "https://mp.weixin.qq.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneCode:
    """A code: `content` is what it says, to be drawn by anybody, and `picture` an address where it is drawn already.

    `lasts` is None for one that is good for ever.
    """

    ticket: str = field(repr=False)
    content: str
    picture: str = field(repr=False)
    lasts: timedelta | None


class QrCodes(Protocol):
    """Codes with a scene; for a verified service account."""

    def scene_code(self, scene: int | str, *, lasts: timedelta | None) -> SceneCode:
        """Make a code that tells `scene` when it is scanned: a number, or 1 to 64 bytes of words.

        It lasts for thirty days at most; None is for ever, for which an account has 100 000 codes in all.
        """


class TencentQrCodes(Line):
    """`QrCodes` over HTTP."""

    def scene_code(self, scene: int | str, *, lasts: timedelta | None) -> SceneCode:
        """See `QrCodes`."""
        limits.check_code(scene, lasts)
        kind = "QR_LIMIT" if lasts is None else "QR"
        named = {"scene_id": scene} if isinstance(scene, int) else {"scene_str": scene}
        body = {
            "action_name": f"{kind}_SCENE" if isinstance(scene, int) else f"{kind}_STR_SCENE",
            "action_info": {"scene": named},
        }
        seconds = {} if lasts is None else {"expire_seconds": int(lasts.total_seconds())}
        return self._ask("/cgi-bin/qrcode/create", body | seconds, self._code)

    def _code(self, fields: Mapping[str, Any]) -> SceneCode:
        base = self._account.api_base
        host = _PICTURES if base == _PLATFORM else base
        seconds = fields.get("expire_seconds")
        return SceneCode(
            ticket=str(fields["ticket"]),
            content=str(fields["url"]),
            picture=f"{host}/cgi-bin/showqrcode?{urlencode({'ticket': fields['ticket']})}",
            lasts=timedelta(seconds=seconds) if seconds else None,
        )
