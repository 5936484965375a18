"""谈心: whom to talk to, when, and about what; what was asked for is shown, and can be taken back."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from content.talks import Host
from handlers.appointment import engine
from handlers.appointment.service import No, Reception
from handlers.conversation import Say
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.appointment import Appointment
from wechat.messages import Kind, Reply, Text

_NO_WORDS = frozenset({"不写", "没有", "无", "好了"})
_SURELY_WORDS = 7  # characters; every word that asks for another feature is shorter
_CANCEL = frozenset({"取消", "不谈了", "取消谈心"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Who asks members whom they want to talk to."""

    reception: Reception
    say: Say
    zone: tzinfo

    def start(self, turn: Turn) -> Reply:
        """Show the talk that is to come, else ask whom it is to be with."""
        coming = self.reception.coming(turn.who, turn.now)
        if coming:
            turn.talk.hold("appointment", {"step": "kept"})
            return Text(self._shown(coming))
        hosts = list(self.reception.hosts().values())
        if not hosts:
            return Text(self.say("appointment.nobody"))
        turn.talk.hold("appointment", {"step": "host"})
        return Text(self.say("appointment.whom", hosts=hosts, again=False))

    def resume(self, turn: Turn) -> Reply | None:
        """Begin again: times may be gone."""
        return self.start(turn) if turn.talk.feature == "appointment" else None

    def leave(self, turn: Turn) -> Reply:
        """Nothing was asked for; or what was asked for before stays."""
        stays = turn.talk.state.get("step") == "kept"
        turn.talk.end()
        return Text(self.say("appointment.stays" if stays else "appointment.left"))

    def takes(self, turn: Turn) -> Handler | None:
        """What is surely meant for it: numbers, and the words about it."""
        said, step = plain(turn.text), turn.talk.state.get("step")
        if turn.message.kind is not Kind.TEXT:
            return None
        if step == "words":
            return self.answer if said in _NO_WORDS or len(said) >= _SURELY_WORDS else None
        return self.answer if said in _CANCEL or (step != "kept" and engine.chosen(said, 9) is not None) else None

    def answer(self, turn: Turn) -> Reply:
        """Take what was said for the step that the talk is at."""
        steps = {"host": self._host, "time": self._time, "words": self._words, "kept": self._kept}
        if turn.message.kind is not Kind.TEXT or turn.again:
            return self._once_more(turn)
        if plain(turn.text) in _CANCEL and turn.talk.state.get("step") != "kept":
            return self.leave(turn)
        return steps.get(turn.talk.state.get("step", ""), self._kept)(turn)

    def _once_more(self, turn: Turn) -> Reply:
        """Ask again what the talk is at: a second tap or a picture takes nobody back to the beginning."""
        step = turn.talk.state.get("step")
        host = self._of(turn) if step in ("time", "words") else None
        if host is None:
            return self.start(turn)
        return self._ask_time(turn, host) if step == "time" else self._ask_words(turn)

    def _host(self, turn: Turn) -> Reply:
        hosts = list(self.reception.hosts().values())
        at = engine.chosen(plain(turn.text), len(hosts))
        if at is None:
            return Text(self.say("appointment.whom", hosts=hosts, again=True)) if hosts else self.start(turn)
        return self._ask_time(turn, hosts[at])

    def _ask_time(self, turn: Turn, host: Host, *, gone: bool = False, again: bool = False) -> Reply:
        times = self.reception.times(host, turn.now)
        if not times:
            turn.talk.end()
            return Text(self.say("appointment.no_time", host=host))
        offered = [each.isoformat() for each in times]
        turn.talk.hold("appointment", {"step": "time", "host": host.id, "times": offered})
        shown = list(map(self._moment, times))
        return Text(self.say("appointment.when", host=host, times=shown, gone=gone, again=again))

    def _time(self, turn: Turn) -> Reply:
        host, offered = self._of(turn), turn.talk.state["times"]
        at = engine.chosen(plain(turn.text), len(offered))
        if host is None:
            return self.start(turn)
        if at is None:
            return self._ask_time(turn, host, again=True)
        turn.talk.hold("appointment", {"step": "words", "host": host.id, "at": offered[at]})
        return self._ask_words(turn)

    def _ask_words(self, turn: Turn) -> Reply:
        return Text(self.say("appointment.words", name=turn.who.name, longest=engine.WORDS_LONGEST))

    def _words(self, turn: Turn) -> Reply:
        host, at = self._of(turn), datetime.fromisoformat(turn.talk.state["at"])
        if host is None:
            return self.start(turn)
        words = "" if plain(turn.text) in _NO_WORDS else turn.text
        who = turn.who
        became = self.reception.ask(host.id, at, words, who=who, now=turn.now, message=turn.message.id)
        if became is No.GONE:
            return self._ask_time(turn, host, gone=True)
        if became is No.TOO_LONG or became is No.NAME_PLEASE:
            return Text(self.say(f"appointment.{became}", longest=engine.WORDS_LONGEST))
        if isinstance(became, No):
            return self.start(turn)
        turn.talk.end()
        return Text(self.say("appointment.asked", host=host, at=self._moment(became.at)))

    def _kept(self, turn: Turn) -> Reply:
        coming = self.reception.coming(turn.who, turn.now)
        if coming is None or plain(turn.text) not in _CANCEL:
            return self.start(turn)
        self.reception.take_back(coming.id, who=turn.who)
        turn.talk.end()
        return Text(self.say("appointment.taken_back"))

    def _shown(self, coming: Appointment) -> str:
        host = self.reception.hosts().get(coming.host)
        at = self._moment(coming.at)
        return self.say("appointment.shown", host=host, at=at, state=coming.state, answer=coming.answer)

    def _of(self, turn: Turn) -> Host | None:
        return self.reception.hosts().get(turn.talk.state["host"])

    def _moment(self, at: datetime) -> str:
        return self.say("appointment.moment", at=at.astimezone(self.zone))


def routes(keeper: Doorkeeper) -> Router:
    """谈心 with its menu key, and what is said until it is asked for."""
    return Router(
        "appointment",
        words={("谈心", "谈心谈话", "约谈心", "我要谈心"): keeper.start},
        keys={"appointment.start": keeper.start},
        talking=Talking(
            takes=keeper.takes,
            otherwise=keeper.answer,
            resume=keeper.resume,
            restart=keeper.start,
            leave=keeper.leave,
            takes_words=lambda turn: turn.talk.state.get("step") == "words",
        ),
    )
