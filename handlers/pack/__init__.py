"""The pack in the console: its files read, changed, checked, looked at, agreed to, taken and given back."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from content.roles import Duty
from handlers.feature import Feature, Queued, words_beside
from handlers.pack import admin, jobs
from handlers.pack.admin.files import Files
from handlers.pack.admin.room import Room
from handlers.pack.admin.steps import Steps
from handlers.pack.service import Desk
from scheduler.staff import Staff

__all__ = ["Desk", "feature"]


def feature(*, desk: Desk, staff: Staff, zone: ZoneInfo) -> Feature:
    """The pack's files."""
    room = Room(desk=desk, zone=zone, words=words_beside(__file__))
    files, steps = Files(room), Steps(room)

    def queue() -> Iterator[Queued]:
        """What waits for somebody of the whole house who didn't write it."""
        for change in steps.asked_for():
            reaches = staff.reaches(Duty.APPROVE_CONTENT).items()
            who = [name for name, reach in reaches if reach.everywhere and name != change.author]
            yield Queued(duty=Duty.APPROVE_CONTENT, who=who)

    return Feature(
        name="pack",
        admin=admin.blueprint(room, files, steps),
        jobs=jobs.tidying(desk),
        waits=steps.waiting,
        queue=queue,
        search=files.search,
    )
