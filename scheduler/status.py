"""Where a run is: its tallies, who agreed to it, what became of it in the groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.deliveries import Tally
from storage.group_posts import Post
from storage.mass_jobs import MassJob
from storage.runs import Approval, Run, Runs
from storage.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A run with its tallies, and with what became of it in the groups; `goes_on_at` by itself if it is paused."""

    run: Run
    tallies: Sequence[Tally]
    approvals: Sequence[Approval] = ()
    posts: Sequence[Post] = ()
    masses: Sequence[MassJob] = ()
    goes_on_at: datetime | None = None

    @property
    def people(self) -> int:
        """How many have a row."""
        return sum(tally.count for tally in self.tallies)

    def count(self, state: State) -> int:
        """How many deliveries are in a state."""
        return sum(tally.count for tally in self.tallies if tally.state is state)


def status_of(store: Runs, run: Run) -> Status:
    """The status of a run."""
    approvals, posts = store.approvals(run.key), store.posts.of(run.key)
    masses = store.masses.of(run.key)
    return Status(run=run, tallies=store.deliveries.tallies(run.key), approvals=approvals, posts=posts, masses=masses)
