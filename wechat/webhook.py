"""The platform's door: a signed push comes in, its answer goes back, and nothing else ever gets further."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from wechat.body import LARGEST_BYTES
from wechat.envelope import Envelope, Refused, Undecipherable
from wechat.inbound import BadMessage, parse
from wechat.messages import Kind, Message
from wechat.outbound import SUCCESS
from wechat.settings import AccountSettings

log = structlog.get_logger(__name__)

_XML, _JSON, _TEXT = "application/xml", "application/json", "text/plain"


def blueprint(
    accounts: Mapping[str, AccountSettings],
    receive: Callable[[Message], bytes],
    *,
    clock: Callable[[], datetime],
    count: Callable[[str], None] = lambda _outcome: None,
) -> Blueprint:
    """Serve `GET|POST /wechat/<account>`; `receive` gives the plain answer to a message.

    A bad or old signature is 403, a body that holds no message 400, one over 1 MiB 413, an unknown account 404: all
    without a word of detail, which is for the log. `count` hears one outcome a request: verified, answered, failed,
    refused, malformed, too_large or unknown_account.
    """
    doors = {name: _Door(name, account, Envelope(account), receive, clock) for name, account in accounts.items()}
    webhook = Blueprint("wechat", __name__)

    @webhook.route("/wechat/<account>", methods=["GET", "POST"], provide_automatic_options=False)
    def push(account: str) -> Response:
        door = doors.get(account)
        outcome, response = door.answer() if door else ("unknown_account", Response(status=404))
        count(outcome)
        return response

    return webhook


@dataclass(frozen=True, slots=True)
class _Door:
    """One account's webhook."""

    name: str
    account: AccountSettings = field(repr=False)
    envelope: Envelope
    receive: Callable[[Message], bytes]
    clock: Callable[[], datetime]

    def answer(self) -> tuple[str, Response]:
        """Return the outcome of the request at hand and its response."""
        try:
            return self._push() if request.method == "POST" else self._verification()
        except Refused as refused:
            return self._turned_away("refused", 403, refused)
        except (Undecipherable, BadMessage) as bad:
            return self._turned_away("malformed", 400, bad)
        except RequestEntityTooLarge:
            return self._turned_away("too_large", 413, "the body is over 1 MiB")

    def _verification(self) -> tuple[str, Response]:
        return "verified", _response(self.envelope.verify(request.args, self.clock()).encode(), _TEXT)

    def _push(self) -> tuple[str, Response]:
        opened = self.envelope.open(request.args, _body(), self.clock())
        miniprogram = self.account.kind == "miniprogram"
        outcome, reply = self._reply(parse(opened.plain, account=self.name, miniprogram=miniprogram))
        sealed = self.envelope.seal(reply, opened, now=self.clock())
        return outcome, _response(sealed, _type_of(sealed))

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

    def _turned_away(self, outcome: str, status: int, reason: Exception | str) -> tuple[str, Response]:
        log.warning("push turned away", account=self.name, outcome=outcome, reason=str(reason))
        return outcome, Response(status=status, mimetype=_TEXT)


def _body() -> bytes:
    """Return the request's body; a chunked one says no length, so it is read up to one byte too many."""
    request.max_content_length = LARGEST_BYTES + 1
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BYTES:
        raise RequestEntityTooLarge
    return body


def _type_of(body: bytes) -> str:
    return {b"<": _XML, b"{": _JSON}.get(body[:1], _TEXT)


def _response(body: bytes, mimetype: str) -> Response:
    return Response(body, mimetype=mimetype, headers={"X-Content-Type-Options": "nosniff"})
