"""人工 hands the talk over to people, message by message, until 退出 or until they end it."""

from dataclasses import dataclass

from handlers.conversation import Say
from handlers.router import Handler, Router, Talking, Turn, plain
from wechat.messages import AgentSession, Kind, Reply, Silence, Text, Transfer

# What is said to a person stays with the person: of the words that work everywhere only these lead back.
_BACK = frozenset({"退出", "返回"})
_FOR_AGENTS = frozenset({Kind.TEXT, Kind.IMAGE, Kind.VOICE, Kind.VIDEO, Kind.SHORTVIDEO, Kind.LINK, Kind.LOCATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where people answer: on the accounts that are `staffed`."""

    say: Say
    staffed: frozenset[str]

    def call(self, turn: Turn) -> Reply:
        """Hand over from now on, or say that nobody would be there."""
        if turn.message.account not in self.staffed:
            return Text(self.say("agents.nobody"))
        turn.talk.hold("agents", {})
        return Transfer(words=self.say("agents.called"))

    def takes(self, turn: Turn) -> Handler | None:
        """All that is said but the words that lead back."""
        return self.pass_on if turn.message.kind in _FOR_AGENTS and plain(turn.text) not in _BACK else None

    def pass_on(self, turn: Turn) -> Reply:  # noqa: ARG002 - whatever it is
        """Each message is handed over by its own reply."""
        return Transfer()

    def back(self, turn: Turn) -> Reply:
        """From now on the program answers again."""
        turn.talk.end()
        return Text(self.say("agents.back"))

    def ended(self, turn: Turn) -> Reply:
        """The agent has closed the talk."""
        session = turn.message.detail
        if turn.talk.feature == "agents" and isinstance(session, AgentSession) and session.change == "close":
            turn.talk.end()
        return Silence()


def routes(desk: Desk) -> Router:
    """人工 and, while it lasts, everything."""
    return Router(
        "agents",
        words={("人工", "转人工", "人工客服", "人工服务", "找人工"): desk.call},
        kinds={Kind.AGENT_SESSION: desk.ended},
        talking=Talking(
            takes=desk.takes,
            otherwise=desk.pass_on,
            resume=lambda _: None,
            back=desk.back,
            leave=desk.back,
            lapsed=lambda _: True,  # people may take hours to answer: nobody is asked whether to go on
        ),
    )
