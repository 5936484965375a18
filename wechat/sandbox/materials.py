"""Permanent material and pictures for articles (§8)."""

import json
import secrets
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Answer, Binary, Call, Upload
from wechat.sandbox.errors import ApiError


def add(call: Call) -> dict[str, Any]:
    """`/cgi-bin/material/add_material?type=`: keep the multipart field `media`; a video has a `description` too."""
    kind = call.request.query.get("type", "")
    file = _file(call, kind, rules.MATERIALS)
    _has_room(call, kind)
    about = _description(call) if kind == "video" else {}
    media_id = secrets.token_urlsafe(48)
    url = f"{rules.PICTURE_HOST}/mmbiz/{media_id}?wx_fmt={_suffix(file)}" if kind == "image" else ""
    call.db.execute(
        "insert into materials values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            media_id,
            call.account.name,
            kind,
            file.content_type,
            file.filename,
            file.content,
            url,
            json.dumps(about, ensure_ascii=False),
            call.now,
        ),
    )
    return {"media_id": media_id, "url": url} if url else {"media_id": media_id}


def get(call: Call) -> Answer:
    """`/cgi-bin/material/get_material`: the file; of a video its title and where it lies."""
    row = call.one(_ONE, call.account.name, call.text("media_id"))
    if row is None:
        raise ApiError(40007)
    if row["type"] != "video":
        return Binary(row["filename"], row["content_type"], row["content"])
    about = json.loads(row["about"])
    told = {"title": about["title"], "description": about.get("introduction", "")}
    return {**told, "down_url": f"{rules.PICTURE_HOST}/mmbiz/{row['media_id']}"}


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/material/del_material`: away for good."""
    if call.one(_ONE, call.account.name, call.text("media_id")) is None:
        raise ApiError(40007)
    call.db.execute("delete from materials where media_id = ?", (call.text("media_id"),))
    return OK


def count(call: Call) -> dict[str, Any]:
    """`/cgi-bin/material/get_materialcount`: how many of each kind; articles are drafts now and none of them (M)."""
    rows = call.all("select type, count(*) as many from materials where account = ? group by type", call.account.name)
    held = {row["type"]: row["many"] for row in rows}
    return {**{f"{kind}_count": held.get(kind, 0) for kind in ("voice", "video", "image")}, "news_count": 0}


def page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/material/batchget_material`: up to twenty of a kind, the newest first."""
    kind = call.text("type")
    if kind not in rules.LISTED_MATERIALS:
        raise ApiError(40004)
    start, most = call.span()
    rows = call.all(
        "select * from materials where account = ? and type = ? order by made_at desc, media_id limit ? offset ?",
        call.account.name,
        kind,
        most,
        start,
    )
    total = call.all("select count(*) as n from materials where account = ? and type = ?", call.account.name, kind)
    shown = [
        {"media_id": row["media_id"], "name": row["filename"], "update_time": int(row["made_at"]), "url": row["url"]}
        for row in rows
    ]
    return {"total_count": total[0]["n"], "item_count": len(shown), "item": shown}


def upload_picture(call: Call) -> dict[str, Any]:
    """`/cgi-bin/media/uploadimg`: a picture that articles may show; it is no material and counts as none."""
    file = _file(call, "article", rules.PICTURES)
    if not file.content.startswith(rules.PICTURE_STARTS):
        raise ApiError(40005)
    return {"url": f"{rules.PICTURE_HOST}/mmbiz_{_suffix(file)}/{secrets.token_urlsafe(36)}/0"}


_ONE = "select * from materials where account = ? and media_id = ?"


def _file(call: Call, kind: str, kinds: dict[str, rules.MediaKind]) -> Upload:
    file = call.request.upload
    if kind not in kinds:
        raise ApiError(40004)
    if file is None or not file.content:
        raise ApiError(41005)
    if len(file.content) > kinds[kind].most:
        raise ApiError(kinds[kind].code)
    return file


def _has_room(call: Call, kind: str) -> None:
    kinds, most = next((kinds, most) for kinds, most in rules.MATERIAL_CAPS if kind in kinds)
    held = call.all("select type, count(*) as many from materials where account = ? group by type", call.account.name)
    if sum(row["many"] for row in held if row["type"] in kinds) >= most:
        raise ApiError(45034)


def _suffix(file: Upload) -> str:
    return file.filename.rpartition(".")[2] or "jpg"


def _description(call: Call) -> dict[str, Any]:
    try:
        about = json.loads(call.request.form.get("description", ""))
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(about, dict) or not about.get("title"):
        raise ApiError(47003, "description.title")
    return about
