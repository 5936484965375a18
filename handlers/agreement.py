"""What needs a member's consent asks for it, and is told of it: whoever keeps the consents is handed in."""

from datetime import datetime
from typing import Protocol


class Agreement(Protocol):
    """The consents to one purpose."""

    def asks(self, person: str) -> str:
        """What to say before it is begun with somebody who doesn't agree to it (any more); "" where they do."""

    def agree(self, person: str, *, now: datetime) -> None:
        """They agree to the notice as it is now."""
