"""QR codes with a scene (§2.3; A1 `qrcode/qrcodes/api_createqrcode`): made by the API, drawn for anybody, scanned."""

import io
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

import segno

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.rules import CodeKind


def create(call: Call) -> dict[str, Any]:
    """`/cgi-bin/qrcode/create`: a ticket for a scene, good for so many seconds or for ever."""
    kind = rules.CODES.get(call.text("action_name"))
    if kind is None:
        raise ApiError(40052)
    scene = _scene(call, kind)
    seconds = 0 if kind.for_ever else _seconds(call)
    if kind.for_ever:
        _count(call, scene)
    ticket, url = "gQ" + secrets.token_urlsafe(60), f"http://weixin.qq.com/q/02{secrets.token_urlsafe(15)}"
    call.db.execute(
        "insert into scene_codes values (?, ?, ?, ?, ?)",
        (ticket, call.account.name, scene, url, call.now + seconds if seconds else None),
    )
    return {"ticket": ticket, "url": url} | ({"expire_seconds": seconds} if seconds else {})


def picture(db: sqlite3.Connection, ticket: str) -> bytes | None:
    """The code as PNG, for anybody who has the ticket; None where there is none of it."""
    row = db.execute("select url from scene_codes where ticket = ?", (ticket,)).fetchone()
    if row is None:
        return None
    drawn = io.BytesIO()
    segno.make(row["url"], micro=False).save(drawn, kind="png", scale=8)
    return drawn.getvalue()


def found(db: sqlite3.Connection, account: SandboxAccount, seen: str, now: float) -> sqlite3.Row | None:
    """The account's code of that ticket or with those words in it, while it is good."""
    row: sqlite3.Row | None = db.execute(
        "select * from scene_codes where account = ? and (ticket = ? or url = ?) and coalesce(until, ?) > ?",
        (account.name, seen, seen, now + 1, now),
    ).fetchone()
    return row


def _scene(call: Call, kind: CodeKind) -> str:
    info = call.part("action_info").get("scene")
    scene = info.get(kind.field) if isinstance(info, Mapping) else None
    if isinstance(scene, int) and kind.field == "scene_id" and 1 <= scene <= kind.most:
        return str(scene)
    if isinstance(scene, str) and kind.field == "scene_str" and 1 <= len(scene.encode()) <= kind.most:
        return scene
    raise ApiError(40053)


def _seconds(call: Call) -> int:
    seconds = call.body.get("expire_seconds", rules.CODE_SECONDS)
    if not isinstance(seconds, int) or not 1 <= seconds <= rules.LONGEST_CODE_SECONDS:
        raise ApiError(40053)
    return seconds


def _count(call: Call, scene: str) -> None:
    """Of codes for ever there are so many scenes in all; another code for the same scene is no further one (M)."""
    held = {
        row["scene"]
        for row in call.all("select scene from scene_codes where account = ? and until is null", call.account.name)
    }
    if scene not in held and len(held) >= rules.CODES_FOR_EVER:
        raise ApiError(45029)
