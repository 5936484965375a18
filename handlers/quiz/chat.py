"""What the quiz says: a question, then the answer explained with its source and the next question."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from content.library import Library
from content.models import Question, QuestionType
from content.shelf import Shelf
from handlers.quiz import engine
from handlers.router import Router, Talking, Turn
from storage.quiz import QuizStore, Round
from wechat.messages import Kind, Reply, Text

_KINDS = {QuestionType.SINGLE: "single", QuestionType.MULTI: "multi", QuestionType.JUDGE: "judge"}


def routes(*, store: QuizStore, shelf: Shelf, zone: ZoneInfo, questions_a_day: int) -> Router:
    """答题, 错题 and their menu keys."""
    quiz = Quiz(store=store, shelf=shelf, zone=zone, questions_a_day=questions_a_day)
    return Router(
        "quiz",
        words={
            ("答题", "每日答题", "开始答题", "每日一答", "做题", "quiz"): quiz.daily,
            ("错题", "错题本", "错题复习", "复习错题"): quiz.mistakes,
        },
        keys={"quiz.daily": quiz.daily, "quiz.wrong": quiz.mistakes},
        scenes={"quiz": quiz.daily},
        talking=Talking(
            accepts=quiz.accepts,
            answer=quiz.answer,
            otherwise=quiz.otherwise,
            resume=quiz.resume,
            restart=quiz.resume_or_daily,
            leave=quiz.leave,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The doors of the quiz. The talk holds the round and the position; SQL knows the truth of both."""

    store: QuizStore
    shelf: Shelf
    zone: ZoneInfo
    questions_a_day: int
    drawn: dict[date, tuple[tuple[Question, ...], tuple[str, ...]]] = field(default_factory=dict)

    def daily(self, turn: Turn) -> Reply:
        """Today's questions: begun, gone on with, or their result."""
        today = turn.now.astimezone(self.zone).date()
        drawn = self._drawn_on(today)
        if not drawn:
            return self._says("none")
        return self._goes_on(
            turn, self.store.begin(person=turn.who.person, name=_daily(today), day=today, questions=drawn)
        )

    def _drawn_on(self, today: date) -> tuple[str, ...]:
        """The day's draw, made once for a pack and a day: it looks at every question."""
        questions = self._library.questions_on(today)
        known = self.drawn.get(today)
        if known is None or known[0] is not questions:
            self.drawn.clear()
            known = (questions, engine.draw(questions, on=today, count=self.questions_a_day))
            self.drawn[today] = known
        return known[1]

    def mistakes(self, turn: Turn) -> Reply:
        """A round of what was answered wrong the last time and still holds."""
        today = turn.now.astimezone(self.zone).date()
        wrong = self.store.wrong(person=turn.who.person, most=self.questions_a_day * 10)
        known = filter(None, map(self._library.question, wrong))
        again = list(dict.fromkeys(question.id for question in known if question.in_effect(today)))
        if not again:
            return self._says("no_mistakes")
        name = f"wrong:{turn.message.id}"[:64]
        begun = self.store.begin(person=turn.who.person, name=name, day=today, questions=again[: self.questions_a_day])
        return self._goes_on(turn, begun)

    def accepts(self, turn: Turn) -> bool:
        """Whether the words are an answer to the question that is open, as its reader saw it."""
        question = self._open_question(turn)
        if question is None or turn.message.kind is not Kind.TEXT:
            return False
        shown = self._shown(question, turn)
        seen = turn.talk.state.get("seen") == engine.looks(question, shown)
        return seen and engine.read(question, shown, turn.text) is not None

    def answer(self, turn: Turn) -> Reply:
        """Mark and keep the answer, explain it, and ask the next question."""
        question = self._open_question(turn)
        if question is None:
            return self.otherwise(turn)
        if turn.overlapped:
            return self._says("one_at_a_time", question=self._asked(question, turn))
        shown = self._shown(question, turn)
        chosen = engine.read(question, shown, turn.text) or frozenset()
        right = chosen == engine.right_ids(question)
        state = turn.talk.state
        new = self.store.record(
            round=state["round"],
            position=self._at(turn),
            person=turn.who.person,
            question=question.id,
            said=",".join(sorted(chosen))[:64],
            right=right,
            message=turn.message.id,
            now=turn.now,
        )
        if not new:
            return self._goes_on(turn, self.store.round(state["round"]))
        turn.talk.hold("quiz", {**state, "at": self._at(turn) + 1, "right": state["right"] + right})
        return self._ask_or_finish(turn, before=self._verdict(question, shown, chosen, right=right))

    def otherwise(self, turn: Turn) -> Reply:
        """Say how to answer the open question."""
        question = self._open_question(turn)
        if question is None:
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        return self._says("how_to_answer", kind=_KINDS[question.type], question=self._asked(question, turn))

    def resume(self, turn: Turn) -> Reply | None:
        """The open round, else today's if it was begun and isn't over."""
        if turn.talk.feature == "quiz":
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        today = turn.now.astimezone(self.zone).date()
        begun = self.store.find(person=turn.who.person, name=_daily(today))
        return None if begun is None or begun.is_over else self._goes_on(turn, begun)

    def resume_or_daily(self, turn: Turn) -> Reply:
        """A round can't be taken back, so beginning again means today's questions."""
        return self.daily(turn)

    def leave(self, turn: Turn) -> Reply:  # noqa: ARG002 - a handler
        """Good-bye, with the way back."""
        return self._says("left")

    def _goes_on(self, turn: Turn, going: Round) -> Reply:
        state = {"round": going.id, "ids": list(going.questions), "at": going.answered, "right": going.right}
        turn.talk.hold("quiz", state)
        return self._ask_or_finish(turn)

    def _ask_or_finish(self, turn: Turn, *, before: str = "") -> Reply:
        question = self._open_question(turn)
        if question is not None:
            return Text("\n\n".join(filter(None, [before, self._asked(question, turn)])))
        right, total = turn.talk.state["right"], len(turn.talk.state["ids"])
        turn.talk.end()
        return Text("\n\n".join(filter(None, [before, self._say("finished", right=right, total=total)])))

    def _at(self, turn: Turn) -> int:
        """The position of the open question: one that has left the pack is passed over."""
        ids, at = turn.talk.state["ids"], turn.talk.state["at"]
        while at < len(ids) and self._library.question(ids[at]) is None:
            at += 1
        return int(at)

    def _open_question(self, turn: Turn) -> Question | None:
        """The question to be answered now. None: the round is over."""
        ids, at = turn.talk.state["ids"], self._at(turn)
        return self._library.question(ids[at]) if at < len(ids) else None

    def _asked(self, question: Question, turn: Turn) -> str:
        shown = self._shown(question, turn)
        turn.talk.state["seen"] = engine.looks(question, shown)
        return self._say(
            "question",
            number=self._at(turn) + 1,
            total=len(turn.talk.state["ids"]),
            kind=_KINDS[question.type],
            stem=question.stem,
            choices=shown,
        )

    def _shown(self, question: Question, turn: Turn) -> tuple[engine.Choice, ...]:
        yes, no = (self._say("yes"), self._say("no")) if question.type is QuestionType.JUDGE else ("", "")
        return engine.choices(question, seed=turn.talk.state["round"], yes=yes, no=no)

    def _verdict(
        self, question: Question, shown: tuple[engine.Choice, ...], chosen: frozenset[str], *, right: bool
    ) -> str:
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
    def _library(self) -> Library:
        return self.shelf.current()

    def _say(self, key: str, **values: object) -> str:
        return self._library.say(f"quiz.{key}", **values)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self._say(key, **values))


def _daily(today: date) -> str:
    return f"daily:{today.isoformat()}"
