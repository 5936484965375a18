"""The overview, and the broadcasts with their tallies."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.broadcasts import Broadcast
from content.roles import Duty, Reach
from content.shelf import Shelf
from handlers import access, bars, finding, guards
from handlers.console import engine
from handlers.console.service import Forecast, Pushes
from handlers.feature import Queued, Waiting
from handlers.finding import Found
from handlers.guards import needs
from scheduler import reasons
from scheduler.correcting import Uncorrectable
from scheduler.naming import Folded
from storage.admins import AdminContacts
from storage.mass_jobs import MassJob
from storage.runs import Run
from storage.states import RunState
from storage.wording import Content, Words

Clock = Callable[[], datetime]
CODE_LIVES = timedelta(minutes=10)
LONGEST_SEARCH = 60
SENDINGS = "/admin/broadcasts"
RUNS_LOOKED_AT = 500  # of which those that are within an admin's reach are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the pages show."""

    shelf: Shelf
    pushes: Pushes
    contacts: AdminContacts
    waits: Callable[[str], Sequence[Waiting]]
    searches: Callable[[Sequence[str]], Iterable[Found]]
    clock: Clock
    zone: ZoneInfo
    words: Mapping[str, Any]

    def overview(self) -> ResponseReturnValue:
        """What waits for the admin of this request, what is served and wrong with it, and what was sent lately."""
        return self._page(
            "overview",
            waits=[
                each
                for each in self.waits(access.who_is_in())
                if not each.link or guards.opens(urlsplit(each.link).path)
            ],
            linked=self.contacts.of(access.who_is_in()) is not None,
            counts=self._counts(),
            faults=self.shelf.fault or (),
            refused=[*self._refused()] if access.reach(Duty.PUSHES).everywhere else (),
            runs=self._runs(5),
        )

    def search(self) -> ResponseReturnValue:
        """What has all of the words of ?q=, in whatever feature, of what the admin of this request may open."""
        said = request.args.get("q", "").strip()[:LONGEST_SEARCH]
        words = finding.wanted(said)
        found = chain(self.runs_with(words), self.searches(words)) if words else ()
        shown: dict[str, Found] = {}
        for each in found:
            if guards.opens(urlsplit(each.link).path):
                shown.setdefault(each.link, each)
        return self._page("search", said=said, found=shown.values())

    def runs_with(self, words: Sequence[str]) -> Iterator[Found]:
        """The newest runs that have these words in their title or key, as far as they may be seen."""
        for run in self.pushes.broadcasts.runs(limit=RUNS_LOOKED_AT):
            if finding.has(words, run.title, run.key) and self._covers(Duty.PUSHES, run):
                yield Found(f"{run.title}（{run.key}）", self.words["run_found"], url_for("console.run", key=run.key))

    def _refused(self) -> Iterator[tuple[str, str, datetime]]:
        """Account, channel, and until when it is left alone."""
        for way, until in self.pushes.refusals.current(now=self.clock()).items():
            yield way.account, self.words["channel"].get(way.channel, way.channel), until.astimezone(self.zone)

    def sendings(self) -> ResponseReturnValue:
        """The broadcast files and their runs."""
        broadcasts = self.shelf.current().broadcasts.values()
        files = [self._file(each) for each in broadcasts if self._covers_file(Duty.PUSHES, each)]
        days = self.pushes.reporting.month(self.clock()) if access.reach(Duty.PUSHES).everywhere else ()
        names, columns = engine.reached(days, self.words["channel"])
        sent = [
            (label, day.runs, [numbers.get(name, 0) for name in names], day.people)
            for day, (label, numbers) in zip(days, columns, strict=True)
            if day.runs
        ]
        picture = bars.stacked(columns, names) if days else None
        return self._page("broadcasts", files=files, runs=self._runs(50), picture=picture, sent_days=sent)

    def run(self, key: str) -> ResponseReturnValue:
        """A run as it goes on; `part` is what of the page changes meanwhile."""
        report = self.pushes.reporting.report(key, self.clock()) or abort(404)
        run = report.status.run
        self._see_to(Duty.PUSHES, run)
        page = "_run" if "part" in request.args else "run"
        acts = [act for act in engine.ALL_ACTS.get(run.state, ()) if act != "cancel" or not report.few]
        if run.state is RunState.DONE and report.unread and run.reason not in reasons.STOPPED:
            acts.append("cancel")
        if self.pushes.desk.goes_on_at(run):
            acts.append("hold")
        may_send = self._covers(Duty.SEND, run)
        return self._page(
            page,
            run=self._shown(run),
            report=report,
            content=run.content,
            variants=[*self._variants(run.content)],
            table=engine.table(report.status.tallies, self.words),
            is_sent=run.state is RunState.SENDING,
            left=engine.left(report.seconds_left, self.words["left"]),
            is_live=run.state in engine.LIVE,
            acts=[(act, self.words["act"][act]) for act in acts if may_send],
            corrects=run.content.corrects,
            may_be_corrected=may_send and run.state not in (RunState.PLANNING, RunState.PLANNED),
            due_at=run.due_at.astimezone(self.zone),
        )

    def put_right(self, key: str) -> ResponseReturnValue:
        """The words of a correction are written, looked at, and sent where they are what was looked at."""
        run = self._run(Duty.SEND, key)
        words = request.form.get("words", "").replace("\r\n", "\n").strip()
        if "seen" not in request.form or not words:
            return self._put_right(run, words, fault="no_words" if "seen" in request.form else "")
        desk, now, at_night = self.pushes.desk, self.clock(), "at_night" in request.form
        try:
            ahead = desk.forecast_of_correction(key, words, now)
            if request.form["seen"] != engine.looks(ahead.content):
                return self._put_right(run, words, ahead=ahead)
            if ahead.quiet_until and not at_night:
                return self._put_right(run, words, ahead=ahead, fault="quiet")
            correction = desk.correct(key, words, now=now, at_night=at_night, by=access.who_is_in())
        except Uncorrectable as refused:
            return self._put_right(run, words, fault=refused.why)
        flash(self.words["said"]["asked" if correction.four_eyes else "put_right"])
        return redirect(url_for("console.run", key=correction.key))

    def _put_right(
        self, run: Run, words: str, *, ahead: Forecast | None = None, fault: str = ""
    ) -> ResponseReturnValue:
        return self._page(
            "correct",
            run=run,
            variants=[*self._variants(run.content)],
            words=words,
            ahead=ahead,
            content=ahead and ahead.content,
            seen=engine.looks(ahead.content) if ahead else "",
            by_channel=self._by_channel(ahead) if ahead else (),
            quiet_until=ahead and ahead.quiet_until and ahead.quiet_until.astimezone(self.zone),
            fault=self.words["faults"].get(fault, ""),
        )

    def _by_channel(self, ahead: Forecast) -> Sequence[tuple[str, int]]:
        names = self.words["channel"]
        return [(names.get(channel, channel), number) for channel, number in ahead.channels.items() if channel]

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
        run = self.pushes.desk.send_now(key, now=self.clock(), at_night=at_night, by=access.who_is_in())
        anybody = bool(self.pushes.broadcasts.deliveries.tallies(run.key) or self.pushes.broadcasts.posts.of(run.key))
        goes_on = self.pushes.desk.goes_on_at(run) is not None
        outcome = engine.outcome(run.state, anybody=anybody, asked=run.four_eyes, goes_on=goes_on)
        flash(self.words["said"][outcome], "warning" if outcome in engine.NOTHING_WENT_OUT else "message")
        return redirect(url_for("console.sendings"))

    def _ahead(self, key: str) -> tuple[Broadcast, Forecast]:
        broadcast = self._broadcast(key)
        try:
            return broadcast, self.pushes.desk.forecast(key, self.clock(), at_once=True)
        except Uncorrectable as refused:
            flash(self.words["faults"][refused.why], "warning")
            abort(redirect(url_for("console.sendings")))
        except Folded:
            flash(self.words["said"]["folded"], "warning")
            abort(redirect(url_for("console.sendings")))

    def _asked(self, broadcast: Broadcast, ahead: Forecast, *, fault: str = "") -> ResponseReturnValue:
        return self._page(
            "send",
            broadcast=broadcast,
            content=ahead.content,
            by_channel=self._by_channel(ahead),
            audience=self._whom(broadcast),
            variants=[*self._variants(ahead.content)],
            ahead=ahead,
            closed=[(self._closed(why), number) for why, number in ahead.closed.items()],
            left=[(each.account, self.words["channel"].get(each.channel, each.channel), each) for each in ahead.left],
            last_at=ahead.last_at and ahead.last_at.astimezone(self.zone),
            waits_until=ahead.waits_until and ahead.waits_until.astimezone(self.zone),
            nobody_can=ahead.channels.get("", 0),
            groups=ahead.groups,
            seen=self._seen(broadcast, ahead),
            quiet_until=ahead.quiet_until and ahead.quiet_until.astimezone(self.zone),
            fault=fault,
        )

    def _closed(self, why: tuple[tuple[str, str], ...]) -> str:
        names, closed = self.words["channel"], self.words["closed"]
        return "；".join(f"{names.get(channel, channel)}：{closed.get(each, each)}" for channel, each in why)

    def _variants(self, content: Content | None) -> Iterator[tuple[str, Words]]:
        """Whom each variant is for, and what it says."""
        names = self.words["channel"]
        for each in content.variants if content else ():
            ways = "、".join(names.get(channel, channel) for channel in each.channels)
            by = self.words["audience"]["by"].format(ways) if ways else ""
            whom = self._audience(each.where) if each.where else ""
            yield "，".join(filter(None, (whom, by))), each

    def _seen(self, broadcast: Broadcast, ahead: Forecast) -> str:
        """What the words are made of: the words themselves may tell the minute, and would never be the same twice."""
        library = self.shelf.current()
        digests = [library.digests.get(slug) for slug in (ahead.content.digests if ahead.content else ())]
        return engine.looks(ahead.key, broadcast, [each.source for each in library.templates_of(broadcast)], digests)

    def try_out(self, key: str) -> ResponseReturnValue:
        """Send what would be said now to the admin who asks, and to nobody else."""
        self._broadcast(key)
        tried = self.pushes.try_out(key, access.who_is_in(), now=self.clock())
        flash(self.words["tried"][tried], "warning" if tried in {"nobody", "nothing"} else "message")
        return redirect(url_for("console.own" if tried == "nobody" else "console.ask", key=key))

    def own(self) -> ResponseReturnValue:
        """Whether a contact is known as the admin's own; `part` is what of the page changes when a code is said."""
        return self._own("_own" if "part" in request.args else "own")

    def own_code(self) -> ResponseReturnValue:
        """A code to be said in the chat, or the contact forgotten."""
        if "forget" in request.form:
            self.contacts.unlink(access.who_is_in())
            flash(self.words["said"]["unlinked"])
            return redirect(url_for("console.own"))
        code = self.contacts.give_code(access.who_is_in(), until=self.clock() + CODE_LIVES)
        return self._own("own", code=engine.shown(code))

    def _own(self, page: str, *, code: str = "") -> ResponseReturnValue:
        linked, awaits = self.contacts.standing(access.who_is_in(), now=self.clock())
        return self._page(page, linked=linked, awaits=awaits, code=code)

    def look(self, key: str) -> ResponseReturnValue:
        """What a run that waits would say, and to whom, for the one who is to agree."""
        run = self._waiting(key)
        content = run.content
        return self._page(
            "approve",
            run=run,
            content=content,
            audience=self.words["audience"]["corrects"].format(content.corrects)
            if content.corrects
            else self._audience(_asked(content)),
            variants=[*self._variants(content)],
            approvals=self._agreed(run),
            mine=access.who_is_in() in {each.admin for each in self.pushes.broadcasts.approvals(key)},
            seen=engine.looks(content),
        )

    def agree(self, key: str) -> ResponseReturnValue:
        """Agree to a run, where it still says what was looked at."""
        run = self._waiting(key)
        same = request.form.get("seen") == engine.looks(run.content)
        agreed = same and self.pushes.desk.approve(key, by=access.who_is_in(), content=run.content, now=self.clock())
        if agreed:
            flash(self._became_of(key))
        else:
            flash(self.words["said"]["not_agreed"], "warning")
        return redirect(url_for("console.sendings") if agreed else url_for("console.look", key=key))

    def _became_of(self, key: str) -> str:
        """What to say to who agreed: it goes out, or what it still waits for."""
        run, said = self._run(Duty.APPROVE, key), self.words["said"]
        if run.state is RunState.SENDING:
            return str(said["agreed_at_last"])
        return said["agreed_but"].format(why=run.reason) if run.reason else str(said["agreed"])

    def _waiting(self, key: str) -> Run:
        run = self._run(Duty.APPROVE, key)
        return run if run.four_eyes else abort(404)

    def _agreed(self, run: Run) -> str:
        """Which admins agreed to a run, and when."""
        theirs = self.pushes.broadcasts.approvals(run.key) if run.four_eyes else ()
        return "、".join(f"{each.admin}（{each.at.astimezone(self.zone):%m-%d %H:%M}）" for each in theirs)

    def steer(self, key: str, act: str) -> ResponseReturnValue:
        """Pause, resume or cancel a run."""
        acts = {
            "cancel": lambda: self.pushes.desk.cancel(key, now=self.clock()),
            "pause": lambda: self.pushes.desk.pause(key),
            "hold": lambda: self.pushes.desk.pause(key),
            "resume": lambda: self.pushes.desk.resume(key, now=self.clock()),
        }
        self._run(Duty.SEND, key)
        if act not in acts:
            abort(404)
        if acts[act]():
            flash(self.words["said"][act])
        else:
            flash(self.words["said"]["too_late"], "warning")
        return redirect(url_for("console.run", key=key) if "here" in request.form else url_for("console.sendings"))

    # -- how far an admin reaches ----------------------------------------------------------------------------------

    def _run(self, duty: Duty, key: str) -> Run:
        """The run of a key; 403 where it goes to others than those whom a duty of the admin's covers."""
        run = self.pushes.broadcasts.run(key) or abort(404)
        self._see_to(duty, run)
        return run

    def _see_to(self, duty: Duty, run: Run) -> None:
        if not self._covers(duty, run):
            abort(403)

    def waiting(self, name: str) -> list[Waiting]:
        """The runs that wait until this account agrees."""
        reach = self.pushes.reaches(Duty.APPROVE).get(name, Reach())
        planned = self.pushes.broadcasts.runs(states=[RunState.PLANNED]) if reach else ()
        count = sum(self._is_left_to(name, run) for run in planned if self._is_within(reach, run))
        return [Waiting(count=count, said=self.words["waits"].format(count), link=SENDINGS)] if count else []

    def _is_left_to(self, name: str, run: Run) -> bool:
        agreed = {each.admin for each in self.pushes.broadcasts.approvals(run.key)} if run.four_eyes else ()
        return self.pushes.desk.lacks_eyes(run) and name not in agreed

    def _covers(self, duty: Duty, run: Run) -> bool:
        return self._is_within(access.reach(duty), run)

    def _is_within(self, reach: Reach, run: Run) -> bool:
        """Whether a run can reach nobody else: no group either, since nobody knows who is in one."""
        content = run.content
        if content.corrects and not reach.everywhere:
            wrong = self.pushes.broadcasts.run(content.corrects)
            return wrong is not None and self._is_within(reach, wrong)
        return reach.everywhere or (not content.groups and engine.is_within(_asked(content), reach.covers))

    def queue(self) -> Iterator[Queued]:
        """The runs that wait for another admin who agrees."""
        reaches = self.pushes.reaches(Duty.APPROVE).items()
        for run in self.pushes.broadcasts.runs(states=[RunState.PLANNED], limit=RUNS_LOOKED_AT):
            if self.pushes.desk.lacks_eyes(run):
                who = [name for name, reach in reaches if self._is_within(reach, run) and self._is_left_to(name, run)]
                yield Queued(duty=Duty.APPROVE, who=who)

    def _broadcast(self, key: str) -> Broadcast:
        """The file of a key; 403 where the admin may not send it."""
        broadcast = self.shelf.current().broadcasts.get(key) or abort(404)
        return broadcast if self._covers_file(Duty.SEND, broadcast) else abort(403)

    def _covers_file(self, duty: Duty, broadcast: Broadcast) -> bool:
        """The same of what a file would send."""
        reach = access.reach(duty)
        if broadcast.corrects and not reach.everywhere:
            wrong = self.pushes.broadcasts.run(broadcast.corrects)
            return wrong is not None and self._covers(duty, wrong)
        return reach.everywhere or (
            not broadcast.groups and engine.is_within(engine.condition(broadcast.audience), reach.covers)
        )

    def _counts(self) -> Sequence[tuple[str, int]]:
        library = self.shelf.current()
        return [(name, len(getattr(library, what))) for what, name in self.words["counts"].items()]

    def _page(self, name: str, **values: Any) -> str:
        return render_template(f"console/{name}.html", states=tuple(self.words["delivery"].items()), **values)

    def _file(self, broadcast: Broadcast) -> Mapping[str, Any]:
        now = self.clock()
        coming = self.pushes.desk.next_firing(broadcast, now)
        coming = coming if coming and coming.due_at > now else None
        return {
            "key": broadcast.key,
            "title": broadcast.title,
            "schedule": broadcast.schedule,
            "at": broadcast.at,
            "zone": broadcast.zone or "",
            "workdays": broadcast.workdays,
            "jitter": broadcast.jitter // timedelta(minutes=1),
            "next": coming and f"{coming.due_at.astimezone(self.zone):%m-%d %H:%M}",
            "is_provisional": coming and coming.is_provisional,
            "audience": self._whom(broadcast) if broadcast.channels else "",
            "groups": broadcast.groups,
            "may_send": self._covers_file(Duty.SEND, broadcast),
        }

    def _whom(self, broadcast: Broadcast) -> str:
        if broadcast.corrects:
            return str(self.words["audience"]["corrects"]).format(broadcast.corrects)
        return self._audience(engine.condition(broadcast.audience))

    def _audience(self, asked: Mapping[str, Any]) -> str:
        library = self.shelf.current()
        names = {
            "topics": {topic.id: topic.name for topic in library.account.topics},
            "organisations": {each.id: each.name for each in library.organisations.values()},
            "received": {digest.slug: digest.title for digest in library.digests.values()},
        }
        return engine.audience(asked, self.words["audience"], names)

    def _runs(self, most: int) -> list[engine.Shown]:
        looked_at = most if access.reach(Duty.PUSHES).everywhere else RUNS_LOOKED_AT
        runs = (run for run in self.pushes.broadcasts.runs(limit=looked_at) if self._covers(Duty.PUSHES, run))
        return [self._shown(run) for run in islice(runs, most)]

    def _mass(self, job: MassJob) -> str:
        """A mass send in one line, with what the platform counted of it."""
        counted = [
            self.words["counted"][name].format(number)
            for name, number in asdict(job.counts).items()
            if number is not None
        ]
        return "，".join([self.words["mass"][job.state], *counted, *filter(None, [job.reason])])

    def _shown(self, run: Run) -> engine.Shown:
        act = engine.ACTS.get(run.state, "") if self._covers(Duty.SEND, run) else ""
        goes_on = self.pushes.desk.goes_on_at(run)
        return engine.Shown(
            key=run.key,
            title=run.title,
            planned_at=run.planned_at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M"),
            state=self.words["run"][run.state],
            reason=run.reason,
            goes_on=self.words["goes_on"].format(at=goes_on.astimezone(self.zone)) if goes_on else "",
            tallies=engine.counted(
                (tally.state, tally.count) for tally in self.pushes.broadcasts.deliveries.tallies(run.key)
            ),
            masses=[self._mass(job) for job in self.pushes.broadcasts.masses.of(run.key)],
            groups=[
                (post.name, self.words["post"][post.state], post.reason)
                for post in self.pushes.broadcasts.posts.of(run.key)
            ],
            act=act,
            act_name=self.words["act"].get(act, ""),
            agreed=self._agreed(run),
            asks=self.pushes.desk.lacks_eyes(run) and self._covers(Duty.APPROVE, run),
        )


