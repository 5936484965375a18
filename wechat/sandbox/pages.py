"""The sandbox's pages: the phone, the panel beside it, and what both look like."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, render_template

_PAGE_MAY = (
    "default-src 'self'; img-src 'self' http: https:; media-src 'self' http: https:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def blueprints() -> Iterator[Blueprint]:
    """Every page and what it is drawn with."""
    yield Blueprint("look", __name__, url_prefix="/look", static_folder="look/static")
    yield _pages("phone", phone="/")
    yield _pages("panel", faults="/", wire="/wire")


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
