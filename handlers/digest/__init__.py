"""Digests: news and policy in short, with their source, in the chat and as pages."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from content.shelf import Shelf
from handlers.digest import api, chat, pages
from handlers.feature import Feature
from handlers.sharing import Sharing


def feature(
    *,
    shelf: Shelf,
    zone: ZoneInfo,
    public_url: str,
    clock: Callable[[], datetime],
    mark: Callable[[str], str],
    sharing: Sharing | None = None,
) -> Feature:
    """The digests, ready to be read. `public_url` is where phones reach the pages, "" for nowhere; nothing is kept.

    With `sharing` a digest's page offers WeChat a card; `mark` makes the names that feeds call them by.
    """
    site = pages.Site(
        shelf=shelf, zone=zone, clock=clock, mark=mark, public_url=public_url.rstrip("/"), sharing=sharing
    )
    return Feature(
        name="digest",
        chat=chat.routes(shelf=shelf, zone=zone, public_url=public_url.rstrip("/")),
        api=api.blueprint(api.Reader(shelf=shelf, zone=zone, clock=clock, public_url=site.public_url)),
        pages_for_anyone=pages.blueprint(site),
    )
