"""Console: admins sign in and see broadcasts, content and what waits for them."""

from zoneinfo import ZoneInfo

from flask_limiter import Limiter

from content.shelf import Shelf
from handlers.console import admin, pages
from handlers.feature import Feature
from storage.admins import Admins
from storage.broadcasts import Broadcasts
from storage.refusals import Refusals


def feature(
    *,
    admins: Admins,
    shelf: Shelf,
    broadcasts: Broadcasts,
    desk: admin.Desk,
    refusals: Refusals,
    limiter: Limiter,
    clock: admin.Clock,
    zone: ZoneInfo,
) -> Feature:
    """The console; its sign-in is a page that anyone may open."""
    words = admin.words()
    console = admin.Console(
        shelf=shelf, broadcasts=broadcasts, desk=desk, refusals=refusals, clock=clock, zone=zone, words=words
    )
    return Feature(
        name="console",
        pages_for_anyone=pages.blueprint(admins=admins, limiter=limiter, words=words),
        admin=admin.blueprint(console),
    )
