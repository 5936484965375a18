"""What a member's own act allows us to send as customer-service messages (wechat-platform notes §3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from wechat.messages import Kind


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many messages, for so long."""

    messages: int
    lasts: timedelta


_SPOKE = Allowance(5, timedelta(hours=48))
_ACTED = Allowance(3, timedelta(minutes=1))
_CAME_IN = Allowance(2, timedelta(minutes=1))

ALLOWANCES: Mapping[Kind, Allowance] = {
    Kind.TEXT: _SPOKE,
    Kind.IMAGE: _SPOKE,
    Kind.VOICE: _SPOKE,
    Kind.VIDEO: _SPOKE,
    Kind.SHORTVIDEO: _SPOKE,
    Kind.LOCATION: _SPOKE,
    Kind.LINK: _SPOKE,
    Kind.MINIPROGRAM_PAGE: _SPOKE,
    Kind.CLICK: _ACTED,
    Kind.SCANCODE_PUSH: _ACTED,
    Kind.SCANCODE_WAIT: _ACTED,
    Kind.SUBSCRIBE: _ACTED,
    Kind.SCAN: _ACTED,
    Kind.ENTER_SESSION: _CAME_IN,
}
