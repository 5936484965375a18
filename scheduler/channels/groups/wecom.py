"""WeCom's group robot (企业微信群机器人): the key in its address is all that it is known by.

developer.work.weixin.qq.com/document/path/91770: 20 messages a minute, a text of 2048 bytes at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.channels.groups import Ask, Pace, verdicts
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class WeCom:
    """One robot of WeCom."""

    settings: GroupSettings
    paces = (Pace(20, 60),)
    most = 2048
    needs_link = False

    def size(self, words: str) -> int:
        """The bytes of the words alone."""
        return len(words.encode())

    def ask(self, words: str, now: datetime) -> Ask:  # noqa: ARG002 - nothing is signed
        """A text under the robot's key."""
        address = self.settings.address
        return Ask(path=address.path, params=address.params, body={"msgtype": "text", "text": {"content": words}})

    def judge(self, fields: Mapping[str, Any]) -> Verdict:
        """By `errcode`."""
        return verdicts.of(verdicts.WECOM, fields.get("errcode"), fields.get("errmsg"))
