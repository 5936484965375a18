"""What a talk of the opinion box holds: a draft, or words to what we said; and how short answers are understood."""

from collections.abc import Mapping
from datetime import timedelta

from handlers.opinion.engine.drafts import Draft
from handlers.opinion.engine.thread import Word
from handlers.router import Draft as Kept
from handlers.router import Turn

CONFIDENTIAL = timedelta(minutes=30)  # how long a draft is kept; that there was one is known for as long as any talk
WRITING: Mapping[str, str] = {"doing": "write"}
ASKING: Mapping[str, str] = {"doing": "query"}
SAYING: Mapping[str, str] = {"doing": "say"}
DONE = frozenset({"好了", "完成", "提交", "下一步", "说完了", "写完了", "没了", "没有了", "发送", "ok"})
YES = frozenset({"1", "一", "提交", "确认", "确定", "是", "是的", "好", "好的", "发送", "ok", "yes"})
MORE = frozenset({"2", "二", "补充", "接着补充", "修改", "不", "否"})
SURELY_WORDS = 7  # characters; every word that asks for another feature is shorter


def hold(turn: Turn, draft: Draft) -> None:
    """Go on with this draft."""
    turn.talk.hold("opinion", dict(WRITING))
    turn.talk.draft = Kept("opinion", draft.dumped(), until=turn.now + CONFIDENTIAL)


def draft_of(turn: Turn) -> Draft | None:
    """The draft that is being written, also while something else is talked of."""
    kept = turn.talk.draft
    return Draft.load(kept.state) if kept and kept.feature == "opinion" and "word" not in kept.state else None


def word_of(turn: Turn) -> Word | None:
    """What is being said to our last words."""
    kept = turn.talk.draft
    return Word(**kept.state["word"]) if kept and kept.feature == "opinion" and "word" in kept.state else None


def has_lapsed(turn: Turn) -> bool:
    """Whether a draft was being written here, and its time is over."""
    return turn.talk.feature == "opinion" and turn.talk.state != ASKING and turn.talk.draft is None


def drop(turn: Turn) -> None:
    """The draft is sent, or not wanted any more."""
    turn.talk.end()
    turn.talk.draft = None
