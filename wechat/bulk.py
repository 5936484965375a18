"""Many sends in flight at once, for broadcasts: one connection pool, one token, one message at a time for each person.

It says what came of every job and never raises for one of them.
"""

import asyncio
from collections.abc import AsyncGenerator, Hashable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Self

import aiohttp

from wechat.api.customer_service import news_send, text_send
from wechat.api.line import Send
from wechat.api.notices import notice_send, template_send
from wechat.errors import AlreadyDone, Misconfigured, QuotaSpent, StaleToken, WeChatError
from wechat.messages import News, Notice, TemplateMessage
from wechat.settings import AccountSettings
from wechat.tokens import Tokens
from wechat.wire import CONNECT_SECONDS, JSON_TYPE, READ_SECONDS, Answer, encoded, lost, proxy_to, understood, unreached


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

    Use one object in one way: `async with Bulk(...) as bulk` and `bulk.send` inside an event loop, or `send_all` and
    `close` from threads without one (batches of several threads then follow one another). Connections stay open
    between batches.
    """

    def __init__(
        self,
        account: AccountSettings,
        tokens: Tokens,
        *,
        in_flight: int = 64,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._account = account
        self._tokens = tokens
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
        batch = _Batch(self._account, self._tokens, self._open_session(), self._in_flight)
        tasks = [asyncio.create_task(batch.lane(lane)) for lane in lanes.values()]
        try:
            for ended in asyncio.as_completed(tasks):
                for outcome in await ended:
                    yield outcome
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
                proxy=proxy_to(self._account.api_base),  # aiohttp's trust_env asks anew for each send: a third as fast
            )
        return self._session


class _Batch:
    """One batch on its way: its token is asked for once, and once more by the first who finds it refused."""

    def __init__(
        self, account: AccountSettings, tokens: Tokens, session: aiohttp.ClientSession, in_flight: int
    ) -> None:
        self._account = account
        self._tokens = tokens
        self._session = session
        self._room = asyncio.Semaphore(in_flight)
        self._turn = asyncio.Lock()
        self._token = ""
        self._refusal: WeChatError | None = None

    async def lane(self, jobs: Iterable[Job]) -> list[Outcome]:
        """Send one person's messages one after the other (43108)."""
        return [await self._outcome(job) for job in jobs]

    async def _outcome(self, job: Job) -> Outcome:
        async with self._room:
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
        token = self._token or await self._instead_of("")
        try:
            answer = await self._try(send, token)
        except StaleToken:
            answer = await self._try(send, await self._instead_of(token))
        return str(answer.get("msgid", ""))

    async def _instead_of(self, stale: str) -> str:
        async with self._turn:
            if self._token == stale and self._refusal is None:
                try:
                    self._token = await asyncio.to_thread(self._tokens.refresh, stale)
                except WeChatError as refusal:
                    self._refusal = refusal
            if self._refusal is not None:
                raise self._refusal
            return self._token

    async def _try(self, send: Send, token: str) -> dict[str, Any]:
        hide = (token, str(send.body["touser"]))
        try:
            async with self._session.post(
                f"{self._account.api_base}{send.path}",
                params={"access_token": token},
                data=encoded(send.body),
                headers={"Content-Type": JSON_TYPE},
                allow_redirects=False,
            ) as response:
                answer = Answer(response.status, response.content_type, await response.read())
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
