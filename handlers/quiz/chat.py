"""What the quiz says: a question, then the answer explained with its source and the next question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import NamedTuple

from content.library import Library
from handlers.quiz import engine
from handlers.quiz.engine import Mode
from handlers.quiz.engine.marking import Answer, Asked
from handlers.quiz.service import PICTURES, Offered, Service
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.quiz import QuizStore, Round
from wechat.messages import Kind, Reply, Text

_LETTER = re.compile("[a-h]")
_BEGIN = "begin"  # the list of one that an exam is begun from
_NUMBER = re.compile(r"\d{1,2}", re.ASCII)


def routes(service: Service, *, public_url: str) -> Router:
    """答题, 错题, 专题练习, 顺序, 挑战, 考试 and their menu keys."""
    quiz = Quiz(service=service, public_url=public_url)
    return Router(
        "quiz",
        words={
            ("答题", "每日答题", "开始答题", "每日一答", "做题", "我要答题", "quiz"): quiz.daily,
            ("错题", "错题本", "错题复习", "复习错题"): quiz.mistakes,
            ("专题练习", "专题答题", "专项", "专项练习"): quiz.topics,
            ("顺序", "顺序练习", "顺序答题", "题库"): quiz.banks,
            ("考试", "模拟考试", "参加考试", "在线考试", "考试成绩"): quiz.exams,
            ("学习情况", "我的学习", "学习进度", "我的答题"): quiz.study,
            ("挑战", "挑战答题", "答题挑战", "闯关"): quiz.challenge,
        },
        keys={
            "quiz.daily": quiz.daily,
            "quiz.wrong": quiz.mistakes,
            "quiz.topics": quiz.topics,
            "quiz.sequence": quiz.banks,
            "quiz.challenge": quiz.challenge,
            "quiz.exams": quiz.exams,
            "quiz.study": quiz.study,
        },
        patterns={
            r"(?:专题练习|专题答题|专项)\d{1,2}": quiz.topics,
            r"(?:顺序|题库)\d{1,2}": quiz.banks,
        },
        scenes={"quiz": quiz.daily},
        talking=Talking(
            takes=quiz.takes,
            otherwise=quiz.otherwise,
            resume=quiz.resume,
            restart=quiz.restart,
            picks_up=quiz.picks_up,
            leave=quiz.leave,
            takes_words=quiz.takes_words,
        ),
    )


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
class Quiz:
    """The doors of the quiz. The talk holds the round and the position, or what can be chosen; SQL knows the truth."""

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

    # -- what is chosen ------------------------------------------------------------------------------------------

    def topics(self, turn: Turn) -> Reply:
        """The topics, to choose one by its number."""
        return self._offers(turn, Mode.TOPIC, self.service.topics(self.service.day(turn.now)))

    def banks(self, turn: Turn) -> Reply:
        """The banks with one's place in each, to choose one by its number."""
        return self._offers(turn, Mode.SEQUENCE, self.service.banks(turn.who.person, self.service.day(turn.now)))

    def exams(self, turn: Turn) -> Reply:
        """The exams that can be begun and those that were sat, to choose one by its number."""
        papers = self.service.papers(turn.who.person, turn.now)
        if not papers:
            return self._says("no_exams")
        going = self.service.going_exam(turn.who.person, turn.now)
        if going:
            return self._goes_on(turn, going)
        titles = [each.exam.title for each in papers]
        turn.talk.hold("quiz", {"list": Mode.EXAM, "ids": [each.exam.key for each in papers], "titles": titles})
        return self._says("exams", papers=papers)

    def _paper(self, turn: Turn, key: str) -> Reply:
        """What an exam is, and how to begin it: nobody's clock runs before they say so."""
        papers = self.service.papers(turn.who.person, turn.now)
        paper = next((each for each in papers if each.exam.key == key), None)
        if paper is None:
            return self.exams(turn)
        if not paper.can_begin:
            return self._sits(turn, key)
        turn.talk.hold("quiz", {"list": _BEGIN, "ids": [key], "titles": [self._say("begin")]})
        return self._says("paper", exam=paper.exam, ends=self._local(paper.exam.closes_at))

    def _sits(self, turn: Turn, key: str) -> Reply:
        begun = self.service.exam(turn.who.person, turn.now, key=key, asked_by=turn.message.id)
        return self._goes_on(turn, begun) if begun else self.exams(turn)

    def _local(self, at: datetime | None) -> datetime | None:
        return at.astimezone(self.service.zone) if at else None

    def _offers(self, turn: Turn, mode: Mode, offered: list[Offered]) -> Reply:
        """All of them, unless the number was said at once; where there is one only it is begun."""
        if not offered:
            return self._says("none")
        ids = [each.id for each in offered]
        said = _NUMBER.search(plain(turn.text)) if turn.message.kind is Kind.TEXT else None
        chosen = ids[0] if len(ids) == 1 else _numbered(ids, said[0] if said else "")
        if chosen is not None:
            return self._chosen(turn, of=mode, chosen=chosen)
        turn.talk.hold("quiz", {"list": mode, "ids": ids, "titles": [each.title for each in offered]})
        return self._says("choose", mode=mode, offered=offered)

    def _chosen(self, turn: Turn, *, of: str, chosen: str) -> Reply:
        person, today = turn.who.person, self.service.day(turn.now)
        match of:
            case Mode.EXAM:
                return self._paper(turn, chosen)
            case Mode.TOPIC:
                begun = self.service.of_topic(person, today, topic=chosen, asked_by=turn.message.id)
            case Mode.SEQUENCE:
                begun = self.service.in_order(person, today, bank=chosen)
            case _:
                return self._sits(turn, chosen)
        return self._goes_on(turn, begun) if begun else self._again(turn)

    def _again(self, turn: Turn) -> Reply:
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
            case _:
                return self._paper(turn, ids[0])

    def challenge(self, turn: Turn) -> Reply:
        """Questions until the third mistake."""
        today = self.service.day(turn.now)
        begun = self.service.challenge(turn.who.person, today, asked_by=turn.message.id)
        return self._goes_on(turn, begun) if begun else self._says("none")

    def study(self, turn: Turn) -> Reply:
        """Where one stands, and what might be next."""
        study = self.service.study(turn.who.person, self.service.day(turn.now))
        places = [each.id for each in self.service.topics(self.service.day(turn.now))]
        weakest = study.weak[0].id if study.weak else ""
        return self._says(
            "study",
            study=study,
            suggested=study.suggested,
            number=places.index(weakest) + 1 if weakest in places else 0,
        )

    # -- one question --------------------------------------------------------------------------------------------

    def takes(self, turn: Turn) -> Handler | None:
        """A choice from the list, or an answer to the question that is open, as its reader saw it."""
        if turn.message.kind is not Kind.TEXT:
            return None
        state = turn.talk.state
        if "list" in state:
            chosen_from = dict(zip(map(plain, state["titles"]), state["ids"], strict=True))
            wanted = chosen_from.get(plain(turn.text)) or _numbered(state["ids"], plain(turn.text))
            return None if wanted is None else partial(self._chosen, of=state["list"], chosen=wanted)
        is_open = self._seen(turn)
        answer = is_open.asked.read(turn.text) if is_open else None
        if is_open is None or answer is None:
            return None
        is_sure = not self.takes_words(turn) or (is_open.asked.is_written and is_open.asked.mark(answer).right)
        return partial(self._answer, is_open=is_open, answer=answer) if is_sure else None

    def takes_words(self, turn: Turn) -> bool:
        """Whether the open question is answered in words: those of other features are heard first, but a right answer.

        One that its reader judges is so until the points of its answer were shown.
        """
        is_open = None if "list" in turn.talk.state else self._seen(turn)
        if is_open is None:
            return False
        return is_open.asked.is_written or (is_open.asked.is_self_judged and "shown" not in turn.talk.state)

    def _seen(self, turn: Turn) -> Open | None:
        """The question that is open, if it is what its reader saw."""
        is_open = self._open(turn)
        return is_open if is_open and turn.talk.state.get("seen") == is_open.asked.look else None

    def _answer(self, turn: Turn, *, is_open: Open, answer: Answer) -> Reply:
        """Mark and keep the answer, explain it, and ask the next question."""
        if turn.overlapped:
            return self._says("one_at_a_time", question=self._asked(is_open, turn))
        asked, at = is_open
        state = turn.talk.state
        now, message = turn.now, turn.message.id
        new = self.service.keep(turn.who.person, state["round"], at, asked, answer, message=message, now=now)
        if not new:
            return self._goes_on(turn, self.store.round(state["round"]))
        right = asked.mark(answer).right
        counted = {"right": state["right"] + right, "wrong": state.get("wrong", 0) + (not right)}
        turn.talk.hold("quiz", {**state, **counted, "at": at + 1})
        turn.talk.state.pop("shown", None)
        is_told = engine.mode(_held(turn)) is not Mode.EXAM  # of an exam nothing is told before it is over
        return self._ask_or_finish(turn, before=self._verdict(asked, answer) if is_told else "")

    def otherwise(self, turn: Turn) -> Reply:
        """Take words for the answer where it is one in words; else say how to answer, or what can be chosen."""
        if "list" in turn.talk.state:
            return self._again(turn)
        is_open = self._open(turn)
        if is_open is None:
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        is_seen = turn.message.kind is Kind.TEXT and self._seen(turn) is not None
        if is_seen and is_open.asked.is_self_judged:
            return self._shows_points(turn, is_open.asked)
        answer = is_open.asked.read(turn.text) if is_seen and is_open.asked.is_written else None
        if answer is not None:
            return self._answer(turn, is_open=is_open, answer=answer)
        return self._says("how_to_answer", asked=is_open.asked, question=self._asked(is_open, turn))

    def _shows_points(self, turn: Turn, asked: Asked) -> Reply:
        """The points of the answer, for its writer to compare: what they wrote is kept nowhere."""
        turn.talk.state["shown"] = True
        return self._says("points", points=asked.model, choices=asked.shown)

    def resume(self, turn: Turn) -> Reply | None:
        """The open round, else one that was begun today and isn't over."""
        if turn.talk.feature == "quiz" and "list" in turn.talk.state:
            return self._again(turn)
        if turn.talk.feature == "quiz":
            return self._goes_on(turn, self.store.round(turn.talk.state["round"]))
        if not turn.who.known:
            return None
        begun = self.service.going_exam(turn.who.person, turn.now) or self._unfinished(turn)
        return self._goes_on(turn, begun) if begun else None

    def _unfinished(self, turn: Turn) -> Round | None:
        """A round of today with something left to ask: one that was asked for, which is begun later, else the day's."""
        return self.service.going(turn.who.person, self.service.day(turn.now)) if turn.who.known else None

    def restart(self, turn: Turn) -> Reply:
        """An answer can't be taken back, so a round of today goes on, and that is said; an older one makes way."""
        if "list" in turn.talk.state:
            return self._again(turn)
        going = self.store.round(turn.talk.state["round"])
        if engine.mode(going) is Mode.TODAY and going.name != engine.daily(self.service.day(turn.now)):
            return self.daily(turn)
        before = self._say("answers_stay", answered=going.answered) if going.answered and not going.is_over else ""
        return self._goes_on(turn, going, before=before)

    def picks_up(self, turn: Turn) -> Reply | None:
        """A bare letter while nothing is open: the talk was lost in a round. Its question is asked again."""
        begun = self._unfinished(turn) if _LETTER.fullmatch(plain(turn.text)) else None
        if begun is None:
            return None
        return self._goes_on(turn, begun, before=self._say("not_counted"))

    def leave(self, turn: Turn) -> Reply:
        """Good-bye, with the way back."""
        until = turn.talk.state.get("until")
        if until is None or turn.now.timestamp() >= until:
            return self._says("left")
        return self._says("left_exam", until=self._local(datetime.fromtimestamp(until, UTC)))

    def _goes_on(self, turn: Turn, going: Round, *, before: str = "") -> Reply:
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
        turn.talk.hold("quiz", state)
        return self._ask_or_finish(turn, before=before)

    def _ask_or_finish(self, turn: Turn, *, before: str = "") -> Reply:
        asked = self._open(turn)
        if asked is not None:
            return Text("\n\n".join(filter(None, [before, self._asked(asked, turn)])))
        held, right = _held(turn), turn.talk.state["right"]
        if engine.mode(held) is Mode.EXAM:
            return self._result(turn)
        turn.talk.end()
        finished = self._say(
            "finished",
            mode=engine.mode(held),
            right=right,
            wrong=held.wrong,
            total=len(held.questions),
            address=self._address(turn),
        )
        return Text("\n\n".join(filter(None, [before, finished])))

    def _result(self, turn: Turn) -> Reply:
        """What an exam came to."""
        going = self.store.round(turn.talk.state["round"])
        turn.talk.end()
        sitting = self.service.closed(turn.who.person, going)
        if sitting is None:
            return self._says("no_exams")
        return self._says(
            "exam_over",
            sitting=sitting,
            is_late=going.answered < len(going.questions),
            right=going.right,
            total=len(going.questions),
            address=self._address(turn),
        )

    def _address(self, turn: Turn) -> str:
        """The page where the answers can be read again; "" where nobody could reach it, or would be somebody else."""
        return f"{self.public_url}/p/quiz" if self.public_url and not turn.message.miniprogram else ""

    def _open(self, turn: Turn) -> Open | None:
        """The question to be answered now; one that has left the pack is passed over. None: the round is over."""
        held = _held(turn)
        if turn.now.timestamp() >= turn.talk.state.get("until", turn.now.timestamp() + 1):
            return None
        at = engine.open_at(held, known=self._library.question)
        asked = self.service.asked(held, at, seed=turn.talk.state["round"])
        return Open(asked, at) if asked else None

    def _asked(self, is_open: Open, turn: Turn) -> str:
        asked, at = is_open
        held = _held(turn)
        turn.talk.state["seen"] = asked.look
        turn.talk.state.pop("shown", None)
        return self._say(
            "question",
            mode=engine.mode(held),
            number=at + 1,
            total=len(held.questions),
            wrong=held.wrong,
            minutes=-(-max(0, turn.talk.state.get("until", 0) - int(turn.now.timestamp())) // 60),
            asked=asked,
            pictures=f"{self.public_url}{PICTURES}" if self.public_url else "",
        )

    def _verdict(self, asked: Asked, answer: Answer) -> str:
        right, credit = asked.mark(answer)
        return self._say(
            "right" if right else "wrong",
            asked=asked,
            answer=[choice for choice in asked.shown if choice.id in asked.right],
            said="".join(choice.letter for choice in asked.shown if choice.id in answer),
            written=None if isinstance(answer, frozenset) else "；".join(answer),
            credit=credit,
            explanation=asked.explanation,
            source=asked.question.source,
            cites=asked.question.cites,
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


def _held(turn: Turn) -> Held:
    """The round of the talk; those that were begun before a round had a name there are of the day."""
    state = turn.talk.state
    return Held(state.get("name", Mode.TODAY), state["ids"], state["at"], state.get("wrong", 0))


def _numbered(ids: Sequence[str], said: str) -> str | None:
    """What stands in a list under a number."""
    at = int(said) if _NUMBER.fullmatch(said) else 0
    return ids[at - 1] if 1 <= at <= len(ids) else None
