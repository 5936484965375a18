"""The crier: says a run's words once in each of its groups outside WeChat."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from scheduler.channels.groups import Group, verdicts
from scheduler.channels.groups.verdicts import Came, Verdict
from storage.group_posts import GroupPosts, Post, PostState
from storage.runs import Run
from storage.wording import Content

LOST_AFTER = timedelta(seconds=60)  # longer than any post may take with its time limits

STATES: Mapping[Came, PostState] = {
    Came.SENT: PostState.SENT,
    Came.AGAIN: PostState.DUE,
    Came.REFUSED: PostState.FAILED,
    Came.UNSURE: PostState.UNSURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crier:
    """Several may work on one run: a post is taken before the group hears it, so that no kill says anything twice.

    `public_url` is where the digests' pages are, "" for nowhere.
    """

    posts: GroupPosts
    groups: Mapping[str, Group]
    say: Callable[..., str]
    public_url: str
    clock: Callable[[], datetime]
    lost_after: timedelta = LOST_AFTER

    def work(self, run: Run, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Say it in every group whose turn has come, one after the other. `stop` ends it early."""
        for name in self.posts.due(run.key, now=self.clock()):
            if stop() or self.clock() >= run.expires_at:
                return
            self._say_in(name, run)

    def try_out(self, name: str, words: str = "") -> Verdict:
        """Say something in a group outside any run; raises KeyError for a name that isn't configured."""
        return self.groups[name].post(words or self.say("push.group_try"), now=self.clock())

    def _say_in(self, name: str, run: Run) -> None:
        group, batch, now = self.groups.get(name), secrets.token_hex(8), self.clock()
        paces = [(pace.most, pace.seconds) for pace in group.robot.paces] if group else []
        post = self.posts.take(run.key, name, batch=batch, paces=paces, now=now, lost_at=now + self.lost_after)
        if post is None:
            return
        if group is None:
            gone = Verdict(came=Came.REFUSED, code="no_group", reason=verdicts.GONE.format(name=name))
            self._settle(run.key, post, gone, batch)
            return
        words = group.fitted(run.content.group_text, tail=self._tail(run.content))
        self._settle(run.key, post, group.post(words, now=now), batch)

    def _settle(self, key: str, post: Post, verdict: Verdict, batch: str) -> None:
        now = self.clock()
        ended = replace(post, state=STATES[verdict.came], error=verdict.code, reason=verdict.reason)
        wait = timedelta(seconds=max(verdict.after_seconds, 2.0 ** min(post.attempts, 9)))
        self.posts.settle(key, ended, batch=batch, now=now, wake_at=now + wait)
        if verdict.came is not Came.SENT:
            log = structlog.get_logger("push")
            log.warning("group not told", run=key, group=post.name, came=verdict.came, errcode=ended.error)

    def _tail(self, content: Content) -> str:
        """What stands where words were cut: the way to all of them, where there is one."""
        if not self.public_url:
            return self.say("push.group_cut", link="")
        page = f"{self.public_url}/p/digest"
        only = content.digests[0] if len(content.digests) == 1 else ""
        return self.say("push.group_cut", link=f"{page}/{only}" if only else page)
