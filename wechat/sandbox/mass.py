"""Mass messages (§3.5): jobs to all, to a tag or to a list, what each follower may still get, and how they end."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wechat.sandbox import articles, blacklist, chat, media, rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call, Push, Upload
from wechat.sandbox.errors import ApiError
from wechat.sandbox.quota import beijing_day
from wechat.sandbox.state import count_up

DONE, RUNNING, FAILED, DELETED = "SEND_SUCCESS", "SENDING", "SEND_FAIL", "DELETE"
MASS_VIDEO = "mpvideo"  # the kind of media that only mass messages take
REFUSED, TOO_LATE = "err(40001)", "err(40002)"
Said = dict[str, Any]


def send_all(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/sendall`: to every follower, or to those with a tag."""
    chosen = call.part("filter")
    if chosen.get("is_to_all") is True:
        return _begin(call, {"all": True})
    if not call.one("select 1 from tags where account = ? and id = ?", call.account.name, chosen.get("tag_id")):
        raise ApiError(40152)
    return _begin(call, {"tag": chosen["tag_id"]})


def send(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/send`: to two to ten thousand openids."""
    openids = [*dict.fromkeys(map(str, call.many("touser")))]
    if len(openids) < rules.MASS_LIST.start:
        raise ApiError(40130)
    if len(openids) not in rules.MASS_LIST:
        raise ApiError(40032)
    return _begin(call, {"list": openids})


def preview(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/preview`: to one follower, to look at; it counts as none.

    `towxname` goes before `touser` (M); here a member's name is their WeChat ID too.
    """
    member = _by_name(call) if call.text("towxname") else call.member(call.body.get("touser"))
    if not member["followed"]:
        raise ApiError(43004)
    _show(call.db, member["openid"], _said(call), call.now)
    return {**OK, "msg_id": _new_id(call)}


def _by_name(call: Call) -> sqlite3.Row:
    mine = "select * from members where account = ? and nickname = ?"
    row = call.one(mine, call.account.name, call.text("towxname"))
    if row is None:
        raise ApiError(40132)
    return row


def upload_video(call: Call) -> dict[str, Any]:
    """`/cgi-bin/media/uploadvideo`: a video that lies here already, under an id that mass messages take."""
    row = media.alive(call, call.body.get("media_id"))
    if row["type"] != "video":
        raise ApiError(40007)
    file = Upload(row["filename"], row["content_type"], row["content"])
    media_id = media.keep(call.db, call.account, MASS_VIDEO, file, call.now)
    return {"type": "video", "media_id": media_id, "created_at": int(call.now)}


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/get`: how far a job is."""
    call.pushes.extend(too_late(call.db, [call.account], call.now))
    row = _job(call)
    return {"msg_id": row["id"], "msg_status": row["state"]}


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/delete`: articles lead nowhere any more; of the rest only a video can be taken back."""
    row, number = _job(call), call.body.get("article_idx", 0)
    said = json.loads(row["said"])
    if "article_id" not in said and said["type"] != "video":
        raise ApiError(40059)
    if not isinstance(number, int) or not 0 <= number <= len(said.get("articles", ())):
        raise ApiError(40060)
    if "article_id" in said:
        articles.take_down(call, said["article_id"], number)
    if number == 0:
        call.db.execute("update mass set state = ? where id = ?", (DELETED, row["id"]))
    return OK


def speed(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/speed/get`: the level, and ten thousands a minute."""
    row = call.one("select level from mass_speeds where account = ?", call.account.name)
    level = row["level"] if row else 0
    return {"speed": level, "realspeed": rules.MASS_SPEEDS[level]}


def set_speed(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/mass/speed/set`: 0, the fastest, to 4."""
    level = call.body.get("speed")
    if level is None:
        raise ApiError(45084)
    if not isinstance(level, int) or level not in rules.MASS_SPEEDS:
        raise ApiError(45083)
    call.db.execute("replace into mass_speeds values (?, ?)", (call.account.name, level))
    return OK


# -- the admin, who may have to confirm -------------------------------------------------------------------------------


def waiting(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The jobs that wait for an admin's word, the oldest first."""
    rows = db.execute("select * from mass where state = ? order by id", (RUNNING,)).fetchall()
    words = ((row, json.loads(row["said"])) for row in rows)
    return [
        {
            "id": row["id"],
            "account": row["account"],
            "at": row["at"],
            "says": said.get("content") or said.get("title", ""),
        }
        for row, said in words
    ]


def answered(db: sqlite3.Connection, account: SandboxAccount, job: int, now: float, *, confirmed: bool) -> list[Push]:
    """What the admin's word comes to."""
    row = db.execute("select * from mass where id = ? and state = ?", (job, RUNNING)).fetchone()
    return [_end(db, account, row, now, "send success" if confirmed else REFUSED)] if row else []


def too_late(db: sqlite3.Connection, accounts: Iterable[SandboxAccount], now: float) -> list[Push]:
    """The ends of jobs that no admin has answered in time."""
    by_name = {account.name: account for account in accounts}
    rows = db.execute("select * from mass where state = ? and at <= ?", (RUNNING, now - rules.MASS_CONFIRM)).fetchall()
    return [_end(db, by_name[row["account"]], row, now, TOO_LATE) for row in rows if row["account"] in by_name]


# -- a job ---------------------------------------------------------------------------------------------------------


def _begin(call: Call, to: Mapping[str, Any]) -> dict[str, Any]:
    once = call.text("clientmsgid") or _derived(call)
    if len(once.encode()) > rules.MASS_CLIENT_MSG_ID_BYTES:
        raise ApiError(45067)
    _only_once(call, once)
    _paced(call)
    said = _said(call)
    if said["type"] == "mpnews":
        said |= _published(call)
    job = _new_id(call)
    call.db.execute(
        "insert into mass values (?, ?, ?, ?, ?, ?, ?)",
        (job, call.account.name, call.now, once, RUNNING, json.dumps(to), json.dumps(said, ensure_ascii=False)),
    )
    if not ("all" in to and "confirm" in call.hit):
        row = call.all("select * from mass where id = ?", job)[0]
        status = call.hit["undelivered"].words if "undelivered" in call.hit else "send success"
        call.pushes.append(_end(call.db, call.account, row, call.now, status))
    return {**OK, "msg_id": job, "msg_data_id": job}


def _derived(call: Call) -> str:
    """Without a key of the caller's the platform makes one from whom it goes to and what it says."""
    same = {name: value for name, value in call.body.items() if name != "send_ignore_reprint"}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[: rules.MASS_CLIENT_MSG_ID_BYTES]


def _only_once(call: Call, once: str) -> None:
    row = call.one(
        "select * from mass where account = ? and client_msg_id = ? and at > ? order by id desc",
        call.account.name,
        once,
        call.now - rules.MASS_SAME_CLIENT_MSG_ID,
    )
    if row is not None and call.now - row["at"] < rules.MINUTE:
        raise ApiError(45066)
    if row is not None:
        raise ApiError(45065, msg_id=row["id"], msg_data_id=row["id"])


def _paced(call: Call) -> None:
    """So many calls a minute (42010), and for some accounts so many jobs a day that were not refused (45028)."""
    rows = call.all("select at, state from mass where account = ? and at > ?", call.account.name, call.now - rules.DAY)
    if sum(call.now - row["at"] < rules.MINUTE for row in rows) >= rules.MASS_A_MINUTE:
        raise ApiError(42010)
    today = [row for row in rows if beijing_day(row["at"]) == beijing_day(call.now) and row["state"] != FAILED]
    if len(today) >= rules.MASS[call.account.kind].jobs_a_day:
        raise ApiError(45028)


def _end(db: sqlite3.Connection, account: SandboxAccount, row: sqlite3.Row, now: float, status: str) -> Push:
    good, said = status == "send success", json.loads(row["said"])
    total = _audience(db, account, json.loads(row["audience"]))
    willing = [openid for openid in total if _may_get(db, account, openid, now)]
    for openid in willing if good else ():
        _show(db, openid, said, now)
        db.execute(
            "insert into mass_received values (?, ?, 1) on conflict do update set times = times + 1",
            (openid, beijing_day(now)[:7]),
        )
    db.execute("update mass set state = ? where id = ?", (DONE if good else FAILED, row["id"]))
    counts = {
        "TotalCount": len(total),
        "FilterCount": len(willing),
        "SentCount": len(willing) if good else 0,
        "ErrorCount": 0 if good else len(willing),
    }
    fields = {"MsgType": "event", "Event": "MASSSENDJOBFINISH", "MsgID": row["id"], "Status": status}
    return Push(
        account=account,
        openid=account.operator,
        fields={**fields, **counts, **_checked(said)},
        answered=False,
    )


def _checked(said: Said) -> dict[str, Any]:
    standing = said.get("articles", ())
    items = [{"ArticleIdx": place, "ArticleUrl": one["url"]} for place, one in enumerate(standing, start=1)]
    return {
        "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 1},
        "ArticleUrlResult": {"Count": len(items), "ResultList": {"item": items} if items else ""},
    }


def _audience(db: sqlite3.Connection, account: SandboxAccount, to: Mapping[str, Any]) -> list[str]:
    mine = "select openid from members where account = ? and followed"
    following = [row["openid"] for row in db.execute(mine, (account.name,))]
    if "all" in to:
        return following
    tagged = (row["openid"] for row in db.execute("select openid from tagged where tag = ?", (to.get("tag"),)))
    meant = set(to.get("list", tagged))
    return [openid for openid in following if openid in meant]


def _may_get(db: sqlite3.Connection, account: SandboxAccount, openid: str, now: float) -> bool:
    """Not who refuses messages, is blocked, or has had the month's (§3.5)."""
    row = db.execute("select receives from members where openid = ?", (openid,)).fetchone()
    had = db.execute(
        "select times from mass_received where openid = ? and month = ?", (openid, beijing_day(now)[:7])
    ).fetchone()
    left = rules.MASS[account.kind].a_month_each - (had["times"] if had else 0)
    return bool(row["receives"]) and not blacklist.holds(db, openid) and left > 0


def _show(db: sqlite3.Connection, openid: str, said: Said, now: float) -> None:
    body = {
        "type": "news" if said["type"] == "mpnews" else said["type"],
        **{k: v for k, v in said.items() if k != "type"},
    }
    for one in body.pop("pictures", [None]):
        chat.add(db, openid, at=now, who="account", via="mass", body={**body, "media_id": one} if one else body)


# -- what it says --------------------------------------------------------------------------------------------------


def _said(call: Call) -> Said:
    shape = _SHAPES.get(call.text("msgtype"))
    if shape is None:
        raise ApiError(40008)
    return shape(call)


def _text(call: Call) -> Said:
    content = call.part("text").get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if len(content.encode()) > rules.TEXT_BYTES:
        raise ApiError(45002)
    return {"type": "text", "content": content}


def _voice(call: Call) -> Said:
    return {"type": "voice", "media_id": media.alive(call, call.part("voice").get("media_id"))["media_id"]}


def _pictures(call: Call) -> Said:
    """`images` is the current form, `image` the older one (§3.5)."""
    held = call.part("images").get("media_ids", [call.part("image").get("media_id")])
    if not isinstance(held, list) or not 1 <= len(held) <= rules.ARTICLE_PICTURES:
        raise ApiError(40007)
    return {"type": "image", "pictures": [media.alive(call, one)["media_id"] for one in held]}


def _video(call: Call) -> Said:
    """Only by an id of `uploadvideo` (§3.5; 40007 for others, C)."""
    told = call.part("mpvideo")
    row = media.alive(call, told.get("media_id"))
    if row["type"] != MASS_VIDEO:
        raise ApiError(40007)
    words = {name: str(told.get(name, "")) for name in ("title", "description")}
    return {"type": "video", "media_id": row["media_id"], **words}


def _articles(call: Call) -> Said:
    row = articles.draft(call, str(call.part("mpnews").get("media_id", "")))
    return {"type": "mpnews", "articles": [articles.card(one) for one in json.loads(row["articles"])]}


def _published(call: Call) -> Said:
    """A draft that goes out stands from then on, and is a draft no more."""
    article_id = articles.publish(call, articles.take(call, str(call.part("mpnews")["media_id"])))
    return {"article_id": article_id, "articles": articles.cards(call, article_id)}


_SHAPES: dict[str, Callable[[Call], Said]] = {  # §3.5
    "text": _text,
    "voice": _voice,
    "mpvideo": _video,
    "image": _pictures,
    "mpnews": _articles,
}


def _job(call: Call) -> sqlite3.Row:
    row = call.one("select * from mass where account = ? and id = ?", call.account.name, str(call.body.get("msg_id")))
    if row is None:
        raise ApiError(40059)
    return row


def _new_id(call: Call) -> int:
    return rules.FIRST_MASS_ID + count_up(call.db, "mass")
