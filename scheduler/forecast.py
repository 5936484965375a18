"""What a run would do now: who would be reached by which channel; nothing is written and nobody is bothered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.audience import SMALL
from scheduler.manners import Manners
from scheduler.planner import Planner
from scheduler.reporting import of_deeds
from storage.broadcasts import Broadcasts, Content
from storage.group_posts import PostState

SAMPLE = 5  # names that a forecast shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do now: people by channel ("" for those nobody can reach); no content, nobody is bothered.

    Who has it already is not counted, and of the groups only those that would be told are named. `quiet_until`: it is
    quiet now, and nobody should be bothered before. `is_provisional`: its day is a workday as far as anybody knows, the
    holidays of its year being not out yet. `sample` are some names of those who are meant, where the roster knows them;
    `nobody_is` are roles and tags that are asked for and nobody bears. Where people are chosen by what they did nobody
    is named, and `few` people, fewer than five, are not counted.
    """

    key: str
    due_at: datetime
    content: Content | None
    channels: Mapping[str, int]
    groups: Sequence[str] = ()
    quiet_until: datetime | None = None
    is_provisional: bool = False
    sample: Sequence[str] = ()
    nobody_is: Sequence[str] = ()
    few: bool = False


class Forecaster:
    """Looks ahead."""

    def __init__(
        self, store: Broadcasts, planner: Planner, *, manners: Manners, flush: Callable[[datetime], None]
    ) -> None:
        self._store = store
        self._planner = planner
        self._manners = manners
        self._flush = flush

    def of(self, key: str, content: Content | None, *, due_at: datetime, now: datetime) -> Forecast:
        """What a run with this content would do now."""
        self._flush(now)
        channels = self._planner.forecast(key, content, now=now) if content and content.channels else {}
        audience, total = self._planner.audience, sum(channels.values())
        by_deeds = content is not None and of_deeds(content, self._store.run)
        few = by_deeds and 0 < total < SMALL
        return Forecast(
            key=key,
            due_at=due_at,
            content=content,
            channels={} if few else channels,
            few=few,
            sample=audience.sample(content, most=SAMPLE, now=now) if content and total and not by_deeds else (),
            nobody_is=audience.lacking(content) if content else (),
            groups=self._untold(key, content),
            quiet_until=self._manners.next_allowed(now) if self._manners.is_quiet(now) else None,
        )

    def _untold(self, key: str, content: Content | None) -> Sequence[str]:
        over = {post.name for post in self._store.posts.of(key) if post.state not in (PostState.DUE, PostState.FAILED)}
        meant = content.groups if content else ()
        if content and content.corrects:
            heard = self._store.taking_back.groups_that_heard(content.corrects)
            meant = tuple(name for name in meant if name in heard)
        return tuple(name for name in meant if name not in over)
