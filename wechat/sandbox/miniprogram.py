"""A mini-program's own API (§6): phone numbers, checks of words and media, codes and links to its pages."""

import base64
import hashlib
import hmac
import io
import re
import secrets
import struct
import zlib
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from wechat.sandbox import rules, sns
from wechat.sandbox.call import OK, Answer, Binary, Call, Push
from wechat.sandbox.errors import ApiError


def phone_number(call: Call) -> dict[str, Any]:
    """`/wxa/business/getuserphonenumber`: the number its owner let the mini-program have, by a code of its own."""
    row = sns.taken(call, call.text("code"), sns.PHONE)
    number = row["scope"]
    watermark = {"timestamp": int(call.now), "appid": call.account.appid}
    info = {"phoneNumber": number, "purePhoneNumber": number, "countryCode": "86", "watermark": watermark}
    return {**OK, "phone_info": info}


def check_session(call: Call) -> dict[str, Any]:
    """`/wxa/checksession`: whether a session key still holds; the key itself is never sent."""
    _signed(call)
    return OK


def reset_session(call: Call) -> dict[str, Any]:
    """`/wxa/resetusersessionkey`: another key in its place."""
    openid, key = _signed(call), base64.b64encode(secrets.token_bytes(16)).decode()
    call.db.execute("update mini_sessions set session_key = ? where openid = ?", (key, openid))
    return {**OK, "openid": openid, "session_key": key}


def _signed(call: Call) -> str:
    query = call.request.query
    openid = str(call.member(query.get("openid"))["openid"])
    row = call.one("select session_key from mini_sessions where openid = ?", openid)
    if row is None:
        raise ApiError(87007)
    if query.get("sig_method") != "hmac_sha256":
        raise ApiError(87008)
    expected = hmac.new(row["session_key"].encode(), b"", hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, query.get("signature", "")):
        raise ApiError(87009)
    return openid


# -- what others may see -------------------------------------------------------------------------------------------


def check_text(call: Call) -> dict[str, Any]:
    """`/wxa/msg_sec_check`: a verdict on words; errcode 0 is no verdict."""
    _checkable(call)
    content = call.text("content")
    if not content:
        raise ApiError(44004)
    if len(content) > rules.CHECKED_CHARS:
        raise ApiError(45002)
    return {**OK, **_verdict(content), "trace_id": secrets.token_hex(16)}


def check_media(call: Call) -> dict[str, Any]:
    """`/wxa/media_check_async`: the verdict comes with an event, once the file is fetched; unless a knob loses it."""
    openid = _checkable(call)
    url = call.text("media_url")
    if call.body.get("media_type") not in {1, 2} or not url:
        raise ApiError(40004)
    trace = secrets.token_hex(16)
    wanted = call.hit["undelivered"].words if "undelivered" in call.hit else ""
    if wanted == LOST:
        return {**OK, "trace_id": trace}
    told = {
        "MsgType": "event",
        "Event": "wxa_media_check",
        "appid": call.account.appid,
        "trace_id": trace,
        "version": 2,
    }
    finding = partial(_judged, url, wanted)
    call.pushes.append(Push(account=call.account, openid=openid, fields=told, answered=False, finding=finding))
    return {**OK, "trace_id": trace}


LOST = "lost"  # the knob's word for no event at all
_LABELS = {"pass": 100, "review": 20001, "risky": 20002}
_NOT_FETCHED = {"detail": [], "errcode": -1008, "errmsg": "下载错误，请检查媒体链接是否有效"}
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")
_FETCH_SECONDS = 5


def _judged(url: str, wanted: str) -> Mapping[str, Any]:
    """The result half of the event: what a knob wants, what the address says, or what lies there."""
    if wanted in _LABELS:
        return {"errcode": 0, "errmsg": "ok", **_found(wanted, _LABELS[wanted])}
    if any(word in url for word in rules.WORDS_TO_TRY):
        return {"errcode": 0, "errmsg": "ok", **_verdict(url)}
    there = wanted != "-1008" and _is_there(url)
    return {"errcode": 0, "errmsg": "ok", **_verdict("")} if there else _NOT_FETCHED


