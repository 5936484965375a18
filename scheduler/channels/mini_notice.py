"""A mini-program's subscription notice: one for each time the member accepted its template (§3.4)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.channels import Closed, Ended, Sender, post
from storage.broadcasts import Content, Parcel, Reach, Run
from wechat.capabilities import Capability, may
from wechat.messages import Notice
from wechat.settings import AccountSettings


class MiniNoticeChannel:
    """At most once: subscribe/send has no key against doubles."""

    name = "mini_notice"
    repeatable = False
    waits = False

    def __init__(self, accounts: Mapping[str, AccountSettings], senders: Mapping[str, Sender]) -> None:
        self._accounts = accounts
        self._senders = senders

    def can(self, reach: Reach, content: Content, *, now: datetime) -> Closed | None:  # noqa: ARG002 - credits don't grow old
        """Mini-programs only, with a credit for the broadcast's own template there."""
        account = self._accounts.get(reach.account)
        if account is None or not may(account, Capability.MINI_NOTICE):
            return Closed.ACCOUNT
        if not content.mini_template_id:
            return Closed.TEMPLATE
        return None if content.mini_template_id in reach.credits else Closed.CREDIT

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:  # noqa: ARG002 - the platform needs neither
        """Send the run's fields."""
        said = run.content
        return post(
            self._senders.get(parcels[0].account),
            parcels,
            lambda parcel: Notice(
                openid=parcel.openid, template_id=said.mini_template_id, data=said.mini_fields, page=said.mini_page
            ),
        )

    def spends(self, content: Content) -> Mapping[str, Any]:
        """One credit."""
        return {"spent_credit": content.mini_template_id}
