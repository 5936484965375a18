"""The line to the platform that every subject of the API shares: a token, a time limit, one retry, our own errors.

wechatpy knows the addresses and bodies; its `_request` is replaced (sdk-notes.md §3): one retry on a stale token
instead of endless ones, a time limit on every call, `api_base` for every address, UTF-8 without escapes, and our own
errors, which carry neither its client nor the request. What it lacks or sends wrongly is posted by `_ask` and `_send`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from wechatpy import WeChatClient

from wechat.errors import StaleToken
from wechat.settings import AccountSettings
from wechat.tokens import Tokens
from wechat.wire import CONNECT_SECONDS, JSON_TYPE, READ_SECONDS, UNREADABLE, Wire, encoded, lost, understood

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """A message ready to be posted: where to and what; `once` where nothing keeps a repeat from sending it twice."""

    path: str
    body: Mapping[str, Any] = field(repr=False)
    once: bool = True


@dataclass(frozen=True, slots=True)
class Media:
    """A downloaded file."""

    content: bytes = field(repr=False)
    content_type: str


class _Sdk(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's list of the API, over our wire."""

    def __init__(self, account: AccountSettings, tokens: Tokens, wire: Wire) -> None:
        super().__init__(account.appid, secret="", auto_retry=False)
        self._tokens = tokens
        self._wire = wire

    @property
    def access_token(self) -> str:
        """The fleet's token."""
        return self._tokens.get()

    def _request(self, method: str, url_or_endpoint: str, **request: Any) -> Any:
        """Make one call; a refused token is replaced and the call made once more.

        Beside wechatpy's arguments: `once` (see wire.py), `raw` (give the `Answer` as it is when it is a file) and
        `form` (fields beside `files`).
        An answer that `result_processor` can't make sense of is a lost one.
        """
        path = urlsplit(urljoin(request.pop("api_base_url", self.API_BASE_URL), url_or_endpoint)).path
        processor = request.pop("result_processor", None)
        token = self._tokens.get()
        try:
            answer = self._try(method, path, token, **request)
        except StaleToken:
            answer = self._try(method, path, self._tokens.refresh(token), **request)
        return _made(processor, answer) if processor else answer

    def _try(self, method: str, path: str, token: str, **request: Any) -> Any:
        once, raw = request.pop("once", False), request.pop("raw", False)
        data = request.pop("data", None)
        if form := request.pop("form", None):
            request["data"] = form
        hide: tuple[str, ...] = (token,)
        if isinstance(data, Mapping):
            hide = (token, str(data.get("touser", "")), str(data.get("openid", "")))
            request |= {"data": encoded(data), "headers": {"Content-Type": JSON_TYPE}}
        request["params"] = {**request.get("params", {}), "access_token": token}
        answer = self._wire.call(method, path, once=once, **request)
        return answer if raw and answer.is_file else understood(answer, once=once, hide=hide)


class Line:
    """One account's line; threads may share it. `timeouts` are seconds to connect and seconds without a byte."""

    def __init__(
        self,
        account: AccountSettings,
        tokens: Tokens,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._account = account
        self._wire = Wire(account.api_base, timeouts=timeouts)
        self._sdk = _Sdk(account, tokens, self._wire)

    def _send(self, send: Send) -> str:
        answer = self._sdk.post(send.path, data=send.body, once=send.once)
        return str(answer.get("msgid", ""))

    def _send_with_secret(self, path: str, body: Mapping[str, Any], *, under: str) -> None:
        """Post `body` with the account's secret `under` its name; it needs no token."""
        hidden = self._account.secret.get_secret_value()
        data = encoded({**body, under: hidden})
        answer = self._wire.call("POST", path, once=True, data=data, headers={"Content-Type": JSON_TYPE})
        understood(answer, once=True, hide=(hidden,))

    def _read(self, path: str, made: Callable[[dict[str, Any]], T], **params: str) -> T:
        found: T = self._sdk.get(path, params=params, result_processor=made)
        return found

    def _with_secret(self, path: str, made: Callable[[dict[str, Any]], T], **params: str) -> T:
        """Make a call that bears the account's secret instead of a token."""
        secret = self._account.secret.get_secret_value()
        known = {"appid": self._account.appid, "secret": secret, "grant_type": "authorization_code"}
        answer = self._wire.call("GET", path, params={**known, **params})
        found: T = _made(made, understood(answer, once=False, hide=(secret, *params.values())))
        return found

    def _ask(self, path: str, body: Mapping[str, Any], made: Callable[[dict[str, Any]], T]) -> T:
        found: T = self._sdk.post(path, data=body, result_processor=made)
        return found


def walk(page: Callable[[str], tuple[list[str], str]], after: str) -> Iterator[str]:
    """Give the openids after this one, a page in memory at a time; `page` asks for those after an openid."""
    while True:
        openids, then = page(after)
        yield from openids
        if not openids or not then or then == after:
            return
        after = then


def page_of(fields: Mapping[str, Any]) -> tuple[list[str], str]:
    """The openids of a page and the last of them; an empty page has no `data` at all (§5)."""
    openids = fields["data"]["openid"] if fields.get("count") or "data" in fields else []
    return [str(openid) for openid in openids], str(fields.get("next_openid", ""))


def listed(page: Callable[[int], tuple[list[T], int]], start: int) -> Iterator[T]:
    """Give what is listed by places, a page in memory at a time; `page` gives those from a place on, and the total."""
    while True:
        some, total = page(start)
        yield from some
        start += len(some)
        if not some or start >= total:
            return


def batches(openids: Iterable[str], size: int) -> Iterator[list[str]]:
    """Give `openids` by so many at a time."""
    rest = iter(openids)
    while some := list(islice(rest, size)):
        yield some


def _made(processor: Callable[[Any], Any], answer: Any) -> Any:
    try:
        return processor(answer)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        failure = lost(UNREADABLE, once=False)
    raise failure
