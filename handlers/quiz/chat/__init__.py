"""What the quiz says: a question, then the answer explained with its source and the next question."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from handlers.quiz import engine
from handlers.quiz.chat.asking import Asking
from handlers.quiz.chat.choosing import Choosing
from handlers.quiz.chat.duels import Inviting
from handlers.quiz.chat.keeping import Keeping
from handlers.quiz.chat.previewing import preview
from handlers.quiz.chat.reading import Reading
from handlers.quiz.engine import Mode
from handlers.quiz.engine.marking import Asked
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling
from handlers.quiz.service.regards import Regarding
from handlers.router import Handler, Router, Talking, Turn, plain
from storage.quiz import Round
from wechat.messages import Kind, Reply, Text

__all__ = ["preview", "routes"]

_LETTER = re.compile("[a-h]")


def routes(service: Service, duelling: Duelling, regarding: Regarding, *, public_url: str) -> Router:
    """答题, 错题, 专题练习, 顺序, 背题, 收藏, 挑战, 对战, 考试 and their menu keys."""
    asking = Asking(service=service, duelling=duelling, public_url=public_url)
    reading, inviting = Reading(asking=asking, regarding=regarding), Inviting(asking=asking)
    keeping = Keeping(asking=asking, reading=reading, regarding=regarding)
    choosing = Choosing(asking=asking, reading=reading)
    quiz = Quiz(asking=asking, choosing=choosing, reading=reading, inviting=inviting)
    return Router(
        "quiz",
        words={
            ("答题", "每日答题", "开始答题", "每日一答", "做题", "我要答题", "quiz"): quiz.daily,
            ("错题", "错题本", "错题复习", "复习错题"): quiz.mistakes,
            ("专题练习", "专题答题", "专项", "专项练习"): choosing.topics,
            ("顺序", "顺序练习", "顺序答题", "题库"): choosing.banks,
            ("背题", "背题模式", "看题"): choosing.to_read,
            ("我的收藏", "收藏夹", "看收藏", "收藏的题"): keeping.shows,
            ("收藏练习", "练收藏", "做收藏的题"): keeping.practises,
            ("收藏", "收藏上一题"): keeping.keeps(kept=True),
            ("收藏这一题", "收藏这题", "收藏本题"): keeping.keeps(kept=True, open_one=True),
            ("取消收藏", "不收藏了"): keeping.keeps(kept=False),
            ("取消收藏这一题", "不收藏这一题"): keeping.keeps(kept=False, open_one=True),
            ("有用", "这题有用"): keeping.rates(useful=True),
            ("没用", "没有用", "这题没用"): keeping.rates(useful=False),
            ("考试", "模拟考试", "参加考试", "在线考试", "考试成绩"): choosing.exams,
            ("学习情况", "我的学习", "学习进度", "我的答题"): quiz.study,
            ("挑战", "挑战答题", "答题挑战", "闯关"): quiz.challenge,
            ("对战", "发起对战", "答题对战", "双人对战", "对战署名"): inviting.invite,
            ("应战", "接受对战", "应战署名", "对战邀请码"): inviting.take,
            ("对战结果", "我的对战"): inviting.results,
        },
        keys={
            "quiz.daily": quiz.daily,
            "quiz.wrong": quiz.mistakes,
            "quiz.topics": choosing.topics,
            "quiz.sequence": choosing.banks,
            "quiz.read": choosing.to_read,
            "quiz.kept": keeping.shows,
            "quiz.challenge": quiz.challenge,
            "quiz.duel": inviting.invite,
            "quiz.exams": choosing.exams,
            "quiz.study": quiz.study,
        },
        patterns={
            r"(?:专题练习|专题答题|专项)\d{1,2}": choosing.topics,
            r"(?:顺序|题库)\d{1,2}": choosing.banks,
            r"背题\d{1,2}": choosing.to_read,
            r"(?:对战|应战)(?:邀请码|码)?\W{0,3}[0-9a-z][0-9a-z\W]{2,11}(?:署名)?": inviting.take,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The doors of the quiz. The talk holds a round, what can be chosen, what is read, or that a code is awaited."""

    asking: Asking
    choosing: Choosing
    reading: Reading
    inviting: Inviting

    def daily(self, turn: Turn) -> Reply:
        """Today's questions: begun, gone on with, or their result."""
        begun = self._service.todays(turn.who.person, self._service.day(turn.now))
        return self.asking.goes_on(turn, begun) if begun else self._says("none")

    def mistakes(self, turn: Turn) -> Reply:
        """What is due of what was answered wrong; a round of it begun today is gone on with."""
        if self._service.going_exam(turn.who.person, turn.now):
            return self._says("look_later")
        today, name = self._service.day(turn.now), engine.of_mistakes(turn.message.id)
        begun = self._service.mistakes(turn.who.person, today, name=name)
        if begun:
            return self.asking.goes_on(turn, begun)
        reviews = self._service.reviews(turn.who.person, today)
        if reviews.is_enough:
            return self._says("enough", waiting=len(reviews.waiting))
        return self._says("no_mistakes", next=reviews.next)

    def challenge(self, turn: Turn) -> Reply:
        """Questions until the third mistake."""
        today = self._service.day(turn.now)
        begun = self._service.challenge(turn.who.person, today, asked_by=turn.message.id)
        return self.asking.goes_on(turn, begun) if begun else self._says("none")

    def study(self, turn: Turn) -> Reply:
        """Where one stands, and what might be next."""
        person, today = turn.who.person, self._service.day(turn.now)
        if self._service.going_exam(person, turn.now):
            return self._says("look_later")
        study = self._service.study(person, today)
        places = [each.id for each in self._service.topics(person, today)]
        weakest = study.weak[0].id if study.weak else ""
        return self._says(
            "study",
            study=study,
            suggested=study.suggested,
            number=places.index(weakest) + 1 if weakest in places else 0,
        )

    # -- in the middle of it -------------------------------------------------------------------------------------

    def takes(self, turn: Turn) -> Handler | None:
        """A choice from the list, a code, or an answer to the question that is open, as its reader saw it."""
        if turn.message.kind is not Kind.TEXT:
            return None
        if "list" in turn.talk.state:
            return self.choosing.takes(turn)
        if "read" in turn.talk.state:
            return self.reading.takes(turn)
        if "code" in turn.talk.state:
            return self.inviting.takes(turn)
        is_open = self.asking.seen(turn)
        answer = is_open.asked.read(turn.text) if is_open else None
        if is_open is None or answer is None:
            return None
        asked = is_open.asked
        is_sure = not _is_in_words(asked, turn) or (asked.is_written and asked.mark(answer).right)
        return partial(self.asking.answer, is_open=is_open, answer=answer) if is_sure else None

    def takes_words(self, turn: Turn) -> bool:
        """Whether the open question is answered in words: those of other features are heard first, but a right answer.

        One that its reader judges is so until the points of its answer were shown.
        """
        is_open = self.asking.seen(turn) if "round" in turn.talk.state else None
        return is_open is not None and _is_in_words(is_open.asked, turn)

    def otherwise(self, turn: Turn) -> Reply:
        """Say what can be chosen, or what a code looks like; else take words for an answer, or say how to answer."""
        of = turn.talk.state.get("list") or ("code" if "code" in turn.talk.state else "")
        again = self._again(turn)
        if of and isinstance(again, Text) and turn.message.kind is Kind.TEXT:
            return self._says("unclear", of=of, again=again.content)
        return again or self.asking.otherwise(turn)

    def resume(self, turn: Turn) -> Reply | None:
        """The open round, else one that was begun today and isn't over."""
        if turn.talk.feature == "quiz":
            return self._again(turn) or self.asking.goes_on_with_talk(turn)
        if not turn.who.known:
            return None
        begun = self._service.going_exam(turn.who.person, turn.now) or self._unfinished(turn)
        return self.asking.goes_on(turn, begun) if begun else None

    def _again(self, turn: Turn) -> Reply | None:
        """What was said last, where it was no question."""
        if "list" in turn.talk.state:
            return self.choosing.again(turn)
        if "read" in turn.talk.state:
            return self.reading.again(turn)
        return self.inviting.asks_code(turn) if "code" in turn.talk.state else None

    def _unfinished(self, turn: Turn) -> Round | None:
        """A round of today with something left to ask: one that was asked for, which is begun later, else the day's."""
        return self._service.going(turn.who.person, self._service.day(turn.now)) if turn.who.known else None

    def restart(self, turn: Turn) -> Reply:
        """An answer can't be taken back, so a round of today goes on, and that is said; an older one makes way."""
        again = self._again(turn)
        if again is not None:
            return again
        going = self.asking.store.round(turn.talk.state["round"])
        if engine.mode(going) is Mode.TODAY and going.name != engine.daily(self._service.day(turn.now)):
            return self.daily(turn)
        before = ""
        if going.answered and not going.is_over:
            before = self.asking.say("answers_stay", answered=going.answered)
        return self.asking.goes_on(turn, going, before=before)

    def picks_up(self, turn: Turn) -> Reply | None:
        """A bare letter while nothing is open: the talk was lost in a round. Its question is asked again."""
        begun = self._unfinished(turn) if _LETTER.fullmatch(plain(turn.text)) else None
        if begun is None:
            return None
        return self.asking.goes_on(turn, begun, before=self.asking.say("not_counted"))

    def leave(self, turn: Turn) -> Reply:
        """Good-bye, with the way back."""
        state = turn.talk.state
        choosing = state.get("list") or next((each for each in ("read", "code") if each in state), "")
        if choosing:
            return self._says("left_choosing", of=choosing)
        until = state.get("until")
        if until is None or turn.now.timestamp() >= until:
            return self._says("left")
        return self._says("left_exam", until=self.asking.local(datetime.fromtimestamp(until, UTC)))

    @property
    def _service(self) -> Service:
        return self.asking.service

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self.asking.say(key, **values))


def _is_in_words(asked: Asked, turn: Turn) -> bool:
    """Whether free words answer it now: what its reader judges takes them until its points were shown."""
    return asked.is_written or (asked.is_self_judged and "shown" not in turn.talk.state)
