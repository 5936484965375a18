"""The pack in the console: its files read, changed, checked, looked at, agreed to, taken and given back."""

from zoneinfo import ZoneInfo

from handlers.feature import Feature, words_beside
from handlers.pack import admin, jobs
from handlers.pack.service import Desk

__all__ = ["Desk", "feature"]


def feature(*, desk: Desk, zone: ZoneInfo) -> Feature:
    """The pack's files."""
    pages = admin.Pages(desk=desk, zone=zone, words=words_beside(__file__))
    return Feature(
        name="pack", admin=admin.blueprint(pages), jobs=jobs.tidying(desk), waits=pages.waiting, search=pages.search
    )
