"""The wire format of pushes (§1): what goes out is composed, signed and sealed; what comes back opened and checked."""

import json
import re
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.utils import WeChatSigner

from wechat.sandbox import bodies, rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Push

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NESTED_LISTS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")


class BadReply(Exception):
    """The bot's answer is none the platform takes; the reason goes into the transcript."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A push ready for the wire."""

    query: Mapping[str, str]
    body: bytes
    content_type: str


def compose(push: Push, *, created: int) -> bytes:
    """The plain body, the same for every attempt."""
    if push.body:
        return push.body
    head = {"ToUserName": push.account.gh_id, "FromUserName": push.openid, "CreateTime": created}
    return _render(push.account, {**head, **push.fields})


def wrap(push: Push, plain: bytes, *, timestamp: int, nonce: str) -> Delivery:
    """Sign the body, and seal it as the account's mode asks; compat carries it open and sealed."""
    account, stamp = push.account, str(timestamp)
    query = {"signature": _sign(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "openid": push.openid}
    kind = "application/json" if account.speaks_json else "text/xml"
    if account.mode == "plain":
        return Delivery(query, plain, kind)
    sealed = PrpCrypto(_crypto(account).key).encrypt(plain, account.appid).decode()
    query |= {"encrypt_type": "aes", "msg_signature": _sign(account.token, stamp, nonce, sealed)}
    shown = {"ToUserName": account.gh_id} if account.mode == "safe" else _parse_own(account, plain)
    return Delivery(query, _render(account, {**shown, "Encrypt": sealed}), kind)


def read(push: Push, body: bytes) -> dict[str, Any] | None:
    """What the bot replied, as a line of the chat; None where it has nothing to say.

    Raises BadReply for everything the platform would answer with 暂时无法提供服务.
    """
    if body.strip() in {b"", b"success"}:
        return None
    fields = _fields(push.account, body)
    if "Encrypt" in fields:
        fields = _fields(push.account, _unseal(push.account, fields))
    elif push.account.mode == "safe":
        raise BadReply("the account is in safe mode and the reply is not encrypted")
    return _checked(push, fields)


def opened(account: SandboxAccount, body: bytes) -> str:
    """The reply as it is inside, for people to read; what does not open stays as it is."""
    with suppress(BadReply):
        if "Encrypt" in (envelope := _fields(account, body)):
            return _unseal(account, envelope).decode(errors="replace")
    return body.decode(errors="replace")


def _render(account: SandboxAccount, fields: Mapping[str, Any]) -> bytes:
    if account.speaks_json:
        return json.dumps(_flattened(fields), ensure_ascii=False).encode()
    return f"<xml>{_xml(fields)}</xml>".encode()


def _xml(fields: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, Mapping):
        return f"<{name}>{_xml(value)}</{name}>"
    if isinstance(value, str):
        safe = _NOT_XML.sub("", value).replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{safe}]]></{name}>"
    return f"<{name}>{value}</{name}>"


def _flattened(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON pushes have the list of notices at the top, and a list of one as an object (§3.3)."""
    flat = {name: value for name, value in fields.items() if name not in _NESTED_LISTS}
    for name in _NESTED_LISTS:
        if name in fields:
            listed = fields[name]["List"]
            flat["List"] = listed[0] if len(listed) == 1 else listed
    return flat


def _parse_own(account: SandboxAccount, plain: bytes) -> dict[str, Any]:
    if account.speaks_json:
        return dict(json.loads(plain))
    return dict(bodies.of(fromstring(plain)))


def _sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def _crypto(account: SandboxAccount) -> WeChatCrypto:
    return WeChatCrypto(account.token, account.encoding_aes_key, account.appid)


def _fields(account: SandboxAccount, body: bytes) -> dict[str, Element | str]:
    """The top fields of a reply; XML ones stay elements, so that what is inside can be read."""
    if account.speaks_json and body.lstrip().startswith(b"{"):
        return _json_fields(body)
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise BadReply(f"the reply is no XML: {type(fault).__name__}") from None
    tags = [child.tag for child in root]
    if root.tag != "xml" or len(set(tags)) != len(tags):
        raise BadReply("the reply's root is not <xml>, or a field stands in it twice")
    return {child.tag: child for child in root}


def _json_fields(body: bytes) -> dict[str, Element | str]:
    try:
        fields = json.loads(body)
    except ValueError:
        raise BadReply("the reply is no JSON") from None
    return {name: str(value) for name, value in fields.items()}


def _text(fields: Mapping[str, Element | str], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else value.text or ""


def _unseal(account: SandboxAccount, fields: Mapping[str, Element | str]) -> bytes:
    if account.mode == "plain":
        raise BadReply("the account is in plain mode and the reply is encrypted")
    envelope = {name: _text(fields, name) for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")}
    try:
        opened = _crypto(account).decrypt_message(
            {"Encrypt": envelope["Encrypt"]}, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
        )
    except (WeChatException, ValueError, IndexError, TypeError, struct.error) as fault:
        raise BadReply(f"the reply does not open: {type(fault).__name__}") from None
    return str(opened).encode()


def _checked(push: Push, fields: Mapping[str, Element | str]) -> dict[str, Any]:
    kind = _text(fields, "MsgType")
    allowed = {"transfer_customer_service"} if push.account.kind == "miniprogram" else set(_REPLIES)
    for wrong, why in (
        (_text(fields, "ToUserName") != push.openid, "ToUserName is not the member's openid"),
        (_text(fields, "FromUserName") != push.account.gh_id, "FromUserName is not the account's original id"),
        (not _text(fields, "CreateTime").isdecimal(), "CreateTime is not a number"),
        (kind not in allowed, "MsgType is none that a reply may have"),
    ):
        if wrong:
            raise BadReply(why)
    return {"type": kind, **_REPLIES[kind](fields)}


def _said(fields: Mapping[str, Element | str]) -> dict[str, Any]:
    content = _text(fields, "Content")
    if not 1 <= len(content.encode()) <= rules.TEXT_BYTES:
        raise BadReply("Content is empty or over 2048 bytes")
    return {"content": content}


def _inside(outer: str, *names: str, **renamed: str) -> Callable[[Mapping[str, Element | str]], dict[str, Any]]:
    """A reader of `<outer>`: each name in camel case becomes a key in lower case, or the one given."""

    def reader(fields: Mapping[str, Element | str]) -> dict[str, Any]:
        element = fields.get(outer)
        if not isinstance(element, Element):
            raise BadReply(f"{outer} is missing")
        plain = {name.lower(): element.findtext(name) or "" for name in names}
        return plain | {key: element.findtext(name) or "" for key, name in renamed.items()}

    return reader


def _articles(fields: Mapping[str, Element | str]) -> dict[str, Any]:
    listed = fields.get("Articles")
    items = listed.findall("item") if isinstance(listed, Element) else []
    if _text(fields, "ArticleCount") != "1" or len(items) != 1:
        raise BadReply("a news reply carries exactly one article")
    names = ("Title", "Description", "Url", "PicUrl")
    return {"articles": [{name.lower(): items[0].findtext(name) or "" for name in names}]}


_REPLIES: dict[str, Callable[[Mapping[str, Element | str]], dict[str, Any]]] = {  # §1.4
    "text": _said,
    "image": _inside("Image", media_id="MediaId"),
    "voice": _inside("Voice", media_id="MediaId"),
    "video": _inside("Video", "Title", "Description", media_id="MediaId"),
    "music": _inside("Music", "Title", "Description", url="MusicUrl"),
    "news": _articles,
    "transfer_customer_service": lambda _: {},
}
