"""Tags (§5): a hundred for an account, twenty for a member, fifty members at a time."""

import sqlite3
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.followers import tags_of


def create(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/create`: a new tag with the next free id."""
    held = call.all("select id from tags where account = ?", call.account.name)
    if len(held) >= rules.TAGS:
        raise ApiError(45056)
    tag = {"id": max((row["id"] for row in held), default=rules.FIRST_TAG - 1) + 1, "name": _name(call)}
    call.db.execute("insert into tags values (?, ?, ?)", (call.account.name, tag["id"], tag["name"]))
    return {"tag": tag}


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/get`: every tag and how many followers it has."""
    rows = call.all(
        "select id, name, (select count(*) from tagged join members using (openid)"
        " where tag = tags.id and members.account = tags.account and followed) as count from tags where account = ?",
        call.account.name,
    )
    return {"tags": [dict(row) for row in rows]}


def update(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/update`: rename a tag."""
    tag = _existing(call, call.part("tag").get("id"))
    call.db.execute("update tags set name = ? where account = ? and id = ?", (_name(call), call.account.name, tag))
    return OK


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/delete`: take a tag off everyone and away, unless very many bear it."""
    tag = _existing(call, call.part("tag").get("id"))
    bearers = "from tagged where tag = ? and openid in (select openid from members where account = ?)"
    if call.all(f"select count(*) as many {bearers}", tag, call.account.name)[0]["many"] >= rules.TAG_STAYS_WITH:
        raise ApiError(45057)
    call.db.execute("delete from tags where account = ? and id = ?", (call.account.name, tag))
    call.db.execute(f"delete {bearers}", (tag, call.account.name))
    return OK


def put_on(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/members/batchtagging`: tag up to fifty; those who can't be are named (45171)."""
    tag, members, strangers = _batch(call)
    for member in members:
        held = tags_of(call, member["openid"])
        if tag not in held and len(held) >= rules.TAGS_A_MEMBER:
            raise ApiError(45059)
        call.db.execute(_PUT_ON, {"openid": member["openid"], "tag": tag})
    return _all_or_some(strangers)


_PUT_ON = """insert or ignore into tagged
select :openid, :tag, 1 + coalesce(max(nth), 0) from tagged where openid = :openid"""


def take_off(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/members/batchuntagging`: the way back."""
    tag, members, strangers = _batch(call)
    for member in members:
        call.db.execute("delete from tagged where openid = ? and tag = ?", (member["openid"], tag))
    return _all_or_some(strangers)


def of_member(call: Call) -> dict[str, Any]:
    """`/cgi-bin/tags/getidlist`: one member's tags."""
    return {"tagid_list": tags_of(call, call.member(call.text("openid"))["openid"])}


def _name(call: Call) -> str:
    name = call.part("tag").get("name")
    taken = call.one("select 1 from tags where account = ? and name = ?", call.account.name, name)
    if not isinstance(name, str) or not name or taken:
        raise ApiError(45157)
    if len(name.encode()) > rules.TAG_NAME_BYTES:
        raise ApiError(45158)
    return name


def _existing(call: Call, tag: object) -> int:
    if isinstance(tag, int) and 0 <= tag <= 2:  # noqa: PLR2004 (the system's own tags, §5)
        raise ApiError(45058)
    if not isinstance(tag, int) or not call.one(
        "select 1 from tags where account = ? and id = ?", call.account.name, tag
    ):
        raise ApiError(45159)
    return tag


def _batch(call: Call) -> tuple[int, list[sqlite3.Row], list[str]]:
    tag, openids = _existing(call, call.body.get("tagid")), call.many("openid_list")
    if not openids:
        raise ApiError(40031)
    if len(openids) > rules.TAG_BATCH:
        raise ApiError(40032)
    found = {openid: call.one(_FOLLOWER, openid, call.account.name) for openid in map(str, openids)}
    strangers = [openid for openid, row in found.items() if row is None]
    if len(strangers) == len(found):
        raise ApiError(40003)
    return tag, [row for row in found.values() if row is not None], strangers


_FOLLOWER = "select openid from members where openid = ? and account = ? and followed"


def _all_or_some(strangers: list[str]) -> dict[str, Any]:
    if not strangers:
        return OK
    return {"errcode": 45171, "errmsg": "some openids failed", "fail_openid_list": strangers}
