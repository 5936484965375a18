"""A customer-service message, in the window that the member opened by speaking (wechat-platform notes §3.1)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.channels import Ended, Sender, post, with_right
from storage.deliveries import Parcel
from storage.openings import Opening, OpenWindow
from storage.runs import Run
from storage.wording import Content
from wechat.capabilities import Capability
from wechat.messages import News
from wechat.settings import AccountSettings


class CustomerServiceChannel:
    """At most once: the platform has no key against doubles here."""

    name = "customer_service"
    repeatable = False
    waits = False

    def __init__(self, accounts: Mapping[str, AccountSettings], senders: Mapping[str, Sender]) -> None:
        self._accounts = accounts
        self._senders = senders

    def opening(self, content: Content) -> Opening:  # noqa: ARG002 - any words may be sent
        """Verified accounts only, with a message left in an open window."""
        able = with_right(self._accounts, Capability.CUSTOMER_SERVICE)
        return Opening(channel=self.name, accounts=able, needs=(OpenWindow(),))

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:  # noqa: ARG002 - the platform needs neither
        """Send the run's words, on a card where it has a picture."""
        return post(
            self._senders.get(parcels[0].account),
            parcels,
            lambda parcel: message(run.title, run.content, parcel.variant),
        )

    def spends(self, content: Content) -> Mapping[str, Any]:  # noqa: ARG002 - whatever was said
        """One message of the window."""
        return {"spent_window": True}


def message(title: str, content: Content, variant: int) -> str | News:
    """What is sent of a run: words, or a card with its picture that opens its link."""
    text = content.said(variant).text
    if not content.picture:
        return text
    return News(title=title, description=text, url=content.link, picture_url=content.picture)
