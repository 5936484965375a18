"""What the quiz says: a question, then the answer explained with its source and the next question."""

import re
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from content.library import Library
from content.models import Question, QuestionType
from handlers.quiz import engine
from handlers.quiz.service import Service
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.quiz import QuizStore, Round
from wechat.messages import Kind, Reply, Text

_KINDS = {QuestionType.SINGLE: "single", QuestionType.MULTI: "multi", QuestionType.JUDGE: "judge"}
_LETTER = re.compile("[a-h]")


def routes(service: Service, *, public_url: str) -> Router:
    """答题, 错题 and their menu keys."""
    quiz = Quiz(service=service, public_url=public_url)
    return Router(
        "quiz",
        words={
            ("答题", "每日答题", "开始答题", "每日一答", "做题", "我要答题", "quiz"): quiz.daily,
            ("错题", "错题本", "错题复习", "复习错题"): quiz.mistakes,
        },
        keys={"quiz.daily": quiz.daily, "quiz.wrong": quiz.mistakes},
        scenes={"quiz": quiz.daily},
        talking=Talking(
            takes=quiz.takes,
            otherwise=quiz.otherwise,
            resume=quiz.resume,
            restart=quiz.restart,
            picks_up=quiz.picks_up,
            leave=quiz.leave,
        ),
    )


