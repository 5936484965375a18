"""Kept for the next visit: said after the answer to whatever the member writes next."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from scheduler.channels import Ended
from storage.deliveries import Parcel
from storage.hands import Hands
from storage.openings import Opening
from storage.runs import Run
from storage.wording import Content

KEPT_FOR = timedelta(days=7)


class NextVisitChannel:
    """Exactly once: the line is kept in the transaction that settles its delivery."""

    name = "next_visit"
    repeatable = True
    waits = True

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def opening(self, content: Content) -> Opening:  # noqa: ARG002 - whatever is said
        """Everybody may come back."""
        return Opening(channel=self.name)

    async def send(
        self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime
    ) -> AsyncGenerator[Ended, None]:
        """Keep the run's line for each of them."""
        await asyncio.to_thread(
            self._hands.keep_lines,
            parcels,
            run=run,
            batch=batch,
            expires_at=now + KEPT_FOR,
            now=now,
        )
        for parcel in parcels:
            yield Ended(parcel)

    def spends(self, content: Content) -> Mapping[str, Any]:  # noqa: ARG002 - whatever was said
        """Nothing."""
        return {}
