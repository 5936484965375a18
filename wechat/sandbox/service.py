"""Customer-service messages (§3.1): who may be written to, in what shape, and how often."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from wechat.sandbox import articles, blacklist, chat, media, rules, windows
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError

Shape = Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]


def send(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/custom/send`: one message while a window is open."""
    member = call.member(call.body.get("touser"))
    kind = call.text("msgtype")
    shapes = _MINI_SHAPES if call.account.kind == "miniprogram" else _SHAPES
    if kind not in shapes:
        raise ApiError(40008)
    body = {"type": kind, **shapes[kind](call, call.part(kind))}
    _may_write_to(call, member)
    windows.spend(call.db, member["openid"], call.now)
    chat.add(call.db, member["openid"], at=call.now, who="account", via="service", body=body)
    call.db.execute("update members set typing_until = 0 where openid = ?", (member["openid"],))
    return OK


def typing(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/custom/typing`: 对方正在输入, within thirty seconds of the member's last contact."""
    member = call.member(call.body.get("touser"))
    command = call.text("command")
    if command not in {"Typing", "CancelTyping"}:
        raise ApiError(45072)
    if call.now - member["contact_at"] > rules.TYPING_AFTER_CONTACT:
        raise ApiError(45080)
    if command == "Typing" and member["typing_until"] > call.now:
        raise ApiError(45081)
    until = call.now + rules.TYPING_LASTS if command == "Typing" else 0
    call.db.execute("update members set typing_until = ? where openid = ?", (until, member["openid"]))
    return OK


def _may_write_to(call: Call, member: sqlite3.Row) -> None:
    blacklist.refuse(call, member["openid"])
    if call.account.kind != "miniprogram" and not member["followed"]:
        raise ApiError(45015)
    if not member["receives"]:
        raise ApiError(48002)


def _text(_: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    content = said.get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if len(content.encode()) > rules.TEXT_BYTES:
        raise ApiError(45002)
    return {"content": content}


def _media(call: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    media_id = said.get("media_id")
    media.alive(call, media_id)
    return {"media_id": media_id, "title": said.get("title", ""), "description": said.get("description", "")}


def _music(_: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    if not said.get("musicurl"):
        raise ApiError(47003, "music.musicurl")
    return {"title": said.get("title", ""), "description": said.get("description", ""), "url": said["musicurl"]}


def _news(_: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    articles = said.get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], dict):
        raise ApiError(45008)
    names = ("title", "description", "url", "picurl")
    return {"articles": [{name: str(article.get(name, "")) for name in names} for article in articles]}


def _article(call: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "news", "articles": articles.cards(call, str(said.get("article_id", "")))}


def _menu(_: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    offered = said.get("list")
    if not isinstance(offered, list) or not offered:
        raise ApiError(47003, "msgmenu.list")
    items = [{"id": str(item.get("id", "")), "content": str(item.get("content", ""))} for item in offered]
    return {"head_content": said.get("head_content", ""), "list": items, "tail_content": said.get("tail_content", "")}


def _page(call: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("title", "pagepath") if call.account.kind == "miniprogram" else ("title", "appid", "pagepath")
    for name in names:
        if not said.get(name):
            raise ApiError(47003, f"miniprogrampage.{name}")
    media.alive(call, said.get("thumb_media_id"))
    return {"title": said["title"], "url": said["pagepath"], "media_id": said["thumb_media_id"]}


def _link(_: Call, said: Mapping[str, Any]) -> Mapping[str, Any]:
    article = {"title": "title", "description": "description", "url": "url", "picurl": "thumb_url"}
    return {"articles": [{name: str(said.get(theirs, "")) for name, theirs in article.items()}]}


_SHAPES: dict[str, Shape] = {
    "text": _text,
    "image": _media,
    "voice": _media,
    "video": _media,
    "music": _music,
    "news": _news,
    "mpnewsarticle": _article,
    "msgmenu": _menu,
    "miniprogrampage": _page,
}
_MINI_SHAPES: dict[str, Shape] = {"text": _text, "image": _media, "link": _link, "miniprogrampage": _page}
