"""Menus (§4): the shape is checked to the byte, and what was made is kept word for word."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import OK, Call
from wechat.sandbox.errors import ApiError
from wechat.sandbox.rules import SUB_LEVEL, TOP_LEVEL, MenuLevel


def create(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/create`: replace the account's menu."""
    if b"\\u" in call.request.body:
        raise ApiError(40033)
    buttons = call.body.get("button")
    if not isinstance(buttons, list):
        raise ApiError(40015)
    _check_all(buttons, TOP_LEVEL)
    kept = json.dumps(buttons, ensure_ascii=False)
    call.db.execute("replace into menus values (?, ?)", (call.account.name, kept))
    return OK


def get(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/get`: the menu made by the API, 46003 if none."""
    if (buttons := made(call)) is None:
        raise ApiError(46003)
    return {"menu": {"button": [{**button, "sub_button": button.get("sub_button", [])} for button in buttons]}}


def delete(call: Call) -> dict[str, Any]:
    """`/cgi-bin/menu/delete`: no menu at all."""
    call.db.execute("delete from menus where account = ?", (call.account.name,))
    return OK


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


def in_use(db: sqlite3.Connection, account: SandboxAccount) -> list[Mapping[str, Any]]:
    """The buttons that phones show: the API's, else those of the console."""
    row = db.execute("select buttons from menus where account = ?", (account.name,)).fetchone()
    return json.loads(row["buttons"]) if row else list(account.menu)


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
