"""An admin says a code from the console here, so that a push can be tried out on them."""

from dataclasses import dataclass

from handlers.console import engine
from handlers.console.service import Paired, Pairing
from handlers.conversation import Say
from handlers.router import Router, Turn
from wechat.messages import Reply, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnContact:
    """The one door."""

    pairing: Pairing
    say: Say

    def link(self, turn: Turn) -> Reply:
        """Note that this contact is the admin's to whom the code was given."""
        code = engine.code_in(turn.text)
        paired = self.pairing.pair(code, turn.who, turn.now) if code else Paired.UNKNOWN
        return Text(self.say(f"console.{paired}"))


def routes(own: OwnContact) -> Router:
    """管理员 and a code."""
    return Router("console", patterns={r"(我是)?管理员码?[^0-9a-z]{0,3}[0-9a-z][0-9a-z\W]{7,11}": own.link})
