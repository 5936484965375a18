"""A push to try out: what it would say now, to one admin and nobody else, and to no run's account."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from content.library import Library
from scheduler.broadcast import Desk
from scheduler.channels.customer_service import message
from storage.people import People
from storage.wording import Content
from wechat import limits, paging
from wechat.capabilities import Capability, may
from wechat.errors import Unsure, WeChatError
from wechat.messages import News
from wechat.settings import AccountSettings

KEPT_FOR = timedelta(days=1)


class Tried(StrEnum):
    """What became of it."""

    SENT = "sent"
    KEPT = "kept"  # the platform lets nothing through: it is said after the admin's next word
    NOTHING = "nothing"  # there is nothing to say
    NOBODY = "nobody"  # the admin has named no contact as theirs


class Contact(Protocol):
    """Where an admin chats (`storage.admins`)."""

    @property
    def person(self) -> str:
        """Whose it is."""

    @property
    def account(self) -> str:
        """On which account."""

    @property
    def openid(self) -> str:
        """Who they are there."""


class Sender(Protocol):
    """Sends customer-service messages."""

    def send_text(self, openid: str, text: str) -> None:
        """Send words; raises `WeChatError`."""

    def send_news(self, openid: str, news: News) -> None:
        """Send a card; raises `WeChatError`."""


class TryOut:
    """Sends a broadcast's words, those of each variant and those for groups, marked as a test.

    It writes no run and no delivery, and no group hears of it.
    """

    def __init__(
        self,
        desk: Desk,
        people: People,
        *,
        library: Callable[[], Library],
        contact_of: Callable[[str], Contact | None],
        accounts: Mapping[str, AccountSettings],
        senders: Mapping[str, Sender],
    ) -> None:
        self._desk = desk
        self._people = people
        self._library = library
        self._contact_of = contact_of
        self._accounts = accounts
        self._senders = senders
        self._log = structlog.get_logger("push")

    def __call__(self, key: str, admin: str, *, now: datetime) -> Tried:
        """Send what `send --now` would say to the admin of that name; raises `NoSuchBroadcast`."""
        content = self._desk.composed_now(key, now)
        contact = self._contact_of(admin)
        if contact is None:
            return Tried.NOBODY
        if content is None:
            return Tried.NOTHING
        broadcast = self._library().broadcasts[key.partition(":")[0]]
        said = [*self._said(broadcast.title, content)]
        if not said:
            return Tried.NOTHING
        sent = [self._send(contact, what) for what, _ in said]
        for number, (done, (_, line)) in enumerate(zip(sent, said, strict=True)):
            if not done:
                self._keep(contact, line, f"test:{broadcast.key}:{number}:{now:%m%d%H%M%S}", now)
        return Tried.SENT if all(sent) else Tried.KEPT

    def _said(self, title: str, content: Content) -> Iterator[tuple[str | News, str]]:
        """All that is said, each as a message and as the line of a next visit."""
        for number in range(len(content.variants) + 1):
            if content.said(number).text:
                yield message(title, content, number), content.said(number).line
        if content.own_group_text:
            words = self._library().say("push.test_group", words=content.own_group_text)
            yield words, words

    def _send(self, contact: Contact, what: str | News) -> bool:
        account, sender = self._accounts.get(contact.account), self._senders.get(contact.account)
        if account is None or sender is None or not may(account, Capability.CUSTOMER_SERVICE):
            return False
        try:
            if isinstance(what, News):
                sender.send_news(contact.openid, replace(what, title=self._marked(what.title)))
            else:
                sender.send_text(contact.openid, self._marked(what))
        except Unsure:
            return True  # it may have come: not twice
        except WeChatError as error:
            self._log.info("test kept instead", errcode=error.errcode, error=type(error).__name__)
            return False
        return True

    def _keep(self, contact: Contact, line: str, key: str, now: datetime) -> None:
        self._people.keep_line(contact.person, key=key, line=self._marked(line), expires_at=now + KEPT_FOR)

    def _marked(self, words: str) -> str:
        """As a test, and no longer than a message may be."""
        return paging.cut(self._library().say("push.test", words=words), limits.TEXT_BYTES)[0]
