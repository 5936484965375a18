"""A member's phone with the platform behind it: what it says goes through the real door, signed and sealed.

Its crypto is wechatpy's and its XML is xmltodict's, so that it shares no fault with the program under test.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Protocol

import requests
import xmltodict  # type: ignore[import-untyped]
from flask.testing import FlaskClient
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from wechat.settings import AccountSettings

PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Response:
    """What the program answered to one push, as bytes of HTTP."""

    status: int
    body: bytes = field(repr=False)


class Door(Protocol):
    """Posts a body to a path of the program."""

    def __call__(self, path: str, query: Mapping[str, str], body: bytes) -> Response: ...


def in_process(client: FlaskClient) -> Door:
    """The door of an application in this process."""

    def post(path: str, query: Mapping[str, str], body: bytes) -> Response:
        answer = client.post(path, query_string=dict(query), data=body, content_type="text/xml")
        return Response(answer.status_code, answer.get_data())

    return post


def over_http(base_url: str) -> Door:
    """The door of a program that listens on this machine."""
    session = requests.Session()
    session.trust_env = False

    def post(path: str, query: Mapping[str, str], body: bytes) -> Response:
        answer = session.post(base_url.rstrip("/") + path, params=query, data=body, timeout=PATIENCE_SECONDS)
        return Response(answer.status_code, answer.content)

    return post


def signed(account: AccountSettings, now: datetime, cipher: str = "") -> dict[str, str]:
    """The query of a push that the platform signs now, over a cipher where there is one."""
    token, timestamp, nonce = account.token.get_secret_value(), str(int(now.timestamp())), secrets.token_hex(8)
    query = {"signature": _signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    if cipher:
        query |= {"encrypt_type": "aes", "msg_signature": _signature(token, timestamp, nonce, cipher)}
    return query


class Phone:
    """One member of one account.

    Each thing done returns the words answered, "" where there are none; `answer` keeps the whole reply (of a card,
    say), `response` the bytes. A status other than 200 fails the test at once, unless the phone is not `strict`.
    """

    def __init__(
        self,
        door: FlaskClient | str,
        account: AccountSettings,
        openid: str,
        clock: Callable[[], datetime],
        *,
        name: str = "official",
        form: str = "xml",
        strict: bool = True,
    ) -> None:
        self.openid = openid
        self.answer: dict[str, Any] = {}
        self.response = Response(0, b"")
        self._door = over_http(door) if isinstance(door, str) else in_process(door)
        self._account = account
        self._recipient = account.original_id or "gh_0123456789ab"
        self._path = f"/wechat/{name}"
        self._clock = clock
        self._forward: Callable[..., None] | None = getattr(clock, "forward", None)
        self._form = form
        self._strict = strict
        self._numbers = count(secrets.randbits(48))
        self._last = b""
        self._said = ""

    def says(self, text: str) -> str:
        """Say something. Nobody says the same again at once: where the test moves the clock, a moment goes by."""
        if text == self._said and self._forward:
            self._forward(seconds=2)
        return self.taps_send(text)

    def joins(self, words: str) -> str:
        """Say a join code, and agree to the notice where that is asked."""
        answer = self.says(words)
        return self.says("同意") if "回复“同意”" in answer else answer

    def taps_send(self, text: str) -> str:
        """Send words at once, the same as before too: what a finger does that taps twice."""
        self._said = text
        return self.sends("text", Content=text)

    def sends_picture(self, url: str, media_id: str) -> str:
        return self.sends("image", PicUrl=url, MediaId=media_id)

    def sends(self, kind: str, **fields: Any) -> str:
        """Send a message of any kind, with a number of its own."""
        return self.pushes({"MsgType": kind, **fields, "MsgId": str(next(self._numbers))})

    def follows(self, scene: str = "") -> str:
        if not scene:
            return self.event({"Event": "subscribe", "EventKey": ""})
        return self.event({"Event": "subscribe", "EventKey": f"qrscene_{scene}", "Ticket": "TICKET"})

    def leaves(self) -> str:
        return self.event({"Event": "unsubscribe", "EventKey": ""})

    def scans(self, scene: str) -> str:
        return self.event({"Event": "SCAN", "EventKey": scene, "Ticket": "TICKET"})

    def taps(self, key: str) -> str:
        return self.event({"Event": "CLICK", "EventKey": key})

    def event(self, fields: Mapping[str, Any]) -> str:
        """Push an event: its name in `Event` and its other fields, nested where they are."""
        return self.pushes({"MsgType": "event", **fields})

    def pushes(self, fields: Mapping[str, Any]) -> str:
        """Push any fields, under the head that every message has."""
        head = {
            "ToUserName": self._recipient,
            "FromUserName": self.openid,
            "CreateTime": str(int(self._clock().timestamp())),
        }
        return self.pushes_body(self._write({**head, **fields}))

    def pushes_body(self, body: bytes) -> str:
        """Push a plain body as it is."""
        self._last = body
        return self.repeats()

    def repeats(self) -> str:
        """Send the last message once more, as the platform does: the same message under a new nonce and signature."""
        query, body = self._sealed(self._last)
        self.response = self._door(self._path, query, body)
        if self._strict and self.response.status != 200:
            raise AssertionError(f"the program answered {self.response.status}")
        self.answer = self._opened(self.response.body) if self.response.status == 200 else {}
        return self.answer.get("Content") or ""

    def _write(self, fields: Mapping[str, Any]) -> bytes:
        if self._form == "json":
            return json.dumps(fields, ensure_ascii=False).encode()
        written: str = xmltodict.unparse({"xml": fields}, full_document=False)
        return written.encode()

    def _sealed(self, plain: bytes) -> tuple[dict[str, str], bytes]:
        now = self._clock()
        if self._account.mode == "plain":
            return {**signed(self._account, now), "openid": self.openid}, plain
        sealed = self._crypto().encrypt_message(plain, "nonce", "1")  # the signature inside is of no use: we sign anew
        cipher = xmltodict.parse(sealed)["xml"]["Encrypt"]
        clear = self._read(plain) if self._account.mode == "compat" else {"ToUserName": self._recipient}
        query = {**signed(self._account, now, cipher), "openid": self.openid}
        return query, self._write({**clear, "Encrypt": cipher})

    def _opened(self, body: bytes) -> dict[str, Any]:
        if body in (b"", b"success"):
            return {}
        if self._account.mode != "plain":
            sealed = self._read(body)
            body = self._crypto().decrypt_message(
                sealed, sealed["MsgSignature"], str(sealed["TimeStamp"]), sealed["Nonce"]
            )
        fields: dict[str, Any] = xmltodict.parse(body)["xml"]
        return fields

    def _read(self, body: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(body) if self._form == "json" else xmltodict.parse(body)["xml"]
        return fields

    def _crypto(self) -> WeChatCrypto:
        account = self._account
        return WeChatCrypto(
            account.token.get_secret_value(), account.encoding_aes_key.get_secret_value(), account.appid
        )


def _signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    signature: str = signer.signature
    return signature