class Open(NamedTuple):
    """The question to be answered now, where it stands in its round, and how its reader sees it."""

    question: Question
    at: int
    shown: tuple[engine.Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The doors of the quiz. The talk holds the round and the position; SQL knows the truth of both."""

    service: Service
    public_url: str

    def daily(self, turn: Turn) -> Reply:
        """Today's questions: begun, gone on with, or their result."""
        begun = self.service.todays(turn.who.person, self.service.day(turn.now))
        return self._goes_on(turn, begun) if begun else self._says("none")

    def mistakes(self, turn: Turn) -> Reply:
        """What is due of what was answered wrong; a round of it begun today is gone on with."""
        today, name = self.service.day(turn.now), engine.of_mistakes(turn.message.id)
        begun = self.service.mistakes(turn.who.person, today, name=name)
        return self._goes_on(turn, begun) if begun else self._nothing_again(turn, today)

    def _nothing_again(self, turn: Turn, today: date) -> Reply:
        reviews = self.service.reviews(turn.who.person, today)
        if reviews.is_enough:
            return self._says("enough", waiting=len(reviews.waiting))
        return self._says("no_mistakes", next=reviews.next)

    def takes(self, turn: Turn) -> Handler | None:
        """An answer to the question that is open, as its reader saw it."""
        asked = self._open(turn)
        if asked is None or turn.message.kind is not Kind.TEXT:
            return None
        if turn.talk.state.get("seen") != engine.looks(asked.question, asked.shown):
            return None
        chosen = engine.read(asked.question, asked.shown, turn.text)
        return None if chosen is None else partial(self._answer, asked=asked, chosen=chosen)

    def _answer(self, turn: Turn, *, asked: Open, chosen: frozenset[str]) -> Reply:
        """Mark and keep the answer, explain it, and ask the next question."""
        if turn.overlapped:
            return self._says("one_at_a_time", question=self._asked(asked, turn))
        right = chosen == engine.right_ids(asked.question)
        state = turn.talk.state
        new = self.store.record(
            round=state["round"],
            position=asked.at,
            person=turn.who.person,
            question=asked.question.id,
            said=",".join(sorted(chosen))[:64],
            right=right,
            message=turn.message.id,
            now=turn.now,
        )
        if not new:
            return self._goes_on(turn, self.store.round(state["round"]))
        turn.talk.hold("quiz", {**state, "at": asked.at + 1, "right": state["right"] + right})
        return self._ask_or_finish(turn, before=self._verdict(asked, chosen, right=right))

    def otherwise(self, turn: Turn) -> Reply:
        """Say how to answer the open question."""
        asked = self._open(turn)
        if asked is None:
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        return self._says("how_to_answer", kind=_KINDS[asked.question.type], question=self._asked(asked, turn))

    def resume(self, turn: Turn) -> Reply | None:
        """The open round, else one that was begun today and isn't over."""
        if turn.talk.feature == "quiz":
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        begun = self._unfinished(turn)
        return self._goes_on(turn, begun) if begun else None

    def _unfinished(self, turn: Turn) -> Round | None:
        """A round of today with something left to ask: of mistakes, which is begun later, else the day's."""
        return self.service.going(turn.who.person, self.service.day(turn.now)) if turn.who.known else None

    def restart(self, turn: Turn) -> Reply:
        """An answer can't be taken back, so a round of today goes on, and that is said; an older one makes way."""
        going = self.store.round(turn.talk.state["round"])
        if going.name != self._todays_name(turn) and not engine.is_of_mistakes(going):
            return self.daily(turn)
        before = self._say("answers_stay", answered=going.answered) if going.answered and not going.is_over else ""
        return self._goes_on(turn, going, before=before)

    def _todays_name(self, turn: Turn) -> str:
        return engine.daily(self.service.day(turn.now))

    def picks_up(self, turn: Turn) -> Reply | None:
        """A bare letter while nothing is open: the talk was lost in a round. Its question is asked again."""
        begun = self._unfinished(turn) if _LETTER.fullmatch(plain(turn.text)) else None
        if begun is None:
            return None
        return self._goes_on(turn, begun, before=self._say("not_counted"))

    def leave(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        """Good-bye, with the way back."""
        return self._says("left")

    def _goes_on(self, turn: Turn, going: Round, *, before: str = "") -> Reply:
        state = {"round": going.id, "ids": list(going.questions), "at": going.answered, "right": going.right}
        turn.talk.hold("quiz", state)
        return self._ask_or_finish(turn, before=before)

    def _ask_or_finish(self, turn: Turn, *, before: str = "") -> Reply:
        asked = self._open(turn)
        if asked is not None:
            return Text("\n\n".join(filter(None, [before, self._asked(asked, turn)])))
        right, total = turn.talk.state["right"], len(turn.talk.state["ids"])
        turn.talk.end()
        finished = self._say("finished", right=right, total=total, address=self._address(turn))
        return Text("\n\n".join(filter(None, [before, finished])))

    def _address(self, turn: Turn) -> str:
        """The page where the answers can be read again; "" where nobody could reach it, or would be somebody else."""
        return f"{self.public_url}/p/quiz" if self.public_url and not turn.message.miniprogram else ""

    def _open(self, turn: Turn) -> Open | None:
        """The question to be answered now; one that has left the pack is passed over. None: the round is over."""
        state, known = turn.talk.state, self._library.question
        at = engine.open_at(state["ids"], state["at"], known=known)
        question = known(state["ids"][at]) if at < len(state["ids"]) else None
        return Open(question, at, self._shown(question, turn)) if question else None

    def _asked(self, asked: Open, turn: Turn) -> str:
        question, at, shown = asked
        turn.talk.state["seen"] = engine.looks(question, shown)
        return self._say(
            "question",
            number=at + 1,
            total=len(turn.talk.state["ids"]),
            kind=_KINDS[question.type],
            stem=question.stem,
            choices=shown,
        )

    def _shown(self, question: Question, turn: Turn) -> tuple[engine.Choice, ...]:
        yes, no = (self._say("yes"), self._say("no")) if question.type is QuestionType.JUDGE else ("", "")
        return engine.choices(question, seed=turn.talk.state["round"], yes=yes, no=no)

    def _verdict(self, asked: Open, chosen: frozenset[str], *, right: bool) -> str:
        question, _, shown = asked
        ids = engine.right_ids(question)
        return self._say(
            "right" if right else "wrong",
            answer=[choice for choice in shown if choice.id in ids],
            said="".join(choice.letter for choice in shown if choice.id in chosen),
            explanation=engine.explain(question, shown),
            source=question.source,
            cites=question.cites,
        )

    @property
    def store(self) -> QuizStore:
        """Where answers are kept."""
        return self.service.store

    @property
    def _library(self) -> Library:
        return self.service.shelf.current()

    def _say(self, key: str, **values: object) -> str:
        return self._library.say(f"quiz.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))
