"""Articles (§3.6): drafts, which every official account may write, and publishing, which verified ones may."""

import json
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from wechat.sandbox import rules
from wechat.sandbox.call import OK, Call, Push
from wechat.sandbox.errors import ApiError
from wechat.sandbox.state import count_up

DONE, RUNNING, DELETED = 0, 1, 5


# -- drafts ----------------------------------------------------------------------------------------------------------


def add(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/add`: one to eight articles under one id."""
    articles = call.many("articles")
    if not 1 <= len(articles) <= rules.ARTICLES:
        raise ApiError(45008)
    media_id = secrets.token_urlsafe(48)
    _keep(call, media_id, [_article(call, article, alone=len(articles) == 1) for article in articles])
    return {"media_id": media_id}


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/get`: the articles whole."""
    row = draft(call, call.text("media_id"))
    times = {"create_time": int(row["made_at"]), "update_time": int(row["updated_at"])}
    return {"news_item": _shown(json.loads(row["articles"])), **times}


def update(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/update`: one article anew, by its place from 0 on."""
    row = draft(call, call.text("media_id"))
    articles, place = json.loads(row["articles"]), call.body.get("index")
    if not isinstance(place, int) or not 0 <= place < len(articles):
        raise ApiError(40097)
    articles[place] = _article(call, call.part("articles"), alone=len(articles) == 1)
    _keep(call, row["media_id"], articles, made_at=row["made_at"])
    return OK


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/delete`: away for good."""
    take(call, call.text("media_id"))
    return OK


def count(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/count`: how many there are."""
    return {"total_count": _total(call, "drafts")}


def page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/draft/batchget`: up to twenty, the newest first."""
    return _page(call, "drafts", "media_id")


def draft(call: Call, media_id: str) -> sqlite3.Row:
    """The account's draft of that id."""
    row = call.one("select * from drafts where account = ? and media_id = ?", call.account.name, media_id)
    if row is None:
        raise ApiError(40007)
    return row


def take(call: Call, media_id: str) -> list[dict[str, Any]]:
    """Take a draft away, as publishing and sending to all do; returns its articles."""
    row = draft(call, media_id)
    call.db.execute("delete from drafts where media_id = ?", (media_id,))
    return list(json.loads(row["articles"]))


# -- publishing ------------------------------------------------------------------------------------------------------


def submit(call: Call) -> dict[str, Any]:
    """`/cgi-bin/freepublish/submit`: the end of it comes with an event; no follower hears of it."""
    articles = take(call, call.text("media_id"))
    state = int(call.hit["undelivered"].words) if "undelivered" in call.hit else DONE
    publish_id = rules.FIRST_PUBLISH_ID + count_up(call.db, "publications")
    article_id = publish(call, articles) if state == DONE else ""
    failed = [] if state in {DONE, RUNNING} else list(range(1, len(articles) + 1))
    call.db.execute(
        "insert into publications values (?, ?, ?, ?, ?)",
        (publish_id, call.account.name, state, article_id, json.dumps(failed)),
    )
    if state != RUNNING:
        told = {"publish_id": publish_id, **_outcome(call, state, article_id, failed)}
        fields = {"MsgType": "event", "Event": "PUBLISHJOBFINISH", "PublishEventInfo": told}
        call.pushes.append(Push(account=call.account, openid=call.account.operator, fields=fields, answered=False))
    return {**OK, "publish_id": str(publish_id), "msg_data_id": str(publish_id)}


def publication(call: Call) -> dict[str, Any]:
    """`/cgi-bin/freepublish/get`: how far it is, and where its articles stand."""
    asked = call.body.get("publish_id")
    row = call.one("select * from publications where account = ? and id = ?", call.account.name, str(asked))
    if row is None:
        raise ApiError(40097)
    gone = row["state"] == DONE and all(one["deleted"] for one in _articles_of(call, row["article_id"]))
    state = DELETED if gone else row["state"]
    return {"publish_id": asked, **_outcome(call, state, row["article_id"], json.loads(row["failed"]))}


def article(call: Call) -> dict[str, Any]:
    """`/cgi-bin/freepublish/getarticle`: what stands under an article's id."""
    return {"news_item": _shown(_published(call, call.text("article_id")))}


def published_page(call: Call) -> dict[str, Any]:
    """`/cgi-bin/freepublish/batchget`: up to twenty, the newest first."""
    return _page(call, "published", "article_id")


def unpublish(call: Call) -> dict[str, Any]:
    """`/cgi-bin/freepublish/delete`: one article by its number from 1 on, or all of them."""
    article_id, number = call.text("article_id"), call.body.get("index", 0)
    if not isinstance(number, int) or not 0 <= number <= len(_published(call, article_id)):
        raise ApiError(40097)
    take_down(call, article_id, number)
    return OK


def take_down(call: Call, article_id: str, number: int) -> None:
    """Let one article lead nowhere, by its number from 1 on, or with 0 all of an id."""
    articles = _published(call, article_id)
    for place, one in enumerate(articles, start=1):
        one["deleted"] = one["deleted"] or number in {0, place}
    kept = json.dumps(articles, ensure_ascii=False)
    call.db.execute("update published set articles = ? where article_id = ?", (kept, article_id))


def publish(call: Call, articles: Sequence[Mapping[str, Any]]) -> str:
    """Let articles stand where anybody can read them; returns their id."""
    article_id = secrets.token_urlsafe(32)
    at = call.request.root or rules.ARTICLE_HOST
    standing = [{**one, "deleted": False, "url": f"{at}/s/{secrets.token_urlsafe(16)}"} for one in articles]
    call.db.execute(
        "insert into published values (?, ?, ?, ?, ?)",
        (article_id, call.account.name, json.dumps(standing, ensure_ascii=False), call.now, call.now),
    )
    return article_id


def standing_at(db: sqlite3.Connection, word: str) -> tuple[dict[str, Any], str, float] | None:
    """The article whose address ends with a word, the account's name, and when it came out."""
    rows = db.execute("select * from published where instr(articles, ?)", (f"/s/{word}",)).fetchall()
    found = ((one, row) for row in rows for one in json.loads(row["articles"]))
    return next(
        ((one, row["account"], row["made_at"]) for one, row in found if one["url"].endswith(f"/s/{word}")), None
    )


def urls(call: Call, article_id: str) -> list[str]:
    """Where the articles of an id stand."""
    return [one["url"] for one in _articles_of(call, article_id)]


def cards(call: Call, article_id: str) -> list[dict[str, str]]:
    """The published articles of an id as a member sees them in a chat."""
    return [card(one) for one in _published(call, article_id) if not one["deleted"]]


def card(article: Mapping[str, Any]) -> dict[str, str]:
    """One of them."""
    return {"title": article["title"], "description": article["digest"], "url": article.get("url", ""), "picurl": ""}


def _outcome(call: Call, state: int, article_id: str, failed: list[int]) -> dict[str, Any]:
    told: dict[str, Any] = {"publish_status": state}
    if state == DELETED:
        told |= {"article_id": article_id}
    if state == DONE:  # api_freepublish_get: the details are told of this state only
        items = [{"idx": number, "article_url": url} for number, url in enumerate(urls(call, article_id), start=1)]
        told |= {"article_id": article_id, "article_detail": {"count": len(items), "item": items}}
    return {**told, "fail_idx": failed}


def _articles_of(call: Call, article_id: str) -> list[dict[str, Any]]:
    row = call.one("select articles from published where account = ? and article_id = ?", call.account.name, article_id)
    return json.loads(row["articles"]) if row else []


def _published(call: Call, article_id: str) -> list[dict[str, Any]]:
    found = _articles_of(call, article_id)
    if not found:
        raise ApiError(53600)
    return found


# -- what an article may be --------------------------------------------------------------------------------------------


def _article(call: Call, article: object, *, alone: bool) -> dict[str, Any]:
    if not isinstance(article, Mapping):
        raise ApiError(47001)
    kind = article.get("article_type", "news")
    if not isinstance(kind, str) or kind not in rules.ARTICLE_FIELDS:
        raise ApiError(40097)
    for name, most in rules.ARTICLE_FIELDS[kind].items():
        value = article.get(name, "")
        if not isinstance(value, str) or len(value) > most.most or (most.needed and not value.strip()):
            raise ApiError(most.code)
    media = _pictures(article) if kind == "newspic" else [article.get("thumb_media_id")]
    for media_id in media:
        _must_be_material(call, media_id)
    kept = {name: article.get(name, "") for name in ("title", "content", "author", "digest", "content_source_url")}
    kept |= {"article_type": kind, "content": _cleaned(kept["content"], call.request.root), "media": media}
    if kind == "news" and not kept["digest"] and alone:
        kept["digest"] = re.sub(r"<[^>]*>|\s+", "", kept["content"])[: rules.DIGEST_OF_CONTENT]
    return kept


def _pictures(article: Mapping[str, Any]) -> list[Any]:
    info = article.get("image_info")
    held = info.get("image_list") if isinstance(info, Mapping) else None
    if not isinstance(held, list) or not 1 <= len(held) <= rules.ARTICLE_PICTURES:
        raise ApiError(40097)
    return [one.get("image_media_id") if isinstance(one, Mapping) else None for one in held]


def _must_be_material(call: Call, media_id: object) -> None:
    found = "select 1 from materials where account = ? and media_id = ? and type in ('image', 'thumb')"
    if not call.one(found, call.account.name, str(media_id)):
        raise ApiError(40007)


def _cleaned(content: str, root: str) -> str:
    """Without scripts, pictures from elsewhere, and links that lead off the platform (§3.6)."""
    own = (*rules.OWN_LINKS, urlsplit(root).hostname or rules.ARTICLE_HOST)
    content = re.sub(r"<script\b.*?</script\s*>", "", content, flags=re.IGNORECASE | re.DOTALL)
    content = re.sub(r"<img\b[^>]*>", lambda found: _kept(found, "src", rules.OWN_PICTURES), content)
    return re.sub(r"(<a\b[^>]*>)(.*?)</a>", lambda found: found[0] if _kept(found, "href", own) else found[2], content)


def _kept(found: re.Match[str], attribute: str, hosts: tuple[str, ...]) -> str:
    address = re.search(rf"""\b{attribute}\s*=\s*["']?([^"'\s>]*)""", found[0])
    host = urlsplit(address[1]).hostname or "" if address else ""
    return found[0] if host.endswith(hosts) else ""


# -- how it is kept and shown ------------------------------------------------------------------------------------------


def _keep(call: Call, media_id: str, articles: Sequence[Mapping[str, Any]], *, made_at: float | None = None) -> None:
    kept = json.dumps(articles, ensure_ascii=False)
    times = (call.now if made_at is None else made_at, call.now)
    call.db.execute("replace into drafts values (?, ?, ?, ?, ?)", (media_id, call.account.name, kept, *times))


def _shown(articles: Sequence[Mapping[str, Any]], *, whole: bool = True) -> list[dict[str, Any]]:
    return [
        {name: one[name] for name in ("article_type", "title", "author", "digest", "content_source_url")}
        | {"url": one.get("url", ""), "is_deleted": one.get("deleted", False)}
        | ({"thumb_media_id": one["media"][0]} if one["article_type"] == "news" else _image_info(one))
        | ({"content": one["content"]} if whole else {})
        for one in articles
    ]


def _image_info(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"image_info": {"image_list": [{"image_media_id": media_id} for media_id in one["media"]]}}


def _total(call: Call, table: str) -> int:
    return len(call.all(f"select 1 from {table} where account = ?", call.account.name))  # noqa: S608 (a constant)


def _page(call: Call, table: str, key: str) -> dict[str, Any]:
    start, most = call.span()
    rows = call.all(
        f"select * from {table} where account = ? order by updated_at desc, rowid desc limit ? offset ?",  # noqa: S608 (a constant)
        call.account.name,
        most,
        start,
    )
    whole = call.body.get("no_content", 0) != 1
    items = [
        {
            key: row[key],
            "content": {"news_item": _shown(json.loads(row["articles"]), whole=whole)},
            "update_time": int(row["updated_at"]),
        }
        for row in rows
    ]
    return {"total_count": _total(call, table), "item_count": len(items), "item": items}
