"""Followers (§5): who they are, page by page; no nicknames, as the platform gives none any more."""

import sqlite3
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError


def page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/user/get`: ten thousand openids after `next_openid`, in the order they began to follow."""
    return {
        "total": call.all(_COUNT, call.account.name)[0]["total"],
        **page_of(_following(call, call.request.query.get("next_openid", ""), most=rules.FOLLOWER_PAGE)),
    }


def info(call: Call) -> dict[str, Any]:
    """`/cgi-bin/user/info`: one member; who doesn't follow shows only the openid."""
    return _about(call, call.member(call.request.query.get("openid", "")))


def info_of_many(call: Call) -> dict[str, Any]:
    """`/cgi-bin/user/info/batchget`: up to a hundred members."""
    asked = call.many("user_list")
    if not 1 <= len(asked) <= rules.BATCH_INFO:
        raise ApiError(40032)
    openids = [one.get("openid", "") if isinstance(one, dict) else "" for one in asked]
    return {"user_info_list": [_about(call, call.member(openid)) for openid in openids]}


def tagged_page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/user/tag/get`: the followers under a tag, paged like all of them."""
    rows = call.all(
        "select openid from tagged join members using (openid)"
        " where account = ? and tag = ? and followed and openid > ? order by openid limit ?",
        call.account.name,
        call.body.get("tagid"),
        call.text("next_openid"),
        rules.FOLLOWER_PAGE,
    )
    return page_of([row["openid"] for row in rows])


def set_remark(call: Call) -> dict[str, Any]:
    """`/cgi-bin/user/info/updateremark`: what only the account sees of a follower."""
    member, remark = call.member(call.body.get("openid")), call.text("remark")
    if len(remark.encode()) > rules.REMARK_BYTES:
        raise ApiError(40092)
    call.db.execute("replace into remarks values (?, ?)", (member["openid"], remark))
    return OK


def tags_of(call: Call, openid: str) -> list[int]:
    """A member's tags in the order they were put on."""
    return [row["tag"] for row in call.all("select tag from tagged where openid = ? order by nth", openid)]


_COUNT = "select count(*) as total from members where account = ? and followed = 1"


def _remark(call: Call, openid: str) -> str:
    row = call.one("select remark from remarks where openid = ?", openid)
    return row["remark"] if row else ""


def _following(call: Call, after: str, *, most: int) -> list[str]:
    start = call.one("select followed_at, openid from members where openid = ?", after)
    rows = call.all(
        "select openid from members where account = ? and followed = 1 and (followed_at, openid) > (?, ?)"
        " order by followed_at, openid limit ?",
        call.account.name,
        start["followed_at"] if start else -1,
        start["openid"] if start else "",
        most,
    )
    return [row["openid"] for row in rows]


def page_of(openids: list[str]) -> dict[str, Any]:
    """A page as the platform shows it: the last one is empty and has no `data`."""
    if not openids:
        return {"count": 0, "next_openid": ""}
    return {"count": len(openids), "data": {"openid": openids}, "next_openid": openids[-1]}


def _about(call: Call, member: sqlite3.Row) -> dict[str, Any]:
    known: dict[str, Any] = {"subscribe": member["followed"], "openid": member["openid"]}
    if member["unionid"]:
        known["unionid"] = member["unionid"]
    if not member["followed"]:
        return known
    tags = tags_of(call, member["openid"])
    number = int(member["qr_scene"]) if member["qr_scene"].isdecimal() else 0
    return {
        **known,
        "subscribe_time": int(member["followed_at"]),
        "remark": _remark(call, member["openid"]),
        "groupid": tags[-1] if tags else 0,
        "tagid_list": tags,
        "subscribe_scene": member["subscribe_scene"],
        "qr_scene": number,
        "qr_scene_str": "" if number else member["qr_scene"],
    }
