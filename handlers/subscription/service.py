"""How far what is offered is used: topics subscribed to and left, month by month, in whole fives and of nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from content.models import Topic
from handlers.many import in_fives, months
from storage.regards import Votes
from storage.subscription import Changes, Subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A topic; every number is of whole fives, and 0 says fewer than five.

    `subscribers` are those at the end of the last month: a number of today would tell who came between two looks.
    """

    name: str
    subscribers: int
    changes: Sequence[Changes]  # of each month
    whole: Changes  # of all of them

    @property
    def left(self) -> int | None:
        """Of a hundred who subscribed, how many left; reckoned with the fives, so that it tells nothing more."""
        whole = self.subscribers + self.whole.dropped
        return round(100 * self.whole.dropped / whole) if self.whole.dropped else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the page tells; `votes` is how many people found questions of use, and how many didn't."""

    subscriptions: Subscriptions
    topics: Callable[[], Sequence[Topic]]
    votes: Callable[[], Votes]
    today: Callable[[], date]

    def told(self) -> tuple[Sequence[date], list[Used]]:
        """The whole months since something was counted, the oldest first, and each topic of the pack."""
        counted, now = self.subscriptions.changes(), self.subscriptions.counts()
        began = min((month for month, _ in counted), default="9")
        ended = [first for first, _ in reversed(months(self.today())) if _key(first) >= began]
        this = _key(self.today())
        used = []
        for topic in self.topics():
            each = [counted.get((_key(month), topic.id), Changes()) for month in ended]
            since = counted.get((this, topic.id), Changes())
            used.append(
                Used(
                    name=topic.name,
                    subscribers=in_fives(now.get(topic.id, 0) - since.subscribed + since.dropped),
                    changes=[_fives(change) for change in each],
                    whole=_fives(Changes(*map(sum, zip(*each, strict=True)))),
                )
            )
        return ended, used

    def useful(self) -> Votes:
        """What people said of questions, in fives too."""
        return Votes(*map(in_fives, self.votes()))


def _fives(changes: Changes) -> Changes:
    return Changes(*map(in_fives, changes))


def _key(month: date) -> str:
    return f"{month:%Y-%m}"
