"""Receipts: what the platform tells afterwards of what was sent."""

from handlers.feature import Feature
from handlers.receipts import chat, jobs
from scheduler import reasons
from storage.mass_jobs import MassJobs
from storage.people import People
from storage.receipts import Receipts


def feature(*, receipts: Receipts, masses: MassJobs, people: People) -> Feature:
    """Reports settle deliveries as they come; what came too early is looked at again every minute."""
    return Feature(
        name="receipts",
        chat=chat.routes(
            chat.Postmark(
                receipts=receipts, masses=masses, people=people, why=reasons.of_mass, pause=reasons.pause_of_mass
            )
        ),
        jobs=jobs.rounds(receipts),
    )
