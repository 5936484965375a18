"""对战: a code to pass on, or one that somebody passed on; what it came to is told to the two alone."""

from dataclasses import dataclass

from handlers.quiz.chat.asking import Asking
from handlers.quiz.engine import duels as rules
from handlers.quiz.service.duels import Duelling, Refusal
from handlers.router import Handler, Turn
from storage.quiz import Round
from wechat.messages import Kind, Reply, Text

_WITH_NAME = "署名"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """The beginning of a duel in the chat; its questions are asked like those of any round."""

    asking: Asking

    def invite(self, turn: Turn) -> Reply:
        """A duel of one's own, or the one that is open."""
        named = _WITH_NAME in turn.text
        if named and not turn.who.name:
            return Text(self.asking.say("duel_nameless"))
        begun = self._duelling.invite(turn.who.person, turn.now, asked_by=turn.message.id, named=named)
        return self._goes_on(turn, begun) if begun else Text(self.asking.say("none"))

    def take(self, turn: Turn) -> Reply:
        """Take up the duel of the code that was said, or ask for the code."""
        named = _WITH_NAME in turn.text
        if named and not turn.who.name:
            return Text(self.asking.say("duel_nameless"))
        said = turn.text.replace(_WITH_NAME, "")
        if rules.code_in(said) is None:
            return self.asks_code(turn)
        begun = self._duelling.take(turn.who, turn.now, said=said, named=named)
        if isinstance(begun, Round):
            return self._goes_on(turn, begun)
        turn.talk.end()
        return Text(self.asking.say("duel_too_many" if begun is Refusal.TOO_MANY else "duel_unknown"))

    def asks_code(self, turn: Turn) -> Reply:
        """Say what a code looks like, and wait for one."""
        turn.talk.hold("quiz", {"code": True})
        return Text(self.asking.say("duel_code_please", letters=rules.LETTERS))

    def takes(self, turn: Turn) -> Handler | None:
        """A code, while one is expected."""
        return self.take if turn.message.kind is Kind.TEXT and rules.code_in(turn.text) else None

    def results(self, turn: Turn) -> Reply:
        """One's own duels, as long as they can be read."""
        found = self._duelling.of(turn.who.person, turn.now)
        days = [self.asking.local(each.ends_at) for each in found]
        return Text(self.asking.say("duels", duels=list(zip(found, days, strict=True))))

    def _goes_on(self, turn: Turn, begun: Round) -> Reply:
        duel = self._duelling.standing(turn.who.person, begun, turn.now)
        is_over = duel is None or duel.right is not None
        ends = self.asking.local(duel.ends_at) if duel else None
        before = ""
        if not is_over:
            total, can_be_named = len(begun.questions), bool(turn.who.name)
            before = self.asking.say("duel_begun", duel=duel, total=total, ends=ends, can_be_named=can_be_named)
        return self.asking.goes_on(turn, begun, before=before)

    @property
    def _duelling(self) -> Duelling:
        return self.asking.duelling
