"""An authenticator of somebody's phone: RFC 6238 out of the standard library, so that a shared error isn't hidden."""

import base64
import hmac
from datetime import datetime


def code(typed: str, at: datetime) -> str:
    """The six digits that it shows at a moment, for a secret as the page has it to be typed."""
    key = base64.b32decode(typed.replace(" ", ""))
    mark = hmac.digest(key, (int(at.timestamp()) // 30).to_bytes(8, "big"), "sha1")
    cut = mark[-1] & 0xF
    return f"{(int.from_bytes(mark[cut : cut + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