def _asked(content: Content) -> Mapping[str, Any]:
    """Who is meant by a run, as a condition."""
    outermost = {"topics": content.topics, "organisations": content.organisations, "accounts": content.accounts}
    return {**outermost, **content.where}


def _live() -> ResponseReturnValue:
    return Response(render_template("console/live.js"), mimetype="text/javascript")


def blueprint(console: Console) -> Blueprint:
    """Serve /admin/ and /admin/broadcasts."""
    doors = Blueprint("console", __name__, url_prefix="/admin", template_folder="../templates")
    doors.add_url_rule("/", "overview", needs(Duty.OWN, console.overview))
    doors.add_url_rule("/search", "search", needs(Duty.OWN, console.search))
    doors.add_url_rule("/live.js", "live", needs(Duty.OWN, _live))
    doors.add_url_rule("/own", "own", needs(Duty.OWN, console.own))
    doors.add_url_rule("/own", "own_code", needs(Duty.OWN, console.own_code), methods=["POST"])
    doors.add_url_rule("/broadcasts", "sendings", needs(Duty.PUSHES, console.sendings))
    one = "/broadcasts/<key>"
    doors.add_url_rule(one, "run", needs(Duty.PUSHES, console.run))
    doors.add_url_rule(f"{one}/correct", "put_right", needs(Duty.SEND, console.put_right), methods=["GET", "POST"])
    doors.add_url_rule(f"{one}/send", "ask", needs(Duty.SEND, console.ask))
    doors.add_url_rule(f"{one}/send", "send", needs(Duty.SEND, console.send), methods=["POST"])
    doors.add_url_rule(f"{one}/try", "try_out", needs(Duty.SEND, console.try_out), methods=["POST"])
    doors.add_url_rule(f"{one}/approve", "look", needs(Duty.APPROVE, console.look))
    doors.add_url_rule(f"{one}/approve", "agree", needs(Duty.APPROVE, console.agree), methods=["POST"])
    doors.add_url_rule(f"{one}/<act>", "steer", needs(Duty.SEND, console.steer), methods=["POST"])
    return doors
