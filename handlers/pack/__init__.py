"""The pack in the console: its files read, changed, checked, looked at, agreed to, taken and given back."""

from zoneinfo import ZoneInfo

from handlers.feature import Feature, words_beside
from handlers.pack import admin, jobs
from handlers.pack.admin.files import Files
from handlers.pack.admin.room import Room
from handlers.pack.admin.steps import Steps
from handlers.pack.service import Desk

__all__ = ["Desk", "feature"]


def feature(*, desk: Desk, zone: ZoneInfo) -> Feature:
    """The pack's files."""
    room = Room(desk=desk, zone=zone, words=words_beside(__file__))
    files, steps = Files(room), Steps(room)
    return Feature(
        name="pack",
        admin=admin.blueprint(room, files, steps),
        jobs=jobs.tidying(desk),
        waits=steps.waiting,
        search=files.search,
    )
