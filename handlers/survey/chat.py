"""问卷: one question after the other, each answered by a number or left out; then all is handed in, or nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from content.surveys import Survey
from handlers.conversation import Say
from handlers.router import Draft as Kept
from handlers.router import Handler, Router, Talking, Turn, plain
from handlers.survey import engine
from handlers.survey.service import Booth, HandedIn
from wechat.messages import Kind, Reply, Text

_CONFIDENTIAL = timedelta(minutes=30)  # how long choices are kept that are not handed in
_YES = frozenset({"1", "一", "提交", "确认", "好", "好的", "是", "发送", "ok"})
_AGAIN = frozenset({"2", "二", "重填", "重来"})
_LEFT_OUT = frozenset({"跳过", "不答"})
_MOST_OFFERED = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Pollster:
    """Who asks."""

    booth: Booth
    say: Say

    def start(self, turn: Turn) -> Reply:
        """Go on with what is open, begin with the only one there is, or ask which."""
        draft = turn.talk.draft
        if draft and draft.feature != "survey":
            return self._says("write_first")
        if draft:
            return self._asked(turn)
        return self.restart(turn)

    def restart(self, turn: Turn) -> Reply:
        """Look what there is for them."""
        surveys = self.booth.asked_of(turn.who)[:_MOST_OFFERED]
        if len(surveys) == 1:
            return self._begin(turn, surveys[0])
        turn.talk.end()
        if surveys:
            turn.talk.hold("survey", {"step": "which", "keys": [each.key for each in surveys]})
        return self._says("which" if surveys else "none", surveys=surveys)

    def resume(self, turn: Turn) -> Reply | None:
        """Ask again for what was asked last."""
        if turn.talk.draft and turn.talk.draft.feature == "survey":
            return self._asked(turn)
        if turn.talk.feature != "survey":
            return None
        return self._cleared(turn) if _has_lapsed(turn) else self.restart(turn)

    def back(self, turn: Turn) -> Reply:
        """One question back."""
        state = self._state(turn)
        if not state or not state["chosen"]:
            return self.leave(turn)
        return self._hold(turn, state["key"], state["paper"], state["chosen"][:-1])

    def leave(self, turn: Turn) -> Reply:
        """Nothing was handed in."""
        _drop(turn)
        return self._says("left")

    def takes(self, turn: Turn) -> Handler | None:
        """Numbers, and the few words that are meant for it."""
        if turn.message.kind is not Kind.TEXT or _has_lapsed(turn):
            return None
        said = plain(turn.text)
        is_number = engine.chosen(said, _MOST_OFFERED) is not None
        return self.answer if is_number or said in _YES | _AGAIN | _LEFT_OUT else None

    def answer(self, turn: Turn) -> Reply:
        """Take what was said for the question that the talk is at; who tapped twice had not seen the second one."""
        if _has_lapsed(turn):
            return self._cleared(turn)
        state = self._state(turn)
        if state is None:
            return self._which(turn)
        survey = self.booth.open_one(state["key"], turn.who)
        if survey is None:
            _drop(turn)
            return self._says("over")
        if turn.message.kind is not Kind.TEXT or turn.again or turn.overlapped:
            return self._asked(turn)
        if len(state["chosen"]) < len(survey.questions):
            return self._choice(turn, survey, state["paper"], state["chosen"])
        return self._confirm(turn, survey, state["paper"], state["chosen"])

    def _which(self, turn: Turn) -> Reply:
        keys = turn.talk.state.get("keys", [])
        at = engine.chosen(plain(turn.text), len(keys))
        survey = self.booth.open_one(keys[at - 1], turn.who) if at else None
        return self._begin(turn, survey) if survey else self.restart(turn)

    def _begin(self, turn: Turn, survey: Survey) -> Reply:
        return self._hold(turn, survey.key, self.booth.surveys.paper(), [])

    def _choice(self, turn: Turn, survey: Survey, paper: str, chosen: list[str]) -> Reply:
        said, choices = plain(turn.text), survey.questions[len(chosen)].choices
        names = [plain(each.text) for each in choices]
        at = 0 if said in _LEFT_OUT else engine.chosen(said, len(choices))
        if at is None and said in names:
            at = names.index(said) + 1
        if at is None:
            return self._asked(turn, again=True)
        return self._hold(turn, survey.key, paper, [*chosen, choices[at - 1].id if at else ""])

    def _confirm(self, turn: Turn, survey: Survey, paper: str, chosen: list[str]) -> Reply:
        said = plain(turn.text)
        if said in _AGAIN:
            return self._hold(turn, survey.key, paper, [])
        if said not in _YES:
            return self._asked(turn)
        choices = {asked.id: option for asked, option in zip(survey.questions, chosen, strict=False) if option}
        became = self.booth.hand_in(survey.key, turn.who, paper, choices)
        if became is not HandedIn.LATER:
            _drop(turn)
        return self._says(became, survey=survey)

    def _hold(self, turn: Turn, key: str, paper: str, chosen: list[str]) -> Reply:
        turn.talk.hold("survey", {"step": "ask"})
        state = {"key": key, "paper": paper, "chosen": chosen}
        turn.talk.draft = Kept("survey", state, until=turn.now + _CONFIDENTIAL)
        return self._asked(turn)

    def _asked(self, turn: Turn, *, again: bool = False) -> Reply:
        """The question that comes next, or all that was chosen."""
        state = self._state(turn) or {}
        survey = self.booth.open_one(state.get("key", ""), turn.who)
        if survey is None:
            _drop(turn)
            return self._says("over")
        turn.talk.hold("survey", {"step": "ask"})
        chosen, questions = state["chosen"], survey.questions
        if len(chosen) < len(questions):
            return self._says("ask", survey=survey, at=len(chosen), asked=questions[len(chosen)], again=again)
        named = [
            (asked.text, next((each.text for each in asked.choices if each.id == option), ""))
            for asked, option in zip(questions, chosen, strict=False)
        ]
        return self._says("confirm", chosen=named)

    def _cleared(self, turn: Turn) -> Reply:
        turn.talk.end()
        return self._says("cleared")

    def _state(self, turn: Turn) -> dict[str, Any] | None:
        draft = turn.talk.draft
        return draft.state if draft and draft.feature == "survey" else None

    def _says(self, phrase: str, **values: object) -> Reply:
        return Text(self.say(f"survey.{phrase}", **values))


def _has_lapsed(turn: Turn) -> bool:
    """Whether questions were being answered here, and their time is over."""
    draft = turn.talk.draft
    was_asked = turn.talk.feature == "survey" and turn.talk.state.get("step") == "ask"
    return was_asked and (draft is None or draft.feature != "survey")


def _drop(turn: Turn) -> None:
    turn.talk.end()
    if turn.talk.draft and turn.talk.draft.feature == "survey":
        turn.talk.draft = None


def routes(pollster: Pollster) -> Router:
    """问卷, and all that is said until it is handed in; every turn is private."""
    return Router(
        "survey",
        private=True,
        words={("问卷", "问卷调查", "填问卷", "小问卷", "投票", "我要投票"): pollster.start},
        keys={"survey.start": pollster.start},
        talking=Talking(
            takes=pollster.takes,
            otherwise=pollster.answer,
            resume=pollster.resume,
            restart=pollster.restart,
            back=pollster.back,
            leave=pollster.leave,
            lapsed=_has_lapsed,
        ),
    )
