"""个人信息, 撤回同意, 导出我的数据, 更正."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handlers.conversation import Say
from handlers.privacy import engine
from handlers.privacy.service import DATA_PAGE, Office
from handlers.router import Handler, Router, Talking, Turn, plain
from wechat.messages import Kind, Reply, Text

WORDS = ("更正", "更正我的数据", "更正我的信息", "信息有误", "信息不对", "名字错了", "名字不对")
_CORRECTING: Mapping[str, str] = {"doing": "correct"}
_SURELY_A_SENTENCE = 7  # characters; every word that asks for another feature is shorter
_SHORTEST = 4  # characters


class Link(Protocol):
    """Makes an address that signs a contact in, once, and leads to a page."""

    def __call__(self, contact: str, *, to: str, now: datetime) -> str:
        """The address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What is said to a member about their own data."""

    office: Office
    say: Say
    link: Link | None

    def notice(self, turn: Turn) -> Reply:
        """What is kept and what for, and what this member agreed to."""
        office = self.office
        given = [each for each in office.given(turn.who.person) if each["withdrawn_on"] is None]
        return Text(self.say("privacy.notice", notice=office.notice(), address=office.address, given=given))

    def withdraw(self, turn: Turn) -> Reply:
        """One word ends it, as one word began it."""
        turn.talk.end()
        lines = self.office.withdraw(turn.who.person, now=turn.now)
        return Text(self.say("privacy.withdrawn", lines=lines) if lines else self.say("privacy.nothing_to_withdraw"))

    def export(self, turn: Turn) -> Reply:
        """A link to a page with all of it."""
        if self.link is None:
            return Text(self.say("privacy.no_pages"))
        return Text(self.say("privacy.exported", address=self.link(turn.who.contact, to=DATA_PAGE, now=turn.now)))

    # -- what is wrong -------------------------------------------------------------------------------------------

    def correct(self, turn: Turn) -> Reply:
        """Ask what is wrong, or take what came along."""
        said = turn.text.removeprefix("更正").strip(" :：，,。") if turn.text.startswith("更正") else ""
        if said and turn.text not in WORDS:
            return self._take(turn, said)
        turn.talk.hold("privacy", dict(_CORRECTING))
        return Text(self.say("privacy.correct_please"))

    def takes(self, turn: Turn) -> Handler | None:
        """What is surely a sentence; a short word may be 退出 or another feature's name and is looked up first."""
        is_sentence = turn.message.kind is Kind.TEXT and len(plain(turn.text)) >= _SURELY_A_SENTENCE
        return self.take if is_sentence and turn.talk.state.get("doing") == "correct" else None

    def take(self, turn: Turn) -> Reply:
        """Keep it; a word that says nothing of what is wrong is asked about again."""
        is_said = turn.message.kind is Kind.TEXT and len(plain(turn.text)) >= _SHORTEST
        return self._take(turn, turn.text) if is_said else self.again(turn)

    def _take(self, turn: Turn, said: str) -> Reply:
        """What is too long stays asked for, so that the shorter one needs no 更正 before it."""
        turn.talk.end()
        if len(said) > engine.CORRECTION_LONGEST:
            turn.talk.hold("privacy", dict(_CORRECTING))
        return Text(self.office.correct(turn.who, said, message=turn.message.id, now=turn.now))

    def again(self, turn: Turn) -> Reply:
        """The same question."""
        turn.talk.hold("privacy", dict(_CORRECTING))
        return Text(self.say("privacy.correct_please"))

    def resume(self, turn: Turn) -> Reply | None:
        """Ask again."""
        return self.again(turn) if turn.talk.feature == "privacy" else None

    def leave(self, turn: Turn) -> Reply:  # noqa: ARG002 - a door's signature
        """Nothing was kept."""
        return Text(self.say("privacy.correction_left"))


def routes(counter: Counter) -> Router:
    """The words of this feature."""
    return Router(
        "privacy",
        words={
            ("个人信息", "隐私", "隐私说明", "隐私政策", "个人信息处理说明"): counter.notice,
            ("撤回同意", "撤销同意", "收回同意", "取消同意", "不同意了"): counter.withdraw,
            ("导出我的数据", "导出数据", "下载我的数据", "我的数据副本"): counter.export,
            WORDS: counter.correct,
        },
        patterns={r"更正.{2,}": counter.correct},
        talking=Talking(
            takes=counter.takes,
            otherwise=counter.take,
            resume=counter.resume,
            restart=counter.again,
            leave=counter.leave,
            takes_words=lambda _: True,
        ),
    )
