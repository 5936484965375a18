"""The sandbox's pages: the phone, the panel beside it, and what both look like."""

from collections.abc import Callable, Iterator
from datetime import datetime

from flask import Blueprint, Response, render_template

from wechat.sandbox import articles as published
from wechat.sandbox.quota import BEIJING
from wechat.sandbox.state import State

_PAGE_MAY = (
    "default-src 'self'; img-src 'self' http: https:; media-src 'self' http: https:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


# An article is its author's HTML: nothing in it runs, and it sends nothing anywhere.
_ARTICLE_MAY = (
    "sandbox allow-popups; default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' http: https:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def articles(state: State) -> Blueprint:
    """Where published articles stand: /s/<word>, as the platform's own."""
    doors = Blueprint("article", __name__, template_folder="article/templates")

    @doors.get("/s/<word>")
    def read(word: str) -> Response:
        with state.begin() as db:
            found = published.standing_at(db, word)
        one, account, at = found or ({"deleted": True}, "", 0)
        html = render_template("article.html", article=one, account=account, day=datetime.fromtimestamp(at, BEIJING))
        gone = 404 if one["deleted"] else 200
        return Response(html, status=gone, headers={"Content-Security-Policy": _ARTICLE_MAY})

    return doors


def blueprints() -> Iterator[Blueprint]:
    """Every page and what it is drawn with."""
    yield Blueprint("look", __name__, url_prefix="/look", static_folder="look/static")
    yield _pages("phone", phone="/")
    yield _pages("panel", faults="/", groups="/groups", wire="/wire")


def _pages(name: str, **pages: str) -> Blueprint:
    """The templates of a folder, each at its address."""
    folder = Blueprint(
        name, __name__, url_prefix=f"/{name}", template_folder=f"{name}/templates", static_folder=f"{name}/static"
    )
    for page, address in pages.items():
        folder.add_url_rule(address, view_func=_page(page), endpoint=page)
    return folder


def _page(name: str) -> Callable[[], Response]:
    def view() -> Response:
        return Response(render_template(f"{name}.html"), headers={"Content-Security-Policy": _PAGE_MAY})

    return view
