"""One question after the other: asked, answered, explained, until a round is over and it is said what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from content.library import Library
from handlers.front import PICTURES
from handlers.quiz import engine
from handlers.quiz.engine import Mode
from handlers.quiz.engine.marking import Answer, Asked, Mark
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling
from handlers.router import Turn
from storage.quiz import QuizStore, Round
from wechat.messages import Kind, Reply, Text


class Held(NamedTuple):
    """The round that a talk is about, as far as it knows it."""

    name: str
    questions: Sequence[str]
    answered: int
    wrong: int


class Open(NamedTuple):
    """The question to be answered now, and where it stands in its round."""

    asked: Asked
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A round in the chat. The talk holds the round and the position; SQL knows the truth."""

    service: Service
    duelling: Duelling
    public_url: str

    def goes_on(self, turn: Turn, going: Round, *, before: str = "") -> Reply:
        """Ask the question of a round that is open, or say what it came to."""
        state = {
            "round": going.id,
            "name": going.name,
            "ids": list(going.questions),
            "at": going.answered,
            "right": going.right,
            "wrong": going.wrong,
        }
        sitting = self.service.sitting(turn.who.person, going)
        if engine.mode(going) is Mode.EXAM:
            state["until"] = int(sitting.ends_at.timestamp()) if sitting else 0
            state["scores"] = list(going.scores)
        turn.talk.hold("quiz", state)
        return self._ask_or_finish(turn, before=before)

    def goes_on_with_talk(self, turn: Turn, *, before: str = "") -> Reply:
        """Go on with the round that the talk is about."""
        return self.goes_on(turn, self.store.round(turn.talk.state["round"]), before=before)

    # -- an answer -----------------------------------------------------------------------------------------------

    def seen(self, turn: Turn) -> Open | None:
        """The question that is open, if it is what its reader saw."""
        is_open = self._open(turn)
        return is_open if is_open and turn.talk.state.get("seen") == is_open.asked.look else None

    def answer(self, turn: Turn, *, is_open: Open, answer: Answer) -> Reply:
        """Mark and keep the answer, explain it, and ask the next question."""
        if turn.overlapped:
            return Text(self.say("one_at_a_time", question=self._asked(is_open, turn)))
        asked, at = is_open
        state = turn.talk.state
        now, message = turn.now, turn.message.id
        mark = self.service.keep(turn.who.person, state["round"], at, asked, answer, message=message, now=now)
        if mark is None:
            return self.goes_on_with_talk(turn)
        counted = {"right": state["right"] + mark.right, "wrong": state.get("wrong", 0) + (not mark.right)}
        turn.talk.hold("quiz", {**state, **counted, "at": at + 1})
        turn.talk.state.pop("shown", None)
        is_told = engine.mode(held(turn)) is not Mode.EXAM  # of an exam nothing is told before it is over
        return self._ask_or_finish(turn, before=self._verdict(asked, answer, mark) if is_told else "")

    def otherwise(self, turn: Turn) -> Reply:
        """Take words for the answer where it is one in words; else say how to answer."""
        is_open = self._open(turn)
        if is_open is None:
            return self.goes_on_with_talk(turn)
        is_seen = turn.message.kind is Kind.TEXT and self.seen(turn) is not None
        if is_seen and is_open.asked.is_self_judged:
            return self._shows_points(turn, is_open.asked)
        answer = is_open.asked.read(turn.text) if is_seen and is_open.asked.is_written else None
        if answer is not None:
            return self.answer(turn, is_open=is_open, answer=answer)
        return Text(self.say("how_to_answer", asked=is_open.asked, question=self._asked(is_open, turn)))

    def _shows_points(self, turn: Turn, asked: Asked) -> Reply:
        """The points of the answer, for its writer to compare: what they wrote is kept nowhere."""
        turn.talk.state["shown"] = True
        return Text(self.say("points", points=asked.model, choices=asked.shown))

    # -- what comes next -----------------------------------------------------------------------------------------

    def _ask_or_finish(self, turn: Turn, *, before: str) -> Reply:
        is_open = self._open(turn)
        if is_open is not None:
            return Text("\n\n".join(filter(None, [before, self._asked(is_open, turn)])))
        match engine.mode(held(turn)):
            case Mode.EXAM:
                return Text(self._exam_over(turn))
            case Mode.DUEL:
                over = self._duel_over(turn)
            case _:
                over = self._finished(turn)
        return Text("\n\n".join(filter(None, [before, over])))

    def _finished(self, turn: Turn) -> str:
        ended, right = held(turn), turn.talk.state["right"]
        turn.talk.end()
        return self.say(
            "finished",
            mode=engine.mode(ended),
            right=right,
            wrong=ended.wrong,
            total=len(ended.questions),
            address=self._address(turn),
        )

    def _exam_over(self, turn: Turn) -> str:
        """What an exam came to."""
        going = self.store.round(turn.talk.state["round"])
        turn.talk.end()
        sitting = self.service.closed(turn.who.person, going)
        if sitting is None:
            return self.say("no_exams")
        return self.say(
            "exam_over",
            sitting=sitting,
            is_late=going.answered < len(going.questions),
            is_weighed=bool(going.scores),
            right=going.right,
            total=len(going.questions),
            address=self._address(turn),
        )

    def _duel_over(self, turn: Turn) -> str:
        """What a duel came to, as far as the other one is done."""
        going = self.store.round(turn.talk.state["round"])
        turn.talk.end()
        duel = self.duelling.standing(turn.who.person, going, turn.now)
        ends = self.local(duel.ends_at) if duel else None
        return self.say("duel_over", duel=duel, right=going.right, total=len(going.questions), ends=ends)

    def _address(self, turn: Turn) -> str:
        """The page where the answers can be read again; "" where nobody could reach it, or would be somebody else."""
        return f"{self.public_url}/p/quiz" if self.public_url and not turn.message.miniprogram else ""

    def _open(self, turn: Turn) -> Open | None:
        """The question to be answered now; one that has left the pack is passed over. None: the round is over."""
        going, until = held(turn), turn.talk.state.get("until")
        if until is not None and turn.now.timestamp() >= until:
            return None
        at = engine.open_at(going, known=self._library.outline)
        asked = self.service.asked(going, at, seed=turn.talk.state["round"])
        return Open(asked, at) if asked else None

    def _asked(self, is_open: Open, turn: Turn) -> str:
        asked, at = is_open
        going, until = held(turn), turn.talk.state.get("until")
        turn.talk.state["seen"] = asked.look
        turn.talk.state.pop("shown", None)
        return self.say(
            "question",
            mode=engine.mode(going),
            number=at + 1,
            total=len(going.questions),
            wrong=going.wrong,
            minutes=-(-max(0, until - int(turn.now.timestamp())) // 60) if until else 0,
            asked=asked,
            score=scores[at] if (scores := turn.talk.state.get("scores")) else None,
            pictures=f"{self.public_url}{PICTURES}" if self.public_url else "",
        )

    def _verdict(self, asked: Asked, answer: Answer, mark: Mark) -> str:
        right = asked.right
        return self.say(
            "right" if mark.right else "wrong",
            asked=asked,
            answer=[choice for choice in asked.shown if choice.id in right],
            said="".join(choice.letter for choice in asked.shown if choice.id in answer),
            written=None if isinstance(answer, frozenset) else answer,
            credit=mark.credit,
            explanation=asked.explanation,
            source=asked.question.source,
            cites=asked.question.cites,
        )

    # -- how it is said ------------------------------------------------------------------------------------------

    def local(self, at: datetime) -> datetime:
        """A moment as members' clocks show it."""
        return at.astimezone(self.service.zone)

    def say(self, key: str, **values: object) -> str:
        """A phrase of the quiz."""
        return self._library.say(f"quiz.{key}", **values)

    @property
    def store(self) -> QuizStore:
        """Where answers are kept."""
        return self.service.store

    @property
    def _library(self) -> Library:
        return self.service.shelf.current()


def held(turn: Turn) -> Held:
    """The round of the talk; those that were begun before a round had a name there are of the day."""
    state = turn.talk.state
    return Held(state.get("name", Mode.TODAY), state["ids"], state["at"], state.get("wrong", 0))
