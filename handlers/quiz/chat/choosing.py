"""What can be chosen: a topic, a bank or an exam, by its number or its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from handlers.quiz.chat.asking import Asking
from handlers.quiz.chat.reading import Reading
from handlers.quiz.engine import Mode
from handlers.quiz.service import Service
from handlers.quiz.service.told import Offered
from handlers.router import Handler, Turn, plain
from wechat.messages import Kind, Reply, Text

_BEGIN = "begin"  # the list of one that an exam is begun from
_READ = "read"  # the list of banks that are read through
_NUMBER = re.compile(r"\d{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Lists in the chat: the talk holds what stands in the one that was shown last."""

    asking: Asking
    reading: Reading

    def topics(self, turn: Turn) -> Reply:
        """The topics, to choose one by its number."""
        return self._offers(turn, Mode.TOPIC, self._service.topics(turn.who.person, self._service.day(turn.now)))

    def banks(self, turn: Turn) -> Reply:
        """The banks with one's place in each, to choose one by its number."""
        return self._offers(turn, Mode.SEQUENCE, self._service.banks(turn.who.person, self._service.day(turn.now)))

    def to_read(self, turn: Turn) -> Reply:
        """The banks, to read one through by its number."""
        return self._offers(turn, _READ, self._service.banks(turn.who.person, self._service.day(turn.now)))

    def exams(self, turn: Turn) -> Reply:
        """The exams that can be begun and those that were sat, to choose one by its number."""
        papers = self._service.papers(turn.who.person, turn.now)
        if not papers:
            return self._says("no_exams")
        going = self._service.going_exam(turn.who.person, turn.now)
        if going:
            return self.asking.goes_on(turn, going)
        titles = [each.exam.title for each in papers]
        turn.talk.hold("quiz", {"list": Mode.EXAM, "ids": [each.exam.key for each in papers], "titles": titles})
        return self._says("exams", papers=papers)

    def takes(self, turn: Turn) -> Handler | None:
        """A choice from the list."""
        state = turn.talk.state
        chosen_from = dict(zip(map(plain, state["titles"]), state["ids"], strict=True))
        wanted = chosen_from.get(plain(turn.text)) or _numbered(state["ids"], plain(turn.text))
        return None if wanted is None else partial(self._chosen, of=state["list"], chosen=wanted)

    def again(self, turn: Turn) -> Reply:
        """What can be chosen now."""
        of, ids = turn.talk.state["list"], turn.talk.state["ids"]
        turn.talk.end()
        match of:
            case Mode.TOPIC:
                return self.topics(turn)
            case Mode.SEQUENCE:
                return self.banks(turn)
            case Mode.EXAM:
                return self.exams(turn)
            case _ if of == _READ:
                return self.to_read(turn)
            case _:
                return self._paper(turn, ids[0])

    def _paper(self, turn: Turn, key: str) -> Reply:
        """What an exam is, and how to begin it: nobody's clock runs before they say so."""
        papers = self._service.papers(turn.who.person, turn.now)
        paper = next((each for each in papers if each.exam.key == key), None)
        if paper is None:
            return self.exams(turn)
        if not paper.can_begin:
            return self._sits(turn, key)
        turn.talk.hold("quiz", {"list": _BEGIN, "ids": [key], "titles": [self.asking.say("begin")]})
        closes_at = paper.exam.closes_at
        return self._says("paper", exam=paper.exam, ends=self.asking.local(closes_at) if closes_at else None)

    def _sits(self, turn: Turn, key: str) -> Reply:
        begun = self._service.exam(turn.who.person, turn.now, key=key, asked_by=turn.message.id)
        return self.asking.goes_on(turn, begun) if begun else self.exams(turn)

    def _offers(self, turn: Turn, of: str, offered: list[Offered]) -> Reply:
        """All of them, unless the number was said at once; where there is one only it is begun."""
        if not offered:
            return self._says("none")
        ids = [each.id for each in offered]
        said = _NUMBER.search(plain(turn.text)) if turn.message.kind is Kind.TEXT else None
        chosen = ids[0] if len(ids) == 1 else _numbered(ids, said[0] if said else "")
        if chosen is not None:
            return self._chosen(turn, of=of, chosen=chosen)
        turn.talk.hold("quiz", {"list": of, "ids": ids, "titles": [each.title for each in offered]})
        return self._says("choose", mode=of, offered=offered)

    def _chosen(self, turn: Turn, *, of: str, chosen: str) -> Reply:
        person, today = turn.who.person, self._service.day(turn.now)
        match of:
            case Mode.EXAM:
                return self._paper(turn, chosen)
            case _ if of == _READ:
                return self.reading.opens(turn, bank=chosen)
            case Mode.TOPIC:
                begun = self._service.of_topic(person, today, topic=chosen, asked_by=turn.message.id)
            case Mode.SEQUENCE:
                begun = self._service.in_order(person, today, bank=chosen)
            case _:
                return self._sits(turn, chosen)
        return self.asking.goes_on(turn, begun) if begun else self.again(turn)

    @property
    def _service(self) -> Service:
        return self.asking.service

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self.asking.say(key, **values))


def _numbered(ids: Sequence[str], said: str) -> str | None:
    """What stands in a list under a number."""
    at = int(said) if _NUMBER.fullmatch(said) else 0
    return ids[at - 1] if 1 <= at <= len(ids) else None
