"""What a hundred thousand strangers might send: valid pushes, and what chance makes of them."""

import base64
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import xmltodict  # type: ignore[import-untyped]
from wechatpy.crypto import PrpCrypto

from tests.driver import signed
from wechat.settings import AccountSettings

OPENIDS = [f"o{number:027d}" for number in range(500)]
WORDS = [
    *("答题", "A", "对", "订阅", "订阅 1 3", "退订", "要闻", "1", "更多", "意见", "匿名", "好了"),
    *("查询 4F7K-2MXP-90TC", "我的数据", "删除我的数据", "确认删除", "绑定", "帮助", "退出", "返回"),
    *("继续", "搜索 党费", "错题", "", "😀"),
]
HEAD = {"ToUserName": "gh_0123456789ab", "CreateTime": "1795448439"}
NOTICE = {"TemplateId": "notice-digest", "SubscribeStatusString": "accept", "PopupScene": "2"}
SEEDS: Sequence[Mapping[str, Any]] = [
    *({"MsgType": "text", "Content": words} for words in WORDS),
    {"MsgType": "image", "PicUrl": "http://127.0.0.1:9/a.jpg", "MediaId": "media"},
    {"MsgType": "voice", "MediaId": "media", "Format": "amr", "Recognition": "意见"},
    {"MsgType": "video", "MediaId": "media", "ThumbMediaId": "thumb"},
    {"MsgType": "location", "Location_X": "23.1", "Location_Y": "113.3", "Scale": "20", "Label": "礼堂"},
    {"MsgType": "link", "Title": "标题", "Description": "说明", "Url": "http://127.0.0.1:9/"},
    {"MsgType": "event", "Event": "subscribe", "EventKey": "qrscene_org_1", "Ticket": "T"},
    {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""},
    {"MsgType": "event", "Event": "SCAN", "EventKey": "123", "Ticket": "T"},
    {"MsgType": "event", "Event": "CLICK", "EventKey": "quiz.daily"},
    {"MsgType": "event", "Event": "VIEW", "EventKey": "http://127.0.0.1:9/", "MenuId": "1"},
    {"MsgType": "event", "Event": "LOCATION", "Latitude": "23.1", "Longitude": "113.3", "Precision": "119.4"},
    {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": "200163836", "Status": "success"},
    {"MsgType": "event", "Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": {"List": [NOTICE, NOTICE]}},
    {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "page"},
    {"MsgType": "event", "Event": "user_authorization_revoke", "OpenID": "o", "RevokeInfo": "1,2"},
    {
        "MsgType": "event",
        "Event": "pic_weixin",
        "EventKey": "k",
        "SendPicsInfo": {"Count": "1", "PicList": {"item": {}}},
    },
]
TRICKS = [
    *(b"]]>", b"<![CDATA[", b"&amp;", b"&#0;", b"&#xD800;", b"&a;", b"<a/>", b"</xml>", b"<!--", b"<?x?>"),
    *(b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\ud800"),
    *(b'"', b"{", b"[", b"null", b"1e999", b"-1", b"9" * 400, b"NaN", b"\r\n", b"\xe2\x80\xae", "１２３".encode()),
    *(b"<xml>" * 40, b'{"a":' * 40),
]
METHODS = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"]
PATHS = [
    *("/wechat/", "/wechat/nobody", "/wechat/official/", "/wechat/%00", "/wechat/%e0%80", "/wechat/" + "a" * 3000),
    *("//", "/?%", "/healthz", "/readyz", "/metrics", "/static/../app.py", "/p/digest", "/p/digest/%ff"),
    *("/p/digest/nothing", "/api/v1/login", "/admin", "/admin/login", "/admin/opinion/x"),
    *("/admin/broadcasts/x/send", "/admin/opinion/x/answer"),
]
LARGEST = 1024 * 1024


@dataclass(frozen=True)
class Shot:
    """One request to the program."""

    method: str
    target: str
    body: bytes
    chunked: bool = False


def mutated(dice: random.Random, body: bytes) -> bytes:
    """Change it in one to four places."""
    for _ in range(dice.randint(1, 4)):
        body = dice.choice(CHANGES)(dice, body)
    return body[: 2 * LARGEST]


def _span(dice: random.Random, body: bytes) -> tuple[int, int]:
    start = dice.randint(0, len(body))
    return start, min(len(body), start + dice.randint(1, 40))


def _cut(dice: random.Random, body: bytes) -> bytes:
    start, end = _span(dice, body)
    return body[:start] + body[end:]


def _doubled(dice: random.Random, body: bytes) -> bytes:
    start, end = _span(dice, body)
    return body[:end] + body[start:]


def _flipped(dice: random.Random, body: bytes) -> bytes:
    start = dice.randint(0, len(body))
    return body[:start] + bytes([dice.randrange(256)]) + body[start + 1 :]


def _tricked(dice: random.Random, body: bytes) -> bytes:
    start, end = _span(dice, body)
    return body[:start] + dice.choice(TRICKS) + body[end if dice.random() < 0.5 else start :]


def _ended(dice: random.Random, body: bytes) -> bytes:
    return body[: dice.randint(0, len(body))]


def _swollen(dice: random.Random, body: bytes) -> bytes:
    start, end = _span(dice, body)
    return body[:start] + body[start:end] * dice.randint(2, 500) + body[end:]


CHANGES: Sequence[Callable[[random.Random, bytes], bytes]] = [
    _cut,
    _doubled,
    _flipped,
    _tricked,
    _tricked,
    _ended,
    _swollen,
]


class Strangers:
    """Makes requests to the accounts of a program; the same seed makes the same changes."""

    def __init__(self, accounts: Mapping[str, AccountSettings], seed: int) -> None:
        self._accounts = accounts
        self._names = sorted(accounts)
        self._dice = random.Random(seed)
        self._ciphers = {
            name: PrpCrypto(base64.b64decode(account.encoding_aes_key.get_secret_value() + "="))
            for name, account in accounts.items()
            if account.mode != "plain"
        }

    def shot(self) -> Shot:
        """The next request: one change in the message, in its envelope, in its query, or in its HTTP."""
        kinds = [self._field, self._message, self._envelope, self._query, self._http]
        return self._dice.choices(kinds, weights=[45, 20, 15, 10, 10])[0]()

    def _field(self) -> Shot:
        """A body that can be read, with one strange field."""
        name = self._dice.choice(self._names)
        fields = self._fields()
        changed = self._dice.choice(sorted(fields))
        old = fields.pop(changed)
        if self._dice.random() < 0.9:
            new = mutated(self._dice, old.encode() if isinstance(old, str) else b"x").decode(errors="replace")
            fields[changed] = self._dice.choice([new, new, new, {"a": new}, [new, old]])
        return self._post(name, *self._pushed(name, self._written(name, fields)))

    def _message(self) -> Shot:
        name = self._dice.choice(self._names)
        return self._post(name, *self._pushed(name, mutated(self._dice, self._plain(name))))

    def _envelope(self) -> Shot:
        name = self._dice.choice(self._names)
        query, body = self._pushed(name, self._plain(name))
        return self._post(name, query, mutated(self._dice, body))

    def _query(self) -> Shot:
        name = self._dice.choice(self._names)
        query, body = self._pushed(name, self._plain(name))
        changed = self._dice.choice(sorted(query))
        old = query.pop(changed)
        if self._dice.random() < 0.8:
            query[changed] = mutated(self._dice, old.encode()).decode("latin-1")[:4000]
        return self._post(name, query, body)

    def _http(self) -> Shot:
        name = self._dice.choice(self._names)
        query, body = self._pushed(name, self._plain(name))
        roll = self._dice.random()
        if roll < 0.02:
            large = body + b" " * self._dice.choice([LARGEST - len(body), LARGEST - len(body) + 1, LARGEST])
            return Shot("POST", f"/wechat/{name}?{urlencode(query)}", large, chunked=self._dice.random() < 0.5)
        method = self._dice.choice([*METHODS, "POST", "POST"])
        path = f"/wechat/{name}" if roll < 0.4 else self._dice.choice(PATHS)
        return Shot(method, f"{path}?{urlencode(query)}", mutated(self._dice, body), chunked=self._dice.random() < 0.2)

    def _plain(self, name: str) -> bytes:
        return self._written(name, self._fields())

    def _fields(self) -> dict[str, Any]:
        number = str(self._dice.getrandbits(62))
        return {**HEAD, "FromUserName": self._dice.choice(OPENIDS), **self._dice.choice(SEEDS), "MsgId": number}

    def _written(self, name: str, fields: Mapping[str, Any]) -> bytes:
        if self._accounts[name].kind == "miniprogram" and self._dice.random() < 0.8:
            return json.dumps(fields, ensure_ascii=self._dice.random() < 0.5).encode()
        written: str = xmltodict.unparse({"xml": fields}, full_document=False)
        return written.encode()

    def _pushed(self, name: str, plain: bytes) -> tuple[dict[str, str], bytes]:
        """Sign and seal it as the platform would."""
        account, now = self._accounts[name], datetime.now(UTC)
        if account.mode == "plain":
            return signed(account, now), plain
        cipher = self._ciphers[name].encrypt(plain, account.appid).decode()
        clear = {"ToUserName": HEAD["ToUserName"], "Encrypt": cipher}
        if account.kind == "miniprogram":
            return signed(account, now, cipher), json.dumps(clear).encode()
        written: str = xmltodict.unparse({"xml": clear}, full_document=False)
        body = written.encode()
        return signed(account, now, cipher), body[:-6] + plain + b"</xml>" if account.mode == "compat" else body

    def _post(self, name: str, query: Mapping[str, str], body: bytes) -> Shot:
        return Shot("POST", f"/wechat/{name}?{urlencode(query)}", body, chunked=self._dice.random() < 0.05)
