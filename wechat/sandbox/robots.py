"""Stand-ins for group robots of three other platforms and for Weibo: what each takes and answers, and what is seen.

WeCom: developer.work.weixin.qq.com/document/path/91770. DingTalk: open.dingtalk.com/document/robots/custom-robot-access
and customize-robot-security-settings. Feishu: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot. Codes and
words as the platforms give them, by programs that met them; what is beyond those pages is marked (M). Weibo:
open.weibo.com/wiki/2/statuses/share and /wiki/Error_code.
"""

import hashlib
import hmac
import json
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, jsonify, request

from wechat.sandbox.clock import MovedClock
from wechat.sandbox.knobs import Hit, Knobs
from wechat.sandbox.state import State

WECOM, DINGTALK, FEISHU = "/cgi-bin/webhook/send", "/robot/send", "/open-apis/bot/v2/hook"
WEIBO = "/2/statuses/share.json"
PATHS = (WECOM, DINGTALK, FEISHU, WEIBO)  # where a fault can befall them
WECOM_TEXT, DINGTALK_WHOLE, FEISHU_WHOLE = 2048, 20_000, 20 * 1024  # bytes
WEIBO_CHARACTERS = 140
AN_HOUR = 3600.0
SILENCE = 600.0  # of DingTalk after too many
SHOWN = 200  # messages of a group


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxGroup:
    """A group with a robot in it; `kind` is "wecom", "dingtalk", "feishu" or "weibo", `key` ends its address.

    With a `secret` what comes must be signed, and with a `keyword` it must have that word.
    """

    name: str
    kind: str
    key: str = field(repr=False)
    secret: str = field(default="", repr=False)
    keyword: str = ""


class Refusal(Exception):
    """What a robot refuses, as its platform says it."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Posted:
    """One request to a robot; Weibo's is a form."""

    key: str
    query: Mapping[str, str]
    raw: bytes = b""
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Mapping[str, Any]:
        """Its form or its JSON; an empty object where there is neither."""
        if self.form:
            return self.form
        try:
            found = json.loads(self.raw)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {}


class Groups:
    """The groups and what was said in them."""

    def __init__(self, state: State, groups: Sequence[SandboxGroup], *, clock: MovedClock) -> None:
        self._state = state
        self._clock = clock
        self._by_key = {(group.kind, group.key): group for group in groups}

    def say(self, kind: str, posted: Posted, hit: Hit) -> tuple[int, str]:
        """Let a robot say something: its platform's code and words, 0 for what its group has seen."""
        now = self._clock().timestamp()
        with self._state.begin() as db:
            group = self._by_key.get((kind, posted.key))
            words = _words(kind, posted.body)
            code, said = (int(hit["fail"].value), hit["fail"].words) if "fail" in hit else (0, "")
            try:
                if not code:
                    _RULES[kind](db, group, posted, now)
            except Refusal as refusal:
                code, said = refusal.code, refusal.words
            if group is not None:
                _write(db, group, at=now, words=words, code=code, said=said)
        return code, said

    def seen(self) -> list[dict[str, Any]]:
        """Every group with what was said in it, the newest first, and what its robot refused."""
        query = "select at, words, code, said from group_messages where name = ? order by id desc limit ?"
        with self._state.begin() as db:
            return [
                {
                    "name": group.name,
                    "kind": group.kind,
                    "messages": [_shown(row) for row in db.execute(query, (group.name, SHOWN))],
                }
                for group in self._by_key.values()
            ]


