"""Temporary media (§8): kept for three days, then its id is as good as wrong (40007); material is as good for ever."""

import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Answer, Binary, Call, Upload
from wechat.sandbox.errors import ApiError


def upload(call: Call) -> dict[str, Any]:
    """`/cgi-bin/media/upload?type=`: keep the multipart field `media`."""
    kind, file = call.request.query.get("type", ""), call.request.upload
    if kind not in rules.MEDIA:
        raise ApiError(40004)
    if file is None or not file.content:
        raise ApiError(41005)
    if len(file.content) > rules.MEDIA[kind].most:
        raise ApiError(rules.MEDIA[kind].code)
    media_id = keep(call.db, call.account, kind, file, call.now)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: media_id, "created_at": int(call.now)}


def download(call: Call) -> Answer:
    """`/cgi-bin/media/get`: the file; a video as a link."""
    row = alive(call, call.request.query.get("media_id"))
    if row["type"] == "video":
        return {"video_url": f"/mmbiz/{row['media_id']}"}
    return Binary(row["filename"], row["content_type"], row["content"])


def alive(call: Call, media_id: object) -> sqlite3.Row:
    """The account's media of that id, while it lives."""
    row = _find(call.db, call.account, media_id, call.now) if isinstance(media_id, str) else None
    if row is None:
        raise ApiError(40007)
    return row


def lives(db: sqlite3.Connection, account: SandboxAccount, said: Mapping[str, Any], now: float) -> bool:
    """Whether the media that a passive reply names can still be shown."""
    return _find(db, account, said["media_id"], now) is not None


def keep(db: sqlite3.Connection, account: SandboxAccount, kind: str, file: Upload, now: float) -> str:
    """Store a file and return its media id."""
    media_id = secrets.token_urlsafe(48)
    db.execute(
        "insert into media values (?, ?, ?, ?, ?, ?, ?)",
        (media_id, account.name, kind, file.content_type, file.filename, file.content, now),
    )
    return media_id


def shown(db: sqlite3.Connection, media_id: str) -> sqlite3.Row | None:
    """A file for the pages of the stand-in, whoever's it is."""
    row: sqlite3.Row | None = db.execute(
        "select content, content_type from media where media_id = :id"
        " union all select content, content_type from materials where media_id = :id",
        {"id": media_id},
    ).fetchone()
    return row


def _find(db: sqlite3.Connection, account: SandboxAccount, media_id: object, now: float) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "select media_id, type, content_type, filename, content from media"
        " where media_id = :id and account = :account and made_at > :since"
        " union all select media_id, type, content_type, filename, content from materials"
        " where media_id = :id and account = :account",
        {"id": media_id, "account": account.name, "since": now - rules.MEDIA_LIVES},
    ).fetchone()
    return row
