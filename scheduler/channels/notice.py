"""A subscription notice: one for each time the member accepted its template (wechat-platform notes §3.3)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.channels import Closed, Ended, Sender, post
from storage.broadcasts import Content, Parcel, Reach, Run
from wechat.capabilities import Capability, may
from wechat.messages import Notice
from wechat.settings import AccountSettings


class NoticeChannel:
    """At most once: bizsend has no key against doubles."""

    name = "notice"
    repeatable = False
    waits = False

    def __init__(self, accounts: Mapping[str, AccountSettings], senders: Mapping[str, Sender]) -> None:
        self._accounts = accounts
        self._senders = senders

    def can(self, reach: Reach, content: Content, *, now: datetime) -> Closed | None:  # noqa: ARG002 - credits don't grow old
        """Verified service accounts only, with a credit for the broadcast's template."""
        account = self._accounts.get(reach.account)
        if account is None or not may(account, Capability.NOTICE):
            return Closed.ACCOUNT
        if not content.template_id:
            return Closed.TEMPLATE
        return None if content.template_id in reach.credits else Closed.CREDIT

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:  # noqa: ARG002 - the platform needs neither
        """Send the run's fields."""
        said = run.content
        return post(
            self._senders.get(parcels[0].account),
            parcels,
            lambda parcel: Notice(openid=parcel.openid, template_id=said.template_id, data=said.fields),
        )

    def spends(self, content: Content) -> Mapping[str, Any]:
        """One credit."""
        return {"spent_credit": content.template_id}
