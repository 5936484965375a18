"""DingTalk's group robot (钉钉自定义机器人), signed in its address where it has a secret (加签).

open.dingtalk.com/document/robots/custom-robot-access: 20 messages a minute, else ten minutes of silence; a message of
20 000 bytes at most. open.dingtalk.com/document/robots/customize-robot-security-settings: the sign is the base64 of
HMAC-SHA256 under the secret over the milliseconds, a line's end and the secret.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.channels.groups import Ask, Pace, verdicts
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Verdict

ENVELOPE = 500  # bytes that are left for what stands around the words


@dataclass(frozen=True, slots=True)
class DingTalk:
    """One robot of DingTalk."""

    settings: GroupSettings
    paces = (Pace(20, 60),)
    most = 20_000 - ENVELOPE
    needs_link = False

    def size(self, words: str) -> int:
        """The bytes of the words as they are written in the message."""
        return len(json.dumps(words, ensure_ascii=False).encode())

    def ask(self, words: str, now: datetime) -> Ask:
        """A text under the robot's token."""
        address, secret = self.settings.address, self.settings.secret.get_secret_value()
        signed = _signed(secret, int(now.timestamp() * 1000)) if secret else {}
        body = {"msgtype": "text", "text": {"content": words}}
        return Ask(path=address.path, params={**address.params, **signed}, body=body)

    def judge(self, fields: Mapping[str, Any]) -> Verdict:
        """By `errcode`."""
        return verdicts.of(verdicts.DINGTALK, fields.get("errcode"), fields.get("errmsg"))


def _signed(secret: str, milliseconds: int) -> dict[str, str]:
    mark = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(mark).decode()}
