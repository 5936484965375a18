"""The platform's door: a signed push comes in, its answer goes back, and nothing else ever gets further.

It speaks WSGI itself, in front of the site's Flask application: of all that happens to a message, Flask's contexts,
routing and response classes were a fifth (docs/decisions/0004).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from wechat.body import LARGEST_BYTES
from wechat.envelope import Envelope, Refused, Undecipherable
from wechat.inbound import BadMessage, parse
from wechat.messages import Kind, Message
from wechat.outbound import SUCCESS
from wechat.settings import AccountSettings

log = structlog.get_logger(__name__)

PATH = "/wechat/"
_STATUS_LINES = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}
_TYPES = {b"<": "application/xml; charset=utf-8", b"{": "application/json"}


class Response(NamedTuple):
    """What goes back, and the outcome it counts as."""

    outcome: str
    status: HTTPStatus
    body: bytes = b""


class TooLarge(Exception):
    """The body is over 1 MiB."""


def in_front_of(
    site: WSGIApplication,
    accounts: Mapping[str, AccountSettings],
    receive: Callable[[Message], bytes],
    *,
    clock: Callable[[], datetime],
    work: Callable[[Callable[[], Response]], Response] = lambda push: push(),
    count: Callable[[str], None] = lambda _outcome: None,
) -> WSGIApplication:
    """Serve `GET|POST /wechat/<account>`, and leave every other path to `site`.

    `receive` gives the plain answer to a message. A bad or old signature is 403, a body that holds no message 400, one
    over 1 MiB 413, an unknown account 404, another method 405: all without a word of detail, which is for the log.
    `count` hears one outcome a request: verified, answered, failed, refused, malformed, too_large, unknown_account or
    unknown_method.
    """
    doors = {name: _Door(name, account, Envelope(account), receive, clock, work) for name, account in accounts.items()}

    def entrance(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PATH):
            return site(environ, start_response)
        door = doors.get(path[len(PATH) :].encode("latin-1").decode(errors="replace"))
        response = door.answer(environ) if door else Response("unknown_account", HTTPStatus.NOT_FOUND)
        count(response.outcome)
        start_response(_STATUS_LINES[response.status], _headers(response.body))
        return [response.body]

    return entrance


def _headers(body: bytes) -> list[tuple[str, str]]:
    return [
        ("Content-Type", _TYPES.get(body[:1], "text/plain; charset=utf-8")),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
    ]


@dataclass(frozen=True, slots=True)
class _Door:
    """One account's webhook."""

    name: str
    account: AccountSettings = field(repr=False)
    envelope: Envelope
    receive: Callable[[Message], bytes]
    clock: Callable[[], datetime]
    work: Callable[[Callable[[], Response]], Response]

    def answer(self, environ: WSGIEnvironment) -> Response:
        """Whatever comes, there is a response to it."""
        method = environ["REQUEST_METHOD"]
        try:
            if method == "POST":
                return self.work(partial(self._push, _query(environ), _body(environ)))
            if method == "GET":
                return self._verification(_query(environ))
        except Refused as refused:
            return self._turned_away("refused", HTTPStatus.FORBIDDEN, refused)
        except (Undecipherable, BadMessage) as bad:
            return self._turned_away("malformed", HTTPStatus.BAD_REQUEST, bad)
        except TooLarge as large:
            return self._turned_away("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, large)
        return Response("unknown_method", HTTPStatus.METHOD_NOT_ALLOWED)

    def _verification(self, query: Mapping[str, str]) -> Response:
        return Response("verified", HTTPStatus.OK, self.envelope.verify(query, self.clock()).encode())

    def _push(self, query: Mapping[str, str], body: bytes) -> Response:
        opened = self.envelope.open(query, body, self.clock())
        miniprogram = self.account.kind == "miniprogram"
        outcome, reply = self._reply(parse(opened.plain, account=self.name, miniprogram=miniprogram))
        return Response(outcome, HTTPStatus.OK, self.envelope.seal(reply, opened, now=self.clock()))

    def _reply(self, message: Message) -> tuple[str, bytes]:
        if message.kind is Kind.PROBE:
            return "answered", SUCCESS
        try:
            return "answered", self.receive(message)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the platform must not show its user a fault
            log.error(  # noqa: TRY400 - a traceback may hold a member's words
                "receive failed", account=self.name, kind=message.kind, fault=type(fault).__name__
            )
            return "failed", SUCCESS

    def _turned_away(self, outcome: str, status: HTTPStatus, reason: Exception) -> Response:
        log.warning("push turned away", account=self.name, outcome=outcome, reason=str(reason))
        return Response(outcome, status)


def _query(environ: WSGIEnvironment) -> Mapping[str, str]:
    """The query's fields; of one that is there twice the first counts."""
    text = environ.get("QUERY_STRING", "")
    if text.isascii() and "%" not in text and "+" not in text:  # as the platform's is: taking it apart suffices
        pairs = [pair.partition("=")[::2] for pair in text.split("&") if pair]
    else:
        text = text.encode("latin-1").decode(errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return dict(reversed(pairs))


def _body(environ: WSGIEnvironment) -> bytes:
    """The body, read no further than one byte too many; a chunked one doesn't say its length."""
    length = environ.get("CONTENT_LENGTH") or ""
    most = LARGEST_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    if length.isascii() and length.isdecimal():
        most = int(length)
    body = _read(environ["wsgi.input"], most) if most <= LARGEST_BYTES + 1 else None
    if body is None or len(body) > LARGEST_BYTES:
        raise TooLarge("the body is over 1 MiB")
    return body


def _read(stream: InputStream, most: int) -> bytes:
    """At most so many bytes: a chunked stream gives them piece by piece."""
    body = stream.read(most)
    while body and len(body) < most and (more := stream.read(most - len(body))):
        body += more
    return body
