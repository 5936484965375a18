"""Where a run stands, and where one person's delivery in it does."""

from enum import StrEnum

import sqlalchemy as sa

from storage.db import Moment

# As much of `storage.runs.broadcasts` as what belongs to a run asks of it.
runs = sa.table(
    "broadcasts", sa.column("key"), sa.column("state"), sa.column("reason"), sa.column("expires_at", Moment)
)


class RunState(StrEnum):
    """`planning` is a run whose rows are still being written, or whose planner died; `stopping` waits to be done."""

    PLANNING = "planning"
    PLANNED = "planned"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"


class State(StrEnum):
    """Where a person's delivery is; the last four are final."""

    DUE = "due"
    IN_HAND = "in_hand"
    SENT = "sent"
    GONE = "gone"
    FAILED = "failed"
    UNSURE = "unsure"


OPEN = (State.DUE, State.IN_HAND)


def word(said: str) -> sa.ColumnElement[str]:
    """A state, or such a word of ours, written out: an index of some rows is for statements that name those."""
    return sa.literal_column(f"'{said}'", sa.String())
