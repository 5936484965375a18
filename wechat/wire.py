"""One call to the platform and every way it can end: an answer, or an error whose name says what to do.

`once` marks a call that the platform would do a second time if it were repeated: when its answer is lost it raises
`Unsure`, and any other call `Retryable`. Errors are raised outside of `except` blocks, so that none carries the
library's exception with it: those hold the request, and the request holds the token.
"""

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import MaxRetryError

from wechat import errors
from wechat.errors import Retryable, Unsure, WeChatError

CONNECT_SECONDS = 3.05
READ_SECONDS = 8.0
JSON_TYPE = "application/json; charset=utf-8"

UNREADABLE = "the answer can't be read"

_OK = 200
_REDIRECTS = 300
_SERVER_FAULTS = 500
_POOL = 32

# `json.dumps` and `json.loads` make a coder for each call that isn't told as little as usual.
_written = json.JSONEncoder(ensure_ascii=False).encode
_read = json.JSONDecoder(strict=False).decode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever it is."""

    status: int
    content_type: str
    content: bytes
    date: str = ""  # when, by the other side's clock; as HTTP writes it

    @property
    def is_file(self) -> bool:
        """Whether this is what was asked for and not the platform's word about it."""
        worded = "json" in self.content_type or "text/" in self.content_type
        return _OK <= self.status < _REDIRECTS and not worded


def encoded(body: Mapping[str, Any]) -> bytes:
    r"""Return `body` as JSON in plain UTF-8: the platform shows `\u` escapes as they are, or refuses them (40033)."""
    return _written(body).encode("utf-8", "replace")


def understood(answer: Answer, *, once: bool, hide: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a good answer; raise the error that a bad, foreign or unreadable one stands for."""
    if not _OK <= answer.status < _REDIRECTS:
        refused = answer.status < _SERVER_FAULTS
        raise lost(f"HTTP {answer.status}", once=once and not refused)
    fields = _fields(answer.content)
    code = fields.get("errcode", 0) if fields is not None else None
    if fields is None or not isinstance(code, int):
        raise lost(UNREADABLE, once=once)
    if code:
        original = str(fields.get("msgid") or fields.get("msg_id") or "")
        raise errors.from_code(code, str(fields.get("errmsg", "")), original=original, hide=hide)
    return fields


def lost(reason: str, *, once: bool) -> WeChatError:
    """Return the error for a call that was sent and whose end is not known."""
    return Unsure(None, reason) if once else Retryable(None, reason)


def unreached(reason: str) -> WeChatError:
    """Return the error for a call that never left."""
    return Retryable(None, reason)


def proxy_to(base: str) -> str | None:
    """Return the proxy that the environment names for `base`, as `Wire` would take it."""
    return select_proxy(base, get_environ_proxies(base))


def _fields(content: bytes) -> dict[str, Any] | None:
    try:
        found = _read(content.decode("utf-8", "replace"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Wire:
    """Calls to one platform address; threads may share it."""

    def __init__(self, base: str, *, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        self._base = base.rstrip("/")
        self._timeouts = timeouts
        self._http = requests.Session()
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=_POOL))
        # urllib3 writes whole addresses at DEBUG, and the platform wants its token in the address.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def call(self, method: str, path: str, *, once: bool = False, **request: Any) -> Answer:
        """Send one request (`params data files headers` as in requests) to `path`; raise `Retryable` or `Unsure`.

        A redirect is not followed: it would take the token elsewhere.
        """
        address = f"{self._base}{path}"
        try:
            response = self._http.request(method, address, timeout=self._timeouts, allow_redirects=False, **request)
        except requests.RequestException as fault:
            failure = _failure(fault, once=once)
        else:
            told = response.headers
            return Answer(response.status_code, told.get("Content-Type", ""), response.content, told.get("Date", ""))
        raise failure


def _failure(fault: requests.RequestException, *, once: bool) -> WeChatError:
    if fault.args and isinstance(fault.args[0], MaxRetryError):  # urllib3 wraps so what fails before anything is sent
        return unreached("the platform can't be reached")
    reason = "no answer in time" if isinstance(fault, requests.Timeout) else "the connection broke"
    return lost(reason, once=once)
