"""A member's browser on the phone pages, with cookies of its own: it follows nothing by itself and runs no scripts."""

import html
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from handlers.session import PAGE_COOKIE, PAGES

WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.50"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Reader:
    """A browser; with a token it is signed in. `agent` is what it calls itself."""

    def __init__(self, web: Flask, token: str = "", *, openid: str = "", agent: str = "", base: str = "") -> None:
        self.openid = openid
        self.client = web.test_client()
        self._asked: dict[str, Any] = {"headers": {"User-Agent": agent}} if agent else {}
        if base:
            self._asked["base_url"] = base
        self.page = ""
        if token:
            self.client.set_cookie(PAGE_COOKIE, token, path=PAGES)

    def get(self, path: str, **asked: Any) -> TestResponse:
        return self._seen(self.client.get(path, **{**self._asked, **asked}))

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **asked: Any) -> TestResponse:
        """Press a button of the page that was shown last: what its forms bear goes along."""
        given = {**self.hidden, **(fields or {})}
        return self._seen(self.client.post(path, data=given, **{**self._asked, **asked}))

    def forges(self, path: str, fields: Mapping[str, Any] | None = None) -> TestResponse:
        """Post as a page of somebody else's site would make this browser do."""
        return self.client.post(path, data=fields or {}, **self._asked)

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page that was shown last."""
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(self.page)}

    @property
    def is_in(self) -> bool:
        """Whether the members' pages take this browser for somebody's."""
        return "您已登录" in self.client.get("/p/login", **self._asked).text

    def _seen(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html" and response.status_code not in {301, 302, 303, 308}:
            self.page = response.text
        return response
