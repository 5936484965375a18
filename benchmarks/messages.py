"""What the members of a benchmark send: sealed and signed beforehand, so that sending costs next to nothing."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

TOKEN = "benchtoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
APPID = "wx0123456789abcdef"

_MESSAGE = (
    "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
    "<MsgId>{number}</MsgId></xml>"
)


@dataclass(frozen=True)
class Shot:
    """One HTTP request as bytes, ready for the wire."""

    request: bytes


def openids(count: int) -> list[str]:
    """As many members."""
    return [f"obench{number:022d}" for number in range(count)]


def shots(path: str, members: Iterable[str], text: str, *, first_number: int) -> list[Shot]:
    """A safe-mode message of `text` from each member."""
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
    now = int(time.time())
    return [
        Shot(_request(path, crypto, _MESSAGE.format(openid=openid, now=now, text=text, number=first_number + number)))
        for number, openid in enumerate(members)
    ]


def _request(path: str, crypto: WeChatCrypto, message: str) -> bytes:
    timestamp, nonce = str(int(time.time())), "benchnonce"
    sealed = crypto.encrypt_message(message, nonce, timestamp)
    cipher = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    body = f"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
    query = (
        f"signature={_signed(timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes"
        f"&msg_signature={_signed(timestamp, nonce, cipher)}"
    )
    data = body.encode()
    line = f"POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head = f"{line}Content-Type: text/xml\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def _signed(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(TOKEN, *parts)
    return str(signer.signature)