def _is_there(url: str) -> bool:
    """Whether a picture or a sound can be fetched; this stand-in asks nobody but this machine."""
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        return False
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=_FETCH_SECONDS, stream=True, allow_redirects=False) as response:
                content = response.raw.read(rules.CHECKED_BYTES + 1)
                ok = response.status_code == requests.codes.ok and len(content) <= rules.CHECKED_BYTES
    except (requests.RequestException, OSError):
        return False
    return ok and content.startswith(_PICTURES)


def _checkable(call: Call) -> str:
    """Version 2, a known scene, and somebody who was in the mini-program within two hours (61010)."""
    if call.body.get("version") != 2 or call.body.get("scene") not in {1, 2, 3, 4}:  # noqa: PLR2004 - the platform's
        raise ApiError(40097)
    openid = str(call.member(call.body.get("openid"))["openid"])
    row = call.one("select used_at from mini_sessions where openid = ?", openid)
    if row is None or call.now - row["used_at"] > rules.CHECK_AFTER_USE:
        raise ApiError(61010)
    return openid


def _verdict(content: str) -> Mapping[str, Any]:
    """By words anyone can type to see what comes of them."""
    return _found(*next((found for word, found in rules.WORDS_TO_TRY.items() if word in content), ("pass", 100)))


def _found(suggest: str, label: int) -> Mapping[str, Any]:
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    return {"result": {"suggest": suggest, "label": label}, "detail": [detail]}


# -- ways to a page --------------------------------------------------------------------------------------------------


def unlimited_code(call: Call) -> Answer:
    """`/wxa/getwxacodeunlimit`: a picture, or JSON where something is wrong."""
    scene, width = call.text("scene"), call.body.get("width", 430)
    if not re.fullmatch(rules.SCENE, scene):
        raise ApiError(40129)
    _page(call, call.text("page"), else_code=41030)
    if not isinstance(width, int) or not 280 <= width <= 1280:  # noqa: PLR2004 - the platform's
        raise ApiError(40097)
    return Binary("code.png", "image/png", _picture(width))


def url_link(call: Call) -> dict[str, Any]:
    """`/wxa/generate_urllink`: a link for messages and mails, good for thirty days at most."""
    _page(call, call.text("path"), else_code=40165)
    _query(call.text("query"))
    _expires(call, call.body)
    return {**OK, "url_link": f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"}


def scheme(call: Call) -> dict[str, Any]:
    """`/wxa/generatescheme`: the same as an address that phones open with WeChat."""
    jump = call.part("jump_wxa")
    _page(call, str(jump.get("path", "")), else_code=40165)
    _query(str(jump.get("query", "")))
    _expires(call, call.body)
    return {**OK, "openlink": f"weixin://dl/business/?t={secrets.token_urlsafe(8)}"}


def _page(call: Call, path: str, *, else_code: int) -> None:
    unchecked = call.body.get("check_path") is False
    if path.startswith("/") or "?" in path or (path and not unchecked and not path.startswith("pages/")):
        raise ApiError(else_code)


def _query(query: str) -> None:
    if len(query) > rules.QUERY_CHARS or not re.fullmatch(rules.QUERY, query):
        raise ApiError(40212)


def _expires(call: Call, body: Mapping[str, Any]) -> None:
    days, until = body.get("expire_interval", 0), body.get("expire_time", 0)
    by_days = body.get("expire_type") == 1 and isinstance(days, int) and 1 <= days <= rules.LINK_DAYS
    by_time = body.get("expire_type", 0) == 0 and isinstance(until, int)
    if not (by_days or (by_time and call.now + rules.MINUTE < until <= call.now + rules.LINK_DAYS * rules.DAY)):
        raise ApiError(85401)


def _picture(width: int) -> bytes:
    """A grey square as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = io.BytesIO()
    for _ in range(width):
        rows.write(b"\0" + b"\x80" * width)
    head = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.getvalue())) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
