"""Console: admins sign in and see broadcasts, content and what waits for them."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from flask_limiter import Limiter

from content.shelf import Shelf
from handlers.console import admin, chat, pages
from handlers.console.service import Pushes
from handlers.feature import Feature, Waiting, words_beside
from storage.admins import AdminContacts, Admins

__all__ = ["Pushes", "feature"]


def feature(
    *,
    admins: Admins,
    contacts: AdminContacts,
    shelf: Shelf,
    pushes: Pushes,
    limiter: Limiter,
    waits: Callable[[str], Sequence[Waiting]],
    clock: admin.Clock,
    zone: ZoneInfo,
) -> Feature:
    """The console; its sign-in is a page that anyone may open. `waits` says what waits for an account."""
    words = words_beside(__file__)
    console = admin.Console(
        shelf=shelf, pushes=pushes, contacts=contacts, waits=waits, clock=clock, zone=zone, words=words
    )
    return Feature(
        name="console",
        chat=chat.routes(chat.OwnContact(contacts=contacts, say=shelf.say)),
        pages_for_anyone=pages.blueprint(admins=admins, limiter=limiter, words=words),
        admin=admin.blueprint(console),
    )
