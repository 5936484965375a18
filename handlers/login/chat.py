"""网页: a link that signs its reader in to the phone pages, once."""

from datetime import datetime
from typing import Protocol

from handlers.conversation import Say
from handlers.router import Router, Turn
from wechat.messages import Reply, Text

PATH = "/p/login/link/"


class Give(Protocol):
    """Gives a pass that serves once."""

    def __call__(self, about: str, *, now: datetime) -> str:
        """What its bearer has to say; it is about a contact."""


def routes(*, give: Give, say: Say, public_url: str) -> Router:
    """网页 and what else people call it."""

    def link(turn: Turn) -> Reply:
        return Text(say("login.link", address=f"{public_url}{PATH}{give(turn.who.contact, now=turn.now)}"))

    words = ("网页", "网页版", "打开网页", "网页登录", "登录网页", "登录", "登陆", "网站", "网址")
    return Router("login", words={words: link})
