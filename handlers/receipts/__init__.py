"""Receipts: what the platform tells afterwards of what was sent."""

from handlers.feature import Feature
from handlers.receipts import chat, jobs
from storage.people import People
from storage.receipts import Receipts


def feature(*, receipts: Receipts, people: People) -> Feature:
    """Reports settle deliveries as they come; what came too early is looked at again every minute."""
    return Feature(
        name="receipts",
        chat=chat.routes(chat.Postmark(receipts=receipts, people=people)),
        jobs=jobs.rounds(receipts),
    )
