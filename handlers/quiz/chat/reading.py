"""A bank, or what somebody keeps, read through with the answers: nothing is marked, and nothing of it is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from handlers.front import PICTURES
from handlers.quiz.chat.asking import Asking
from handlers.quiz.service.regards import Regarding
from handlers.router import Handler, Turn, plain
from wechat.messages import Kind, Reply, Text

KEPT = "*"  # in place of a bank's name: what one keeps
_STEPS = {"下一题": 1, "下一个": 1, "下": 1, "上一题": -1, "上一个": -1, "上": -1}
_NUMBER = re.compile(r"第?(\d{1,6})题?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The talk holds the bank and the place in it; which questions it has is looked up each time."""

    asking: Asking
    regarding: Regarding

    def opens(self, turn: Turn, *, bank: str, at: int = 0) -> Reply:
        """The question at a place of a bank, or at the nearest that there is."""
        service, person = self.asking.service, turn.who.person
        if service.going_exam(person, turn.now):
            turn.talk.end()
            return self._says("read_later")
        ids = self._ids(turn, bank)
        at = max(0, min(at, len(ids) - 1))
        question = service.question(ids[at]) if ids else None
        if question is None:
            turn.talk.end()
            return self._says("nothing_kept" if bank == KEPT else "none")
        turn.talk.hold("quiz", {"read": bank, "at": at})
        return self._says(
            "read",
            asked=service.shown(question, seed=""),
            number=at + 1,
            total=len(ids),
            pictures=f"{self.asking.public_url}{PICTURES}" if self.asking.public_url else "",
        )

    def shown(self, turn: Turn) -> str | None:
        """The id of the question that is shown."""
        ids, at = self._ids(turn, turn.talk.state["read"]), turn.talk.state["at"]
        return ids[at] if at < len(ids) else None

    def _ids(self, turn: Turn, bank: str) -> Sequence[str]:
        person, today = turn.who.person, self.asking.service.day(turn.now)
        if bank == KEPT:
            return self.regarding.kept(person, today)
        return self.asking.service.read_through(person, today, bank=bank)

    def takes(self, turn: Turn) -> Handler | None:
        """On to the next question, back to the one before, or to that of a number."""
        words, at = plain(turn.text), turn.talk.state["at"]
        numbered = _NUMBER.fullmatch(words)
        if turn.message.kind is not Kind.TEXT or not (numbered or words in _STEPS):
            return None
        wanted = int(numbered[1]) - 1 if numbered else at + _STEPS[words]
        return partial(self.opens, bank=turn.talk.state["read"], at=wanted)

    def again(self, turn: Turn) -> Reply:
        """The question that is open."""
        return self.opens(turn, bank=turn.talk.state["read"], at=turn.talk.state["at"])

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self.asking.say(key, **values))
