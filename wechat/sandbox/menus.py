"""Menus (§4): the shape is checked to the byte, and what was made is kept word for word."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.rules import SUB_LEVEL, TOP_LEVEL, MenuLevel
from wechat.sandbox.state import count_up


def create(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/create`: replace the account's menu."""
    kept = json.dumps(_buttons(call), ensure_ascii=False)
    call.db.execute("replace into menus values (?, ?)", (call.account.name, kept))
    return OK


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/get`: the menus made by the API, 46003 if there is none."""
    if (buttons := made(call)) is None:
        raise ApiError(46003)
    conditional = [
        {"button": _shown(json.loads(row["buttons"])), "matchrule": json.loads(row["rule"]), "menuid": row["id"]}
        for row in call.all(_CONDITIONAL, call.account.name)
    ]
    return {"menu": {"button": _shown(buttons)}} | ({"conditionalmenu": conditional} if conditional else {})


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/delete`: no menu at all, no conditional one either."""
    call.db.execute("delete from menus where account = ?", (call.account.name,))
    call.db.execute("delete from conditional_menus where account = ?", (call.account.name,))
    return OK


def add_conditional(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/addconditional`: a menu for the members that its rule fits, beside the one for all."""
    rule = _rule(call)
    buttons = _buttons(call)
    if made(call) is None:
        raise ApiError(65303)
    if len(_domains(buttons)) > rules.OUTSIDE_DOMAINS:
        raise ApiError(65316)
    menu_id = rules.FIRST_CONDITIONAL_MENU + count_up(call.db, "conditional_menus")
    kept = json.dumps(buttons, ensure_ascii=False), json.dumps(rule)
    call.db.execute("insert into conditional_menus values (?, ?, ?, ?)", (call.account.name, menu_id, *kept))
    return {"menuid": str(menu_id)}


def delete_conditional(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/delconditional`: take one away."""
    key = (call.account.name, str(call.body.get("menuid", "")))
    if not call.one("select 1 from conditional_menus where account = ? and id = ?", *key):
        raise ApiError(65301)
    call.db.execute("delete from conditional_menus where account = ? and id = ?", key)
    return OK


def try_match(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/trymatch`: the menu that this member's phone shows."""
    member = call.member(call.body.get("user_id"), else_code=65302)
    if made(call) is None:
        raise ApiError(46003)
    return {"button": _shown(in_use(call.db, call.account, member["openid"]))}


def current(call: Call) -> dict[str, Any]:
    """`/cgi-bin/get_current_selfmenu_info`: the menu in use, its sub-buttons under `list`."""
    buttons = in_use(call.db, call.account)
    if not buttons:
        return {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    shown = [
        {**button, "sub_button": {"list": button["sub_button"]}} if button.get("sub_button") else button
        for button in buttons
    ]
    return {"is_menu_open": 1, "selfmenu_info": {"button": shown}}


def made(call: Call) -> list[dict[str, Any]] | None:
    """The buttons made by the API, or None."""
    row = call.one("select buttons from menus where account = ?", call.account.name)
    return json.loads(row["buttons"]) if row else None


def in_use(db: sqlite3.Connection, account: SandboxAccount, openid: str = "") -> list[Mapping[str, Any]]:
    """The buttons that this member's phone shows: of the API's the newest that fits, else those of the console."""
    row = db.execute("select buttons from menus where account = ?", (account.name,)).fetchone()
    if row is None:
        return list(account.menu)
    fitting = (one for one in db.execute(_CONDITIONAL, (account.name,)) if _fits(db, json.loads(one["rule"]), openid))
    found: list[Mapping[str, Any]] = json.loads(next(fitting, row)["buttons"])
    return found


_CONDITIONAL = "select * from conditional_menus where account = ? order by id desc"


def _fits(db: sqlite3.Connection, rule: Mapping[str, Any], openid: str) -> bool:
    """By the tag that was put on last (§4); the stand-in's phone is of no platform that a rule can name."""
    row = db.execute("select tag from tagged where openid = ? order by nth desc limit 1", (openid,)).fetchone()
    return "client_platform_type" not in rule and row is not None and str(row["tag"]) == str(rule["tag_id"])


def _rule(call: Call) -> Mapping[str, Any]:
    rule = {name: value for name, value in call.part("matchrule").items() if value not in ("", None)}
    if rules.PRIVATE_RULES & set(rule):
        raise ApiError(65320)
    if not rules.MENU_RULES & set(rule):
        raise ApiError(65304)
    return rule


def _buttons(call: Call) -> list[Any]:
    if b"\\u" in call.request.body:
        raise ApiError(40033)
    buttons = call.body.get("button")
    if not isinstance(buttons, list):
        raise ApiError(40015)
    _check_all(buttons, TOP_LEVEL)
    return buttons


def _shown(buttons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**button, "sub_button": button.get("sub_button", [])} for button in buttons]


def _domains(buttons: Iterable[Mapping[str, Any]]) -> set[str]:
    leaves = [leaf for button in buttons for leaf in button.get("sub_button") or [button]]
    return {urlsplit(leaf["url"]).netloc for leaf in leaves if leaf["type"] == "view"}


def _check_all(buttons: list[Any], level: MenuLevel) -> None:
    if not 1 <= len(buttons) <= level.most:
        raise ApiError(level.many)
    for button in buttons:
        if not isinstance(button, dict):
            raise ApiError(40015)
        _check(button, level)


def _check(button: Mapping[str, Any], level: MenuLevel) -> None:
    if not 1 <= _size(button.get("name")) <= level.name_bytes:
        raise ApiError(level.name)
    below = button.get("sub_button")
    if not below:
        _check_action(button, level)
    elif level is SUB_LEVEL:
        raise ApiError(40022)
    elif isinstance(below, list):
        _check_all(below, SUB_LEVEL)
    else:
        raise ApiError(40015)


def _check_action(button: Mapping[str, Any], level: MenuLevel) -> None:
    needs = rules.MENU_TYPES.get(str(button.get("type", "")))
    if needs is None:
        raise ApiError(level.type)
    lengths = {"key": (rules.MENU_KEY_BYTES, level.key), "url": (rules.MENU_URL_BYTES, level.url)}
    for name in needs:
        most, code = lengths.get(name, (rules.MENU_URL_BYTES, 40007))
        if not 1 <= _size(button.get(name)) <= most:
            raise ApiError(code)
    if "url" in needs and urlsplit(button["url"]).scheme not in {"http", "https"}:
        raise ApiError(level.domain)


def _size(value: object) -> int:
    return len(value.encode()) if isinstance(value, str) else 0
