"""Subscription notices, an official account's and a mini-program's: one each time the member accepted the template."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from scheduler.channels import Ended, Sender, post, with_right
from storage.deliveries import Parcel
from storage.openings import Closed, Credit, Never, Opening
from storage.runs import Run
from storage.wording import Content
from wechat.capabilities import Capability
from wechat.messages import Notice
from wechat.settings import AccountSettings


class _Notices(ABC):
    """At most once: neither of the two calls has a key against doubles."""

    name: ClassVar[str]
    right: ClassVar[Capability]
    repeatable = False
    waits = False

    def __init__(self, accounts: Mapping[str, AccountSettings], senders: Mapping[str, Sender]) -> None:
        self._accounts = accounts
        self._senders = senders

    @staticmethod
    @abstractmethod
    def template(content: Content) -> str:
        """The template that a broadcast names for such a notice, or ""."""

    @staticmethod
    @abstractmethod
    def notice(content: Content, parcel: Parcel) -> Notice:
        """What it says by one."""

    def opening(self, content: Content) -> Opening:
        """Accounts with the right only, with a credit for the broadcast's own template there."""
        template = self.template(content)
        need = Credit(template) if template else Never(Closed.TEMPLATE)
        return Opening(channel=self.name, accounts=with_right(self._accounts, self.right), needs=(need,))

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:  # noqa: ARG002 - the platform needs neither
        """Send the run's fields."""
        return post(self._senders.get(parcels[0].account), parcels, lambda parcel: self.notice(run.content, parcel))

    def spends(self, content: Content) -> Mapping[str, Any]:
        """One credit."""
        return {"spent_credit": self.template(content)}


class NoticeChannel(_Notices):
    """An official account's, by bizsend (wechat-platform notes §3.3)."""

    name = "notice"
    right = Capability.NOTICE

    @staticmethod
    def template(content: Content) -> str:
        """The one of the account's own."""
        return content.template_id

    @staticmethod
    def notice(content: Content, parcel: Parcel) -> Notice:
        """The fields of the broadcast's template, with where a tap leads: to the mini-program, or to a page."""
        return Notice(
            openid=parcel.openid,
            template_id=content.template_id,
            data=content.said(parcel.variant).fields,
            page=content.link,
            miniprogram_appid=content.mini_appid,
            miniprogram_path=content.mini_page if content.mini_appid else "",
        )


class MiniNoticeChannel(_Notices):
    """A mini-program's, by subscribe/send (§3.4): a template of its own, and a page to open."""

    name = "mini_notice"
    right = Capability.MINI_NOTICE

    @staticmethod
    def template(content: Content) -> str:
        """The one of the mini-program's own."""
        return content.mini_template_id

    @staticmethod
    def notice(content: Content, parcel: Parcel) -> Notice:
        """The fields of the broadcast's other template."""
        return Notice(
            openid=parcel.openid,
            template_id=content.mini_template_id,
            data=content.said(parcel.variant).mini_fields,
            page=content.mini_page,
        )
