"""Who may speak to us: the platform's signature and cipher on what comes in, and ours on what goes back.

The rules are those of the platform's message-push pages (wechat-platform.md §1). In the encrypted modes `msg_signature`
is what counts: the plain `signature` does not cover the body.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Never

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

from wechat.body import BadMessage, Body, Form, read, word
from wechat.settings import AccountSettings, aes_key

_PAD_TO = 32
_SALT_BYTES = 16
_LENGTH_BYTES = 4
_NONCE_BYTES = 8
_TIMESTAMP_DIGITS = 12
_AES_BLOCK = 16
_UNSEALED = (b"", b"success")


class Refused(Exception):
    """Not signed by the platform, not for us, or not now: 403; the text is for the operator and repeats no input."""


class Undecipherable(Exception):
    """Signed or not, there is no message to be had from the body: 400."""


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """How the answer must be sealed: with the token and key that opened the message; no key, no seal."""

    form: Form
    token: bytes = field(repr=False)
    key: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside, and how to answer it."""

    plain: bytes = field(repr=False)
    reply: ReplyForm


class Envelope:
    """The check, opening and sealing of one account's messages, in any of the three modes."""

    def __init__(self, account: AccountSettings, *, random: Callable[[int], bytes] = os.urandom) -> None:
        self._account = account
        self._random = random
        self._tokens = [text.encode() for text in _given(account.token, account.previous_token)]
        keys = (account.encoding_aes_key, account.previous_encoding_aes_key)
        self._keys = [aes_key(SecretStr(text)) for text in _given(*keys)]

    def verify(self, query: Mapping[str, str], now: datetime) -> str:
        """Return the `echostr` of the console's GET, which no mode encrypts, or raise Refused."""
        self._check_age(query, now)
        self._signer(query)
        if "echostr" not in query:
            raise Refused("there is no echostr")
        return query["echostr"]

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> Opened:
        """Return the message that the platform signed for this account, or raise Refused or Undecipherable."""
        self._check_age(query, now)
        if self._account.mode == "plain":
            return self._open_plain(query, body)
        return self._open_cipher(query, body)

    def seal(self, reply: bytes, opened: Opened, *, now: datetime) -> bytes:
        """Return the reply as `opened` wants it; a bare `success` and nothing at all stay as they are."""
        how = opened.reply
        if how.key is None or reply in _UNSEALED:
            return reply
        cipher = lock(reply, key=how.key, appid=self._account.appid, salt=self._random(_SALT_BYTES))
        timestamp, nonce = int(now.timestamp()), self._random(_NONCE_BYTES).hex()
        signature = sign(how.token, str(timestamp), nonce, cipher)
        return _write(how.form, cipher=cipher, signature=signature, timestamp=timestamp, nonce=nonce)

    def _open_plain(self, query: Mapping[str, str], body: bytes) -> Opened:
        token = self._signer(query)
        if self._account.original_id:
            self._check_recipient(_body(body).fields)
        return Opened(body, ReplyForm(Form.XML, token, None))

    def _open_cipher(self, query: Mapping[str, str], body: bytes) -> Opened:
        if query.get("encrypt_type") != "aes" or "msg_signature" not in query:
            raise Refused("the request is not in an encrypted mode, the account is")
        outside = _body(body)
        cipher = word(outside.fields, "Encrypt").strip()
        if not cipher:
            raise Refused("the body is not encrypted")
        token = self._signer(query, cipher)
        self._check_recipient(outside.fields)
        plain, key = self._unlock(cipher)
        if self._account.original_id:
            self._check_recipient(_body(plain).fields)
        return Opened(plain, ReplyForm(outside.form, token, key))

    def _check_age(self, query: Mapping[str, str], now: datetime) -> None:
        timestamp = query.get("timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
            raise Refused("there is no timestamp")
        if abs(now.timestamp() - int(timestamp)) > self._account.max_age_seconds:
            raise Refused("the request is too old, or one of the clocks is wrong")

    def _signer(self, query: Mapping[str, str], cipher: str | None = None) -> bytes:
        for token in self._tokens:
            if _signed(query, token, cipher):
                return token
        raise Refused("the signature does not match: the Token differs from the console's, or it is not the platform")

    def _check_recipient(self, fields: Mapping[str, Any]) -> None:
        wanted = self._account.original_id
        if wanted and word(fields, "ToUserName") != wanted:
            raise Refused("the message is for another account: original_id differs")

    def _unlock(self, cipher: str) -> tuple[bytes, bytes]:
        foreign = False
        for key in self._keys:
            try:
                plain, appid = unlock(cipher, key=key)
            except Undecipherable:
                continue
            if hmac.compare_digest(appid, self._account.appid.encode()):
                return plain, key
            foreign = True
        if foreign:
            raise Refused("the message is for another account: the AppID inside differs")
        return _undecipherable()


def sign(token: bytes, *parts: str) -> str:
    """Return the platform's signature: the hex SHA-1 of token and parts, sorted and joined."""
    sorted_parts = sorted([token, *[part.encode(errors="replace") for part in parts]])
    return hashlib.sha1(b"".join(sorted_parts), usedforsecurity=False).hexdigest()


def lock(message: bytes, *, key: bytes, appid: str, salt: bytes) -> str:
    """Return the message as base64 of AES-256-CBC over 16 bytes of salt, length, message and AppID, padded to 32."""
    plain = salt + len(message).to_bytes(_LENGTH_BYTES, "big") + message + appid.encode()
    pad = _PAD_TO - len(plain) % _PAD_TO
    encryptor = _aes(key).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def unlock(cipher: str, *, key: bytes) -> tuple[bytes, bytes]:
    """Return the message and the AppID that `lock` put together, or raise Undecipherable."""
    try:
        blocks = base64.b64decode(cipher, validate=True)
    except ValueError:
        _undecipherable()
    if not blocks or len(blocks) % _AES_BLOCK:
        _undecipherable()
    decryptor = _aes(key).decryptor()
    content = _unpad(decryptor.update(blocks) + decryptor.finalize())[_SALT_BYTES:]
    end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "big")
    if end > len(content):
        _undecipherable()
    return content[_LENGTH_BYTES:end], content[end:]


def _unpad(padded: bytes) -> bytes:
    pad = padded[-1]
    if not 1 <= pad <= _PAD_TO or padded[-pad:] != bytes([pad]) * pad:
        _undecipherable()
    return padded[:-pad]


@lru_cache(maxsize=32)
def _aes(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK]))


def _given(*secrets_: SecretStr) -> Iterable[str]:
    return filter(None, (secret.get_secret_value() for secret in secrets_))


def _signed(query: Mapping[str, str], token: bytes, cipher: str | None) -> bool:
    stamp = (query.get("timestamp", ""), query.get("nonce", ""))
    plain = _same(sign(token, *stamp), query.get("signature", ""))
    if cipher is None:
        return plain
    return (plain or "signature" not in query) and _same(sign(token, *stamp, cipher), query.get("msg_signature", ""))


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode(errors="replace"))


def _body(raw: bytes) -> Body:
    try:
        return read(raw)
    except BadMessage as bad:
        raise Undecipherable(str(bad)) from None


def _undecipherable() -> Never:
    raise Undecipherable("the cipher does not open with our EncodingAESKey") from None


def _write(form: Form, *, cipher: str, signature: str, timestamp: int, nonce: str) -> bytes:
    if form is Form.JSON:
        sealed = {"Encrypt": cipher, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}
        return json.dumps(sealed).encode()
    # base64 and hex: nothing in them could close a CDATA section
    return (
        f"<xml><Encrypt><![CDATA[{cipher}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()
