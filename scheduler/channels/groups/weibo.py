"""Weibo (微博): a run's words as a post of the organisation's own account, where the platform has let its app do so.

open.weibo.com/wiki/2/statuses/share: a form with the account's OAuth token, 140 hanzi at most, no #topic#, and at
least one link into the app's own domain (安全域名); `rip` is the address of whoever posts. The app must be approved,
and the token ends after a while and is had again by hand. What the platform grants today can't be told from outside, so
it is off unless configured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.channels.groups import Ask, Pace, verdicts
from scheduler.channels.groups.settings import GroupSettings
from scheduler.channels.groups.verdicts import Came, Verdict


@dataclass(frozen=True, slots=True)
class Weibo:
    """One account of Weibo."""

    settings: GroupSettings
    paces: Sequence[Pace] = ()  # there are some, which the platform tells of when they are reached (10023)
    most = 140
    needs_link = True

    def size(self, words: str) -> int:
        """The characters: a letter may count half, and is counted whole."""
        return len(words)

    def ask(self, words: str, now: datetime) -> Ask:  # noqa: ARG002 - nothing is signed
        """A post under the account's token; a pair of # would make a topic."""
        address = self.settings.address
        form = {"access_token": address.key, "status": words.replace("#", "＃"), "rip": self.settings.rip}
        return Ask(path=address.path, body=form, is_form=True)

    def judge(self, fields: Mapping[str, Any]) -> Verdict:
        """By `error_code`, a number or its digits; what was posted has an `id` instead."""
        code = str(fields.get("error_code", ""))
        if code.isdecimal():
            return verdicts.of(verdicts.WEIBO, int(code), fields.get("error"))
        if "id" in fields:
            return verdicts.SENT
        return Verdict(came=Came.UNSURE, code="unreadable", reason=verdicts.UNANSWERED)
