"""The overview, the broadcasts with their tallies, and the state of the content."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.models import Broadcast
from content.shelf import Shelf
from handlers.console import engine
from storage.broadcasts import Broadcasts, Content, Run
from storage.refusals import Refusals

Clock = Callable[[], datetime]


class Forecast(Protocol):
    """What a push would do now: people by channel, "" for those nobody can reach, and which groups are told.

    No content: nobody is bothered.
    """

    @property
    def key(self) -> str:
        """The run's."""

    @property
    def content(self) -> Content | None:
        """What would be said."""

    @property
    def channels(self) -> Mapping[str, int]:
        """How many by which channel."""

    @property
    def groups(self) -> Sequence[str]:
        """The names of the groups."""

    @property
    def quiet_until(self) -> datetime | None:
        """When the quiet hours end, if it is quiet now."""


class Desk(Protocol):
    """What the console asks of the broadcast desk."""

    def forecast(self, key: str, now: datetime, *, at_once: bool) -> Forecast:
        """Who would be reached by which channel, and with which words; nothing is written."""

    def send_now(self, broadcast: str, *, now: datetime, at_night: bool) -> Run:
        """Plan the broadcast's run and begin to send it; raises where it is quiet, but for `at_night`."""

    def pause(self, key: str) -> bool:
        """Stop sending; what wasn't sent stays due. False where there was nothing to stop."""

    def resume(self, key: str, *, now: datetime) -> bool:
        """Go on sending. False where it wasn't paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the pages show."""

    shelf: Shelf
    broadcasts: Broadcasts
    desk: Desk
    refusals: Refusals
    clock: Clock
    zone: ZoneInfo
    words: Mapping[str, Any]

    def overview(self) -> ResponseReturnValue:
        """What is served, what is wrong with it, and what was sent lately."""
        return self._page(
            "overview",
            counts=self._counts(),
            faults=self.shelf.fault or (),
            refused=[*self._refused()],
            runs=self._runs(5),
        )

    def _refused(self) -> Iterator[tuple[str, str, datetime]]:
        """Account, channel, and until when it is left alone."""
        for way, until in self.refusals.current(now=self.clock()).items():
            yield way.account, self.words["channel"].get(way.channel, way.channel), until.astimezone(self.zone)

    def sendings(self) -> ResponseReturnValue:
        """The broadcast files and their runs."""
        files = [self._file(broadcast) for broadcast in self.shelf.current().broadcasts.values()]
        return self._page("broadcasts", files=files, runs=self._runs(50))

    def ask(self, key: str) -> ResponseReturnValue:
        """What would be sent now, to how many and how, before it is."""
        return self._asked(*self._ahead(key))

    def send(self, key: str) -> ResponseReturnValue:
        """Send a broadcast file now, where it still says what was looked at."""
        broadcast, ahead = self._ahead(key)
        if request.form.get("seen") != self._seen(broadcast, ahead):
            return self._asked(broadcast, ahead, fault="changed" if "seen" in request.form else "")
        at_night = "at_night" in request.form
        if ahead.quiet_until and not at_night:
            return self._asked(broadcast, ahead, fault="quiet")
        run = self.desk.send_now(key, now=self.clock(), at_night=at_night)
        anybody = bool(self.broadcasts.tallies(run.key) or self.broadcasts.posts.of(run.key))
        outcome = engine.outcome(run.state, anybody=anybody)
        flash(self.words["said"][outcome])
        return redirect(url_for("console.sendings"))

    def _ahead(self, key: str) -> tuple[Broadcast, Forecast]:
        broadcast = self.shelf.current().broadcasts.get(key)
        if broadcast is None:
            abort(404)
        return broadcast, self.desk.forecast(key, self.clock(), at_once=True)

    def _asked(self, broadcast: Broadcast, ahead: Forecast, *, fault: str = "") -> ResponseReturnValue:
        names = self.words["channel"]
        return self._page(
            "send",
            broadcast=broadcast,
            content=ahead.content,
            by_channel=[(names.get(channel, channel), number) for channel, number in ahead.channels.items() if channel],
            nobody_can=ahead.channels.get("", 0),
            groups=ahead.groups,
            seen=self._seen(broadcast, ahead),
            quiet_until=ahead.quiet_until and ahead.quiet_until.astimezone(self.zone),
            fault=fault,
        )

    def _seen(self, broadcast: Broadcast, ahead: Forecast) -> str:
        """What the words are made of: the words themselves may tell the minute, and would never be the same twice."""
        library = self.shelf.current()
        digests = [library.digests.get(slug) for slug in (ahead.content.digests if ahead.content else ())]
        templates = [library.template(name).source for name in (broadcast.template, broadcast.group_template) if name]
        return engine.looks(ahead.key, broadcast, templates, digests)

    def steer(self, key: str, act: str) -> ResponseReturnValue:
        """Pause or resume a run."""
        acts = {
            "pause": lambda: self.desk.pause(key),
            "resume": lambda: self.desk.resume(key, now=self.clock()),
        }
        if act not in acts or self.broadcasts.run(key) is None:
            abort(404)
        flash(self.words["said"][act if acts[act]() else "too_late"])
        return redirect(url_for("console.sendings"))

    def pack(self) -> ResponseReturnValue:
        """What is served now and could be better, and what is wrong with the newest change."""
        advice = self.shelf.current().advice
        return self._page("content", faults=self.shelf.fault or (), advice=advice, counts=self._counts())

    def _counts(self) -> Sequence[tuple[str, int]]:
        library = self.shelf.current()
        return [(name, len(getattr(library, what))) for what, name in self.words["counts"].items()]

    def _page(self, name: str, **values: Any) -> str:
        return render_template(f"console/{name}.html", states=tuple(self.words["delivery"].items()), **values)

    def _file(self, broadcast: Broadcast) -> Mapping[str, Any]:
        names = {topic.id: topic.name for topic in self.shelf.current().account.topics}
        topics = [names.get(topic, topic) for topic in broadcast.audience.topics]
        return {
            "key": broadcast.key,
            "title": broadcast.title,
            "schedule": broadcast.schedule,
            "at": broadcast.at,
            "topics": topics,
            "groups": broadcast.groups,
        }

    def _runs(self, most: int) -> list[engine.Shown]:
        return [self._shown(run) for run in self.broadcasts.runs(limit=most)]

    def _shown(self, run: Run) -> engine.Shown:
        act = engine.ACTS.get(run.state, "")
        return engine.Shown(
            key=run.key,
            title=run.title,
            planned_at=run.planned_at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M"),
            state=self.words["run"][run.state],
            reason=run.reason,
            tallies=engine.counted((tally.state, tally.count) for tally in self.broadcasts.tallies(run.key)),
            groups=[
                (post.name, self.words["post"][post.state], post.reason) for post in self.broadcasts.posts.of(run.key)
            ],
            act=act,
            act_name=self.words["act"].get(act, ""),
        )


def words() -> Mapping[str, Any]:
    """What admins read outside the templates."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


def blueprint(console: Console) -> Blueprint:
    """Serve /admin/, /admin/broadcasts and /admin/content."""
    doors = Blueprint("console", __name__, url_prefix="/admin", template_folder="../templates")
    doors.add_url_rule("/", "overview", console.overview)
    doors.add_url_rule("/broadcasts", "sendings", console.sendings)
    doors.add_url_rule("/broadcasts/<key>/send", "ask", console.ask)
    doors.add_url_rule("/broadcasts/<key>/send", "send", console.send, methods=["POST"])
    doors.add_url_rule("/broadcasts/<key>/<act>", "steer", console.steer, methods=["POST"])
    doors.add_url_rule("/content", "pack", console.pack)
    return doors
