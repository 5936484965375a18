"""Delivering pushes to the bot (§1.4): five seconds an attempt, three attempts, the same message each time."""

import queue
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Thread
from typing import Any
from urllib.parse import quote

import requests

from wechat.sandbox import pushes
from wechat.sandbox.call import Push
from wechat.sandbox.knobs import HOLD_SECONDS, WEBHOOK, Hit, Knobs
from wechat.sandbox.wirelog import Entry

LARGEST_REPLY = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an answer may take, how often a push is tried in all, and how many are on their way at once."""

    seconds: float = 5.0
    attempts: int = 3
    threads: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a push: a reply to show, silence (neither), or the fault; `again` says that repeating may help."""

    said: dict[str, Any] | None = None
    fault: str = ""
    again: bool = False


Settle = Callable[[Push, Outcome], None]
_Job = tuple[Push, Settle, Future[Outcome]]


class Sender:
    """A queue in the order of sends and a few threads that empty it, so that a slow bot holds up nobody's API call."""

    def __init__(
        self,
        webhook_base: str,
        *,
        patience: Patience,
        knobs: Knobs,
        clock: Callable[[], datetime],
        record: Callable[[Entry], None],
    ) -> None:
        self._base = webhook_base.rstrip("/")
        self._patience = patience
        self._knobs = knobs
        self._clock = clock
        self._record = record
        self._arrived = Condition()
        self._arrivals: Counter[str] = Counter()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [Thread(target=self._work, name=f"push-{n}", daemon=True) for n in range(patience.threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, push: Push, settle: Settle) -> Future[Outcome]:
        """Queue a push; `settle` hears what came of it, and then the future does."""
        done: Future[Outcome] = Future()
        self._jobs.put((push, settle, done))
        return done

    def close(self) -> None:
        """Deliver what is queued and end the threads."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            push, settle, done = job
            try:
                outcome = self._deliver(push)
                settle(push, outcome)
                done.set_result(outcome)
            except Exception as fault:  # noqa: BLE001 (the thread lives on; who waits is told)
                done.set_exception(fault)

    def _deliver(self, push: Push) -> Outcome:
        if push.finding:
            push = replace(push, fields={**push.fields, **push.finding()}, finding=None)
        created = int(self._clock().timestamp())
        plain = pushes.compose(push, created=created)
        outcome = Outcome(fault="never tried")
        for _ in range(self._patience.attempts):
            outcome = self._attempt(push, plain)
            if not outcome.again:
                break
        return outcome

    def _attempt(self, push: Push, plain: bytes) -> Outcome:
        hit = self._knobs.take(WEBHOOK)
        self._hold_back(push, hit)
        if "drop_before" in hit:
            return self._dropped(push, plain)
        outcome = self._exchange(push, plain)
        if "repeat" in hit:
            self._exchange(push, plain)
        with self._arrived:
            self._arrivals[push.openid] += 1
            self._arrived.notify_all()
        return Outcome(fault="answer lost", again=True) if "drop_after" in hit else outcome

    def _dropped(self, push: Push, plain: bytes) -> Outcome:
        lost = "dropped on the way"
        words = (lost, 0, plain.decode(), "", push.openid)
        self._record(Entry(self._clock().timestamp(), "out", push.account.name, "POST", _path(push), *words))
        return Outcome(fault=lost, again=True)

    def _hold_back(self, push: Push, hit: Hit) -> None:
        if "delay" in hit:
            time.sleep(hit["delay"].value)
        if "hold" in hit:
            with self._arrived:
                before = self._arrivals[push.openid]
                self._arrived.wait_for(
                    lambda: self._arrivals[push.openid] > before, timeout=hit["hold"].value or HOLD_SECONDS
                )

    def _exchange(self, push: Push, plain: bytes) -> Outcome:
        began, started = self._clock(), time.perf_counter()
        delivery = pushes.wrap(push, plain, timestamp=int(began.timestamp()), nonce=str(secrets.randbelow(10**10)))
        path, answered = _path(push), b""
        try:
            answered = self._post(path, delivery)
            outcome = Outcome(said=pushes.read(push, answered))
        except requests.RequestException as fault:
            outcome = Outcome(fault=_reason(fault), again=True)
        except pushes.BadReply as fault:
            outcome = Outcome(fault=str(fault))
        millis = round((time.perf_counter() - started) * 1000)
        words = (outcome.fault or "ok", millis, plain.decode(), pushes.opened(push.account, answered))
        self._record(Entry(began.timestamp(), "out", push.account.name, "POST", path, *words, push.openid))
        return outcome

    def _post(self, path: str, delivery: pushes.Delivery) -> bytes:
        limit = self._patience.seconds
        until = time.monotonic() + limit
        with requests.Session() as session:
            session.trust_env = False
            with session.post(
                self._base + path,
                params=delivery.query,
                data=delivery.body,
                headers={"Content-Type": delivery.content_type, "User-Agent": "Mozilla/4.0"},
                timeout=limit,
                stream=True,
                allow_redirects=False,
            ) as response:
                body = _read(response, until)
                if response.status_code != requests.codes.ok:
                    raise requests.HTTPError(f"HTTP {response.status_code}", response=response)
                return body


def _path(push: Push) -> str:
    return f"/wechat/{quote(push.account.name)}"


def _read(response: requests.Response, until: float) -> bytes:
    """The body, if all of it comes in time: a drip-feeding bot is a late one."""
    body = b""
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if time.monotonic() > until or len(body) > LARGEST_REPLY:
            raise requests.Timeout("the answer took too long or was too large")
    return body


def _reason(fault: requests.RequestException) -> str:
    if isinstance(fault, requests.HTTPError):
        return str(fault)
    return "no answer in time" if isinstance(fault, requests.Timeout) else "no connection"