def blueprint(groups: Groups, knobs: Knobs) -> Blueprint:
    """The three platforms' addresses, and what the panel shows of the groups."""
    doors = Blueprint("robots", __name__)

    def answer(kind: str, path: str, key: str, form: Mapping[str, str] = MappingProxyType({})) -> Response:
        hit = knobs.take(path)
        if "delay" in hit:
            time.sleep(hit["delay"].value)
        if "drop_before" in hit:
            return _cut_off()
        code, words = groups.say(kind, Posted(key, request.args.to_dict(), request.get_data(), form), hit)
        response = jsonify(_ANSWERS[kind](code, words))
        response.status_code = 400 if kind == "weibo" and code else 200
        return _cut_off() if "drop_after" in hit else response

    def wecom() -> Response:
        return answer("wecom", WECOM, request.args.get("key", ""))

    def dingtalk() -> Response:
        return answer("dingtalk", DINGTALK, request.args.get("access_token", ""))

    def feishu(key: str) -> Response:
        return answer("feishu", FEISHU, key)

    def weibo() -> Response:
        form = request.form.to_dict()
        return answer("weibo", WEIBO, form.get("access_token", ""), form)

    doors.add_url_rule(WEIBO, view_func=weibo, methods=["POST"])
    doors.add_url_rule(WECOM, view_func=wecom, methods=["POST"])
    doors.add_url_rule(DINGTALK, view_func=dingtalk, methods=["POST"])
    doors.add_url_rule(f"{FEISHU}/<key>", view_func=feishu, methods=["POST"])
    doors.add_url_rule("/sandbox/groups", view_func=lambda: jsonify(groups.seen()), endpoint="groups")
    return doors


# -- what each takes -----------------------------------------------------------------------------------------------


def _wecom(db: sqlite3.Connection, group: SandboxGroup | None, posted: Posted, now: float) -> None:
    if group is None:
        raise Refusal(93000, "invalid webhook url, hint: [0], from ip: 127.0.0.1")
    if posted.body.get("msgtype") != "text":
        raise Refusal(40008, "invalid message type")
    words = _words(group.kind, posted.body)
    if not words:
        raise Refusal(44004, "empty content")
    if len(words.encode()) > WECOM_TEXT:
        raise Refusal(40058, "Invalid input : content exceed max length. invalid Request Parameter")
    if _said_since(db, group, now - 60) >= 20:  # noqa: PLR2004 - the platform's
        raise Refusal(45009, "api freq out of limit")


def _dingtalk(db: sqlite3.Connection, group: SandboxGroup | None, posted: Posted, now: float) -> None:
    if not posted.key:
        raise Refusal(40035, "缺少参数 access_token")
    if group is None:
        raise Refusal(300005, "token is not exist")
    if group.secret:
        _dingtalk_sign(group, posted, now)
    if len(posted.raw) > DINGTALK_WHOLE:
        raise Refusal(460101, "message too long, exceed 20000 bytes")
    if posted.body.get("msgtype") != "text":
        raise Refusal(400105, "不支持的消息类型")
    if group.keyword not in _words(group.kind, posted.body):
        raise Refusal(310000, "keywords not in content")
    silent = "select 1 from group_messages where name = ? and code = 130101 and at > ?"
    too_fast = _said_since(db, group, now - 60) >= 20  # noqa: PLR2004 - the platform's
    if too_fast or db.execute(silent, (group.name, now - SILENCE)).fetchone():
        raise Refusal(130101, "send too fast, exceed 20 times per minute")


def _dingtalk_sign(group: SandboxGroup, posted: Posted, now: float) -> None:
    stamp = posted.query.get("timestamp", "")
    if not stamp.isdecimal() or abs(now - int(stamp) / 1000) > AN_HOUR:
        raise Refusal(310000, "invalid timestamp")
    mac = hmac.new(group.secret.encode(), digestmod=hashlib.sha256)
    mac.update(stamp.encode())
    mac.update(b"\n")
    mac.update(group.secret.encode())
    if posted.query.get("sign") != b64encode(mac.digest()).decode():
        raise Refusal(310000, "sign not match")


