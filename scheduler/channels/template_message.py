"""A template message (wechat-platform notes §3.2): it follows from what the member did, and is never news."""

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.channels import Ended, Sender, post, with_right
from storage.deliveries import Parcel
from storage.openings import Closed, Never, Opening
from storage.runs import Run
from storage.wording import Content
from wechat.capabilities import Capability
from wechat.limits import CLIENT_MSG_ID_BYTES
from wechat.messages import Notice, TemplateMessage
from wechat.settings import AccountSettings


class TemplateMessageChannel:
    """Repeatable for ten minutes: the same key to the same member sends nothing more and gives the first id.

    Later than that nobody knows, and the delivery is `unsure` (`storage.deliveries.DEDUPED`).
    """

    name = "template_message"
    repeatable = True
    waits = False

    def __init__(self, accounts: Mapping[str, AccountSettings], senders: Mapping[str, Sender]) -> None:
        self._accounts = accounts
        self._senders = senders

    def opening(self, content: Content) -> Opening:
        """Verified service accounts only, where the broadcast names a template."""
        needs = () if content.service_template_id else (Never(Closed.TEMPLATE),)
        return Opening(channel=self.name, accounts=with_right(self._accounts, Capability.TEMPLATE_MESSAGE), needs=needs)

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:  # noqa: ARG002 - the key says it all
        """Send the run's service fields; a tap leads to the mini-program, or to its link."""
        return post(self._senders.get(parcels[0].account), parcels, lambda parcel: _message(run, parcel))

    def spends(self, content: Content) -> Mapping[str, Any]:  # noqa: ARG002 - whatever was said
        """Nothing that the platform counts against the member."""
        return {}


def _message(run: Run, parcel: Parcel) -> TemplateMessage:
    content = run.content
    notice = Notice(
        openid=parcel.openid,
        template_id=content.service_template_id,
        data=content.service_fields,
        page=content.link,
        miniprogram_appid=content.mini_appid,
        miniprogram_path=content.mini_page if content.mini_appid else "",
    )
    key = hashlib.sha256(f"{run.key}\x1f{parcel.person}".encode()).hexdigest()
    return TemplateMessage(notice, key[:CLIENT_MSG_ID_BYTES])
