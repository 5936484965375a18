"""Many sends in flight at once, for broadcasts: one connection pool, one token, one message at a time for each person.

It says what came of every job and never raises for one of them.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from wechat.api.account import Quota
from wechat.api.customer_service import news_send, text_send
from wechat.api.line import Send
from wechat.api.notices import notice_send, template_send
from wechat.errors import DAILY_QUOTA, AlreadyDone, Misconfigured, QuotaSpent, Retryable, StaleToken, WeChatError
from wechat.messages import News, Notice, TemplateMessage
from wechat.settings import AccountSettings
from wechat.tokens import Tokens
from wechat.wire import CONNECT_SECONDS, JSON_TYPE, READ_SECONDS, Answer, encoded, lost, proxy_to, understood, unreached

RATE_SECONDS = 60.0  # which rate it was isn't always told
FRESH_SECONDS = 10.0  # all that is in flight is refused at once, and the platform is asked once


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to send: words or a card as a customer-service message, or a notice; `id` is the caller's.

    Of a template message nothing is in doubt: a lost answer is `Retryable`, within its ten minutes.
    """

    id: Hashable
    openid: str = field(repr=False)
    what: str | News | Notice | TemplateMessage = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: sent, with the platform's message id where it gives one, or the error."""

    id: Hashable
    message_id: str = ""
    error: WeChatError | None = None


class Bulk:
    """Sends by one account; `in_flight` bounds the connections.

    `quota` asks the platform what is left today of a call: it says 45009 for the day's and for a minute's limit.

    Use one object in one way: `async with Bulk(...) as bulk` and `bulk.send` inside an event loop, or `send_all` and
    `close` from threads without one (batches of several threads then follow one another). Connections stay open
    between batches.
    """

    def __init__(
        self,
        account: AccountSettings,
        tokens: Tokens,
        *,
        quota: Callable[[str], Quota] | None = None,
        in_flight: int = 64,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._account = account
        self._token = _Token(tokens)
        self._quotas = _Quotas(quota)
        self._in_flight = in_flight
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeouts[0], sock_read=timeouts[1])
        self._session: aiohttp.ClientSession | None = None
        self._runner = asyncio.Runner()
        self._one_batch = Lock()

    async def send(self, jobs: Iterable[Job]) -> AsyncGenerator[Outcome, None]:
        """Send all of `jobs` and give each one's outcome as soon as it is known, in any order.

        A refusal that would meet everyone (`Misconfigured`, `QuotaSpent`) ends the batch: jobs not yet on their way
        are given the same error unsent. Who stops listening before the end will not know what came of the rest.
        """
        lanes: dict[str, list[Job]] = {}
        for job in jobs:
            lanes.setdefault(job.openid, []).append(job)
        batch = _Batch(self._account, self._token, self._quotas, self._open_session(), lanes.values())
        left = sum(map(len, lanes.values()))
        tasks = [asyncio.create_task(batch.work()) for _ in range(min(self._in_flight, len(lanes)))]
        try:
            while left:
                for known in await batch.known():
                    left -= 1
                    if isinstance(known, Exception):
                        raise known
                    yield known
        finally:
            for task in tasks:
                task.cancel()

    def send_all(self, jobs: Iterable[Job]) -> list[Outcome]:
        """Send all of `jobs` and wait; the outcomes are in the order in which they became known."""
        with self._one_batch:
            return self._runner.run(self._collected(jobs))

    def close(self) -> None:
        """End what `send_all` keeps open."""
        with self._one_batch, self._runner:
            self._runner.run(self.aclose())

    async def aclose(self) -> None:
        """End what `send` keeps open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _collected(self, jobs: Iterable[Job]) -> list[Outcome]:
        async with aclosing(self.send(jobs)) as outcomes:
            return [outcome async for outcome in outcomes]

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._in_flight),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Content-Type": JSON_TYPE},
                proxy=proxy_to(self._account.api_base),  # aiohttp's trust_env asks anew for each send: a third as fast
            )
        return self._session


class _Token:
    """The fleet's token for all batches: looked for by one of them, and again by the first who finds it refused."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._turn: asyncio.Lock | None = None
        self._failed: tuple[float, WeChatError] | None = None

    async def instead_of(self, stale: str) -> str:
        """One that isn't `stale`; raises what the platform said where there is none."""
        known = self._tokens.known(stale)
        if known is not None:
            return known
        self._turn, began = self._turn or asyncio.Lock(), time.monotonic()
        async with self._turn:
            known = self._tokens.known(stale)
            if known is not None:
                return known
            if self._failed is not None and self._failed[0] > began:  # it failed while we waited for it
                raise self._failed[1]
            try:
                return await asyncio.to_thread(self._tokens.refresh, stale)
            except WeChatError as error:
                self._failed = (time.monotonic(), error)
                raise


