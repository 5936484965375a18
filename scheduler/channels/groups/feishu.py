"""Feishu's group robot (飞书自定义机器人), signed in its message where it has a secret (签名校验).

open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: 100 messages a minute and 5 a second, a request of 20 KB at
most, and better not on the full or the half hour, when everybody speaks (11232). The sign is the base64 of HMAC-SHA256
over nothing, under the seconds, a line's end and the secret.
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
class Feishu:
    """One robot of Feishu."""

    settings: GroupSettings
    paces = (Pace(100, 60), Pace(5, 1))
    most = 20 * 1024 - ENVELOPE
    needs_link = False

    def size(self, words: str) -> int:
        """The bytes of the words as they are written in the message."""
        return len(json.dumps(words, ensure_ascii=False).encode())

    def ask(self, words: str, now: datetime) -> Ask:
        """A text at the robot's own path."""
        address, secret = self.settings.address, self.settings.secret.get_secret_value()
        signed = _signed(secret, int(now.timestamp())) if secret else {}
        body = {**signed, "msg_type": "text", "content": {"text": words}}
        return Ask(path=address.path, params=address.params, body=body)

    def judge(self, fields: Mapping[str, Any]) -> Verdict:
        """By `code`; an older answer to what was said has `StatusCode` alone."""
        return verdicts.of(verdicts.FEISHU, fields.get("code", fields.get("StatusCode")), fields.get("msg"))


def _signed(secret: str, seconds: int) -> dict[str, str]:
    mark = hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": str(seconds), "sign": base64.b64encode(mark).decode()}
