"""Notices: subscription notices for a credit each (§3.3, §3.4) and template messages (§3.2)."""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any
from unicodedata import category

from wechat.sandbox import chat, rules
from wechat.sandbox.account import Template
from wechat.sandbox.call import OK, Call, Push
from wechat.sandbox.errors import ApiError
from wechat.sandbox.state import new_msgid


def send_notice(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/subscribe/bizsend`: takes one credit; the message id comes with the event, not here."""
    _notify(call)
    return OK


def send_mini_notice(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/subscribe/send`: the mini-program's, which does answer with a `msgid`.

    What names no version of it or no language is refused, as other wrong arguments are (40097 M).
    """
    for name, known in rules.MINI_NOTICE.items():
        if call.body.get(name, known[0]) not in known:
            raise ApiError(40097, name)
    return {**OK, "msgid": _notify(call)}


def send_template(call: Call) -> dict[str, Any]:
    """`/cgi-bin/message/template/send`: the same `client_msg_id` to the same openid within ten minutes sends once."""
    member = call.member(call.body.get("touser"))
    template = _template(call, "message")
    if not member["followed"]:
        raise ApiError(43004)
    if len(call.text("url").encode()) > rules.URL_BYTES:
        raise ApiError(40039)
    fields = _filled(template, call.part("data"))
    once = call.text("client_msg_id")
    if once and (before := _sent_before(call, member["openid"], once)):
        return {**OK, "msgid": before}
    msgid = new_msgid(call.db)
    call.db.execute(
        "replace into sent_once values (?, ?, ?, ?, ?)",
        (call.account.name, member["openid"], once or str(msgid), msgid, call.now),
    )
    _deliver_template(call, member, template, fields, msgid)
    return {**OK, "msgid": msgid}


def credits_of(db: sqlite3.Connection, openid: str, template_id: str) -> int:
    """How many notices of this template the member still allows."""
    row = db.execute(
        "select credits from credits where openid = ? and template_id = ?", (openid, template_id)
    ).fetchone()
    return int(row["credits"]) if row else 0


def _notify(call: Call) -> int:
    member = call.member(call.body.get("touser"))
    template = _template(call, "notice")
    fields = _filled(template, call.part("data"))
    if not credits_of(call.db, member["openid"], template.id):
        raise ApiError(43101)
    call.db.execute(
        "update credits set credits = credits - 1 where openid = ? and template_id = ?", (member["openid"], template.id)
    )
    msgid = new_msgid(call.db)
    _show(call, member, "notice", template, fields)
    sent = {"TemplateId": template.id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
    happened = {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": [sent]}}
    _push(call, member, happened)
    return msgid


def _deliver_template(
    call: Call, member: sqlite3.Row, template: Template, fields: list[dict[str, str]], msgid: int
) -> None:
    status = "success" if member["receives"] else "failed:user block"
    if "undelivered" in call.hit:
        status = call.hit["undelivered"].words
    if status == "success":
        _show(call, member, "template", template, fields)
    _push(call, member, {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": status})


def _show(call: Call, member: sqlite3.Row, via: str, template: Template, fields: list[dict[str, str]]) -> None:
    url = "" if call.part("miniprogram") else call.text("url") or call.text("page")
    body = {"type": "notice", "title": template.title, "fields": fields, "url": url}
    chat.add(call.db, member["openid"], at=call.now, who="account", via=via, body=body)


def _push(call: Call, member: sqlite3.Row, event: Mapping[str, Any]) -> None:
    fields = {"MsgType": "event", **event}
    call.pushes.append(Push(account=call.account, openid=member["openid"], fields=fields, answered=False))


def _template(call: Call, kind: str) -> Template:
    template = call.templates.get(call.text("template_id"))
    if template is None or template.kind != kind:
        raise ApiError(40037)
    return template


def _sent_before(call: Call, openid: str, client_msg_id: str) -> int | None:
    row = call.one(
        "select msgid from sent_once where account = ? and openid = ? and client_msg_id = ? and at > ?",
        call.account.name,
        openid,
        client_msg_id,
        call.now - rules.SAME_CLIENT_MSG_ID,
    )
    return int(row["msgid"]) if row else None


def _filled(template: Template, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The card's lines; a value that breaks its field's rule is 47003 with the key's name."""
    shown = {key: label for key, label in template.fields.items() if key not in {"first", "remark"}}
    lines = []
    for key, label in shown.items():
        given = data.get(key)
        value = given.get("value") if isinstance(given, dict) else None
        lines.append({"label": label, "value": _checked(template, key, value)})
    return lines


def _checked(template: Template, key: str, value: object) -> str:
    prefix = key.rstrip("0123456789")
    if prefix == "keyword":
        return str(value or "")[: rules.LEGACY_FIELD_CHARS]
    allowed = template.choices.get(key)
    pattern = rules.FIELDS.get(prefix, _ANY)
    if not isinstance(value, str) or any(category(char) == "Cc" for char in value):
        raise ApiError(47003, f"data.{key}.value invalid")
    if not (value in allowed if allowed else pattern.fullmatch(value)):
        raise ApiError(47003, f"data.{key}.value invalid")
    return value


_ANY = re.compile(r".{1,20}")