class _Quotas:
    """What the platform says is left of a call today, asked once for all who are refused."""

    def __init__(self, ask: Callable[[str], Quota] | None) -> None:
        self._ask = ask
        self._turn: asyncio.Lock | None = None
        self._told: dict[str, tuple[float, Quota | None]] = {}

    async def meant(self, path: str, refusal: QuotaSpent) -> WeChatError:
        """What a refusal means: the day's calls are spent, and how many those were; else it was too fast.

        Where the platform doesn't say, the refusal isn't sure.
        """
        left = await self._left(path) if refusal.errcode == DAILY_QUOTA else None
        if left is None:
            return refusal
        if left.remain <= 0:
            refusal.used, refusal.allowed = left.used, left.daily_limit
            return refusal
        slower = Retryable(refusal.errcode, refusal.errmsg, refusal.rid)
        slower.after_seconds = left.rate_seconds or RATE_SECONDS
        return slower

    async def _left(self, path: str) -> Quota | None:
        if self._ask is None:
            return None
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            until, left = self._told.get(path, (0.0, None))
            if time.monotonic() >= until:
                try:
                    left = await asyncio.to_thread(self._ask, path)
                except WeChatError:
                    left = None
                self._told[path] = (time.monotonic() + FRESH_SECONDS, left)
            return left


class _Batch:
    """One batch on its way."""

    def __init__(
        self,
        account: AccountSettings,
        token: _Token,
        quotas: _Quotas,
        session: aiohttp.ClientSession,
        lanes: Iterable[Sequence[Job]],
    ) -> None:
        self._account = account
        self._token = token
        self._quotas = quotas
        self._session = session
        self._lanes = iter(lanes)
        self._refusal: WeChatError | None = None
        self._known: list[Outcome | Exception] = []
        self._news = asyncio.Event()

    async def known(self) -> list[Outcome | Exception]:
        """What became known since the last time, at least one."""
        await self._news.wait()
        self._news.clear()
        known, self._known = self._known, []
        return known

    async def work(self) -> None:
        """Send to one person after the other, and each one's messages one after the other (43108)."""
        for lane in self._lanes:
            for job in lane:
                known: Outcome | Exception
                try:
                    known = await self._outcome(job)
                except Exception as error:  # noqa: BLE001 - it is for who listens
                    known = error
                self._known.append(known)
                self._news.set()

    async def _outcome(self, job: Job) -> Outcome:
        if self._refusal is not None:
            return Outcome(job.id, error=self._refusal)
        try:
            return Outcome(job.id, await self._post(_built(job, self._account)))
        except AlreadyDone as before:
            return Outcome(job.id, before.original)
        except (Misconfigured, QuotaSpent) as refusal:
            self._refusal = refusal
            return Outcome(job.id, error=refusal)
        except WeChatError as error:
            return Outcome(job.id, error=error)

    async def _post(self, send: Send) -> str:
        token = await self._token.instead_of("")
        try:
            try:
                answer = await self._try(send, token)
            except StaleToken:
                if self._refusal is not None:
                    raise self._refusal from None
                answer = await self._try(send, await self._token.instead_of(token))
        except QuotaSpent as refusal:
            meant = await self._quotas.meant(send.path, refusal)
        else:
            return str(answer.get("msgid", ""))
        raise meant

    async def _try(self, send: Send, token: str) -> dict[str, Any]:
        hide = (token, str(send.body["touser"]))
        try:
            address = f"{self._account.api_base}{send.path}?access_token={quote(token, safe='')}"
            async with self._session.post(address, data=encoded(send.body), allow_redirects=False) as response:
                answer = Answer(response.status, "", await response.read())
        except (aiohttp.ClientError, TimeoutError) as fault:
            failure = _failure(fault, once=send.once)
        else:
            return understood(answer, once=send.once, hide=hide)
        raise failure


def _built(job: Job, account: AccountSettings) -> Send:
    match job.what:
        case Notice() as notice:
            return notice_send(notice, account)
        case News() as news:
            return news_send(job.openid, news)
        case TemplateMessage(notice, client_msg_id):
            return template_send(notice, client_msg_id)
        case words:
            return text_send(job.openid, words)


def _failure(fault: Exception, *, once: bool) -> WeChatError:
    if isinstance(fault, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return unreached("the platform can't be reached")
    reason = "no answer in time" if isinstance(fault, TimeoutError) else "the connection broke"
    return lost(reason, once=once)