def _feishu(db: sqlite3.Connection, group: SandboxGroup | None, posted: Posted, now: float) -> None:
    if group is None:
        raise Refusal(19001, "param invalid: incoming webhook access token invalid")
    if group.secret and not _feishu_signed(group, posted.body, now):
        raise Refusal(19021, "sign match fail or timestamp is not within one hour from current time")
    if len(posted.raw) > FEISHU_WHOLE:  # the code is (M)
        raise Refusal(9499, "Bad Request")
    words = _words(group.kind, posted.body)
    if posted.body.get("msg_type") != "text" or not words:
        raise Refusal(9499, "Bad Request")
    if group.keyword not in words:
        raise Refusal(19024, "Key Words Not Found")
    if _said_since(db, group, now - 60) >= 100 or _said_since(db, group, now - 1) >= 5:  # noqa: PLR2004 - the platform's
        raise Refusal(11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]")


def _feishu_signed(group: SandboxGroup, body: Mapping[str, Any], now: float) -> bool:
    stamp = str(body.get("timestamp", ""))
    if not stamp.isdecimal() or abs(now - int(stamp)) > AN_HOUR:
        return False
    mac = hmac.new(f"{stamp}\n{group.secret}".encode(), digestmod=hashlib.sha256)
    return bool(body.get("sign") == b64encode(mac.digest()).decode())


def _weibo(db: sqlite3.Connection, group: SandboxGroup | None, posted: Posted, now: float) -> None:
    if group is None:
        raise Refusal(21332, "invalid_access_token")
    words = _words(group.kind, posted.form)
    for name in ("status", "rip"):
        if not posted.form.get(name):
            raise Refusal(10016, f"Miss required parameter ({name}) , see doc for more info")
    if len(words) > WEIBO_CHARACTERS:
        raise Refusal(20012, "Text too long, please input text less than 140 characters!")
    if "://" not in words or words.count("#") > 1:  # the code is (M)
        raise Refusal(10017, "Parameter (status)'s value invalid")
    again = "select 1 from group_messages where name = ? and code = 0 and words = ? and at > ?"
    if db.execute(again, (group.name, words, now - AN_HOUR)).fetchone():  # for how long is (M)
        raise Refusal(20019, "repeat content!")


_RULES: Mapping[str, Callable[[sqlite3.Connection, SandboxGroup | None, Posted, float], None]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "weibo": _weibo,
}


# -- how each answers ----------------------------------------------------------------------------------------------


def _old_style(code: int, words: str) -> dict[str, Any]:
    return {"errcode": code, "errmsg": words or "ok"}


def _feishu_style(code: int, words: str) -> dict[str, Any]:
    """A success says it twice, as the platform does."""
    said: dict[str, Any] = {"code": code, "data": {}, "msg": words or "success"}
    return said if code else {**said, "StatusCode": 0, "StatusMessage": "success"}


def _weibo_style(code: int, words: str) -> dict[str, Any]:
    return {"request": WEIBO, "error_code": code, "error": words} if code else {"id": 3504803600500000}


_ANSWERS: Mapping[str, Callable[[int, str], dict[str, Any]]] = {
    "wecom": _old_style,
    "dingtalk": _old_style,
    "feishu": _feishu_style,
    "weibo": _weibo_style,
}


def _words(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "weibo":
        return str(body.get("status", ""))
    part = body.get("content" if kind == "feishu" else "text")
    words = part.get("text" if kind == "feishu" else "content") if isinstance(part, dict) else ""
    return words if isinstance(words, str) else ""


def _said_since(db: sqlite3.Connection, group: SandboxGroup, since: float) -> int:
    query = "select count(*) as number from group_messages where name = ? and code = 0 and at > ?"
    return int(db.execute(query, (group.name, since)).fetchone()["number"])


def _write(db: sqlite3.Connection, group: SandboxGroup, *, at: float, words: str, code: int, said: str) -> None:
    db.execute(
        "insert into group_messages (at, name, words, code, said) values (?, ?, ?, ?, ?)",
        (at, group.name, words, code, said),
    )


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "at": datetime.fromtimestamp(row["at"], UTC).isoformat()}


def _cut_off() -> Response:
    """Promise an answer and hang up before it."""

    def nothing() -> Iterator[bytes]:
        yield b""

    return Response(nothing(), headers={"Content-Length": "1", "Content-Type": "application/json"})
