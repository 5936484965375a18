"""What happens by the clock, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`run(now)` at the times of `cron` (five fields, in the configured zone).

    A run that couldn't begin within `late_by_seconds` is dropped: the sweep finds what must not be lost. `run` is safe
    to repeat, since a clock may die in the middle.
    """

    id: str
    cron: str
    run: Callable[[datetime], None]
    late_by_seconds: int = 3600
