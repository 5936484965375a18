"""Templates (§3.2, §3.3): the library, what an account has chosen of it, and what it has dropped."""

import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import Template
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.rules import LibraryTemplate

NOTICE, MESSAGE = "notice", "message"


def held(db: sqlite3.Connection, account: str, given: Mapping[str, Template]) -> dict[str, Template]:
    """What an account has: those `given` to every account and those it made, without those it dropped."""
    made = db.execute("select * from own_templates where account = ? order by nth", (account,)).fetchall()
    mine = {row["id"]: Template(id=row["id"], title=row["title"], content=row["content"]) for row in made}
    gone = {row["id"] for row in db.execute("select id from dropped_templates where account = ?", (account,))}
    return {name: one for name, one in {**given, **mine}.items() if name not in gone}


def added(call: Call) -> dict[str, Any]:
    """`/wxaapi/newtmpl/gettemplate`: the notices' templates, all of them one-time (type 2)."""
    shown = [
        {
            "priTmplId": template.id,
            "title": template.title,
            "content": template.content,
            "example": template.content,
            "type": 2,
            "keywordEnumValueList": [
                {"keywordCode": f"{key}.DATA", "enumValueList": list(values)}
                for key, values in template.choices.items()
            ],
        }
        for template in _of(call, NOTICE)
    ]
    return {**OK, "data": shown}


def private(call: Call) -> dict[str, Any]:
    """`/cgi-bin/template/get_all_private_template`: the template messages' templates."""
    shown = [
        {"template_id": template.id, "title": template.title, "content": template.content, "example": template.content}
        for template in _of(call, MESSAGE)
    ]
    return {"template_list": shown}


def categories(call: Call) -> dict[str, Any]:  # noqa: ARG001 (every account is under the same)
    """`/wxaapi/newtmpl/getcategory`: what the account is registered under."""
    return {**OK, "data": [{"id": number, "name": name} for number, name in rules.TEMPLATE_CATEGORIES.items()]}


def titles(call: Call) -> dict[str, Any]:
    """`/wxaapi/newtmpl/getpubtemplatetitles`: up to thirty titles under some categories."""
    query = call.request.query
    start, most = _number(query.get("start"), 200016), _number(query.get("limit"), 200017)
    if not 1 <= most <= rules.LISTED_TITLES:
        raise ApiError(200017)
    if not query.get("ids"):
        raise ApiError(200018)
    wanted = query["ids"].split(",")
    if not set(wanted) <= set(map(str, rules.TEMPLATE_CATEGORIES)):
        raise ApiError(200019)
    found = [
        {"tid": tid, "title": one.title, "type": one.type, "categoryId": str(one.category)}
        for tid, one in rules.TEMPLATE_LIBRARY.items()
        if str(one.category) in wanted
    ]
    return {**OK, "count": len(found), "data": found[start : start + most]}


def keywords(call: Call) -> dict[str, Any]:
    """`/wxaapi/newtmpl/getpubtemplatekeywords`: the fields that a title offers."""
    offered = _library(call.request.query.get("tid", "")).keywords
    shown = [{"kid": kid, "name": one.name, "example": one.example, "rule": one.rule} for kid, one in offered.items()]
    return {**OK, "count": len(shown), "data": shown}


def add(call: Call) -> dict[str, Any]:
    """`/wxaapi/newtmpl/addtemplate`: a template of two to five fields of a title."""
    chosen, kids, scene = _library(call.text("tid")), call.many("kidList"), call.text("sceneDesc")
    if not all(isinstance(kid, int) and kid in chosen.keywords for kid in kids) or len(set(kids)) != len(kids):
        raise ApiError(200020)
    if len(kids) not in rules.TEMPLATE_FIELDS:
        raise ApiError(200020)
    if len(scene) > rules.TEMPLATE_SCENE_CHARS:
        raise ApiError(200021)
    if len(_of(call, NOTICE)) >= rules.TEMPLATES:
        raise ApiError(200012)
    content = "\n".join(f"{chosen.keywords[kid].name}：{{{{{chosen.keywords[kid].rule}{kid}.DATA}}}}" for kid in kids)
    made = secrets.token_urlsafe(32)
    call.db.execute(
        "insert into own_templates select ?, ?, ?, ?, 1 + coalesce(max(nth), 0) from own_templates",
        (made, call.account.name, chosen.title, content),
    )
    return {**OK, "priTmplId": made}


def delete(call: Call) -> dict[str, Any]:
    """`/wxaapi/newtmpl/deltemplate`: drop a notice's template."""
    return _drop(call, call.text("priTmplId"), NOTICE)


def delete_private(call: Call) -> dict[str, Any]:
    """`/cgi-bin/template/del_private_template`: drop a template message's."""
    return _drop(call, call.text("template_id"), MESSAGE)


def _of(call: Call, kind: str) -> list[Template]:
    return [template for template in call.templates.values() if template.kind == kind]


def _drop(call: Call, template_id: str, kind: str) -> dict[str, Any]:
    if template_id not in {template.id for template in _of(call, kind)}:
        raise ApiError(40037)
    call.db.execute("insert into dropped_templates values (?, ?)", (call.account.name, template_id))
    return OK


def _library(tid: str) -> LibraryTemplate:
    found = rules.TEMPLATE_LIBRARY.get(int(tid)) if tid.isdecimal() else None
    if found is None:
        raise ApiError(200014)
    return found


def _number(value: str | None, code: int) -> int:
    if value is None or not value.isdecimal():
        raise ApiError(code)
    return int(value)
