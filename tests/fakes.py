"""Stand-ins that keep the rules of what they stand for; the contract suites see to it."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager

from tests.fake_api.account import FakeAccount
from tests.fake_api.articles import FakeArticles
from tests.fake_api.customer_service import FakeCustomerService
from tests.fake_api.jssdk import FakeJsSdk
from tests.fake_api.mass import FakeMassMessages
from tests.fake_api.materials import FakeMaterials
from tests.fake_api.media import FakeTemporaryMedia
from tests.fake_api.menus import FakeMenus
from tests.fake_api.miniprogram import FakeMiniProgram
from tests.fake_api.notices import FakeNotices
from tests.fake_api.people import FakePeople
from tests.fake_api.qrcodes import FakeQrCodes
from tests.fake_api.tags import FakeTags
from tests.fake_api.templates import FakeTemplates
from wechat.bulk import Job, Outcome
from wechat.client import WeChat
from wechat.errors import WeChatError
from wechat.messages import News, Notice, TemplateMessage


class Shelf:
    """A token store in this process; `away` makes it one that is not there."""

    def __init__(self, *, away: bool = False) -> None:
        self.value: str | None = None
        self.away = away
        self._lock = threading.Lock()

    def get(self) -> str | None:
        return self.value

    def put(self, value: str, *, seconds: int) -> None:  # noqa: ARG002 — nothing here grows old
        self.value = None if self.away else value

    @contextmanager
    def lock(self, *, hold_seconds: float, wait_seconds: float) -> Iterator[bool]:  # noqa: ARG002
        if self.away:
            yield False
        else:
            with self._lock:
                yield True


class FakeWeChat(
    FakeCustomerService,
    FakeNotices,
    FakeTemplates,
    FakeMenus,
    FakePeople,
    FakeTags,
    FakeQrCodes,
    FakeMaterials,
    FakeMassMessages,
    FakeArticles,
    FakeTemporaryMedia,
    FakeMiniProgram,
    FakeJsSdk,
    FakeAccount,
):
    """The platform's API in memory, by the sections of wechat/api."""


class FakeBulk:
    """Stands for `wechat.bulk.Bulk`, both its doors: sends one job after the other through a `WeChat`."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def send(self, jobs: Iterable[Job]) -> AsyncGenerator[Outcome, None]:
        for job in jobs:
            await asyncio.sleep(0)
            yield self._outcome(job)

    def send_all(self, jobs: Iterable[Job]) -> list[Outcome]:
        return [self._outcome(job) for job in jobs]

    def close(self) -> None:
        """Nothing is kept open."""

    def _outcome(self, job: Job) -> Outcome:
        try:
            match job.what:
                case Notice() as notice:
                    return Outcome(job.id, self._wechat.send_notice(notice))
                case TemplateMessage(notice, client_msg_id):
                    return Outcome(job.id, self._wechat.send_template(notice, client_msg_id=client_msg_id))
                case News() as news:
                    self._wechat.send_news(job.openid, news)
                case words:
                    self._wechat.send_text(job.openid, words)
        except WeChatError as error:
            return Outcome(job.id, error=error)
        return Outcome(job.id)
