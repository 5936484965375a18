"""Plays a talk against the program: does its steps on phones of its own, and says where the answers differ."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from wechat.sandbox import chat
from wechat.sandbox.acts import Again
from wechat.sandbox.member import NotPossible
from wechat.sandbox.platform import Platform
from wechat.sandbox.sender import Outcome
from wechat.sandbox.state import counted
from wechat.sandbox.steps import Step, agrees

ANSWER_SECONDS = 30
LEAST_WAIT = 60  # seconds of a talk that are worth moving time for
LOOK_SECONDS = 0.1
BY_ITSELF = frozenset({"service", "notice", "template", "mass"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a step."""

    step: Step
    same: bool
    got: str = field(default="", repr=False)
    left_out: str = ""

    def shown(self) -> dict[str, Any]:
        """As it is told to a program."""
        return {
            "did": self.step.shown,
            "member": self.step.member,
            "same": self.same,
            "expected": list(self.step.expects),
            "got": self.got.splitlines(),
            "left_out": self.left_out,
        }


class Player:
    """One talk, played once; `patience` is how many seconds are given to what comes by itself."""

    def __init__(self, platform: Platform, again: Again, *, account: str, patience: float) -> None:
        self._platform = platform
        self._again = again
        self._account = account
        self._patience = patience
        self._owed = 0.0
        self._phones: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._arrived: dict[str, list[str]] = {}

    def play(self, steps: Sequence[Step]) -> Iterator[Played]:
        """Step by step, and in the end what came by itself and should not have."""
        for step in steps:
            self._wait(step.waits)
            yield self._played(step)
        for member, words in self._left_over():
            yield Played(step=Step(shown="*", member=member, arrives=True), same=False, got=words)

    def _wait(self, seconds: float) -> None:
        self._owed += seconds
        if self._owed >= LEAST_WAIT:
            self._platform.advance(int(self._owed))
            self._owed = 0.0

    def _played(self, step: Step) -> Played:
        if step.left_out or (step.does is None and not step.arrives):
            return Played(step=step, same=not step.left_out, left_out=step.left_out)
        if step.arrives:
            return self._awaited(step)
        got = self._done(step)
        return Played(step=step, same=agrees(step.expects, got), got=got)

    def _done(self, step: Step) -> str:
        assert step.does is not None  # noqa: S101 (what has nothing to do was played already)
        openid = self._phone_of(step)
        try:
            done: Future[Outcome] = self._again.do(openid, step.does)
            done.result(timeout=ANSWER_SECONDS)
        except NotPossible as refusal:
            return f"({refusal.code})"
        return "\n".join(
            line["text"]
            for line in self._look(step.member)
            if line["via"] == "reply" and (line["type"] in {"text", "fault"} or not step.words_only)
        )

    def _phone_of(self, step: Step) -> str:
        """The member's phone; who begins otherwise than by following has followed before."""
        if step.member not in self._phones:
            openid = self._again.phone.create(self._account, nickname=step.member)
            self._phones[step.member] = openid
            if step.does is None or str(step.does.get("Event", "")).lower() not in {"subscribe", "scan"}:
                self._again.phone.follow_quietly(openid)
        return self._phones[step.member]

    def _look(self, member: str) -> list[dict[str, Any]]:
        """What came since the last look; what came by itself is kept for the step that waits for it."""
        openid = self._phones[member]
        with self._platform.state.begin() as db:
            lines = chat.since(db, openid, self._seen.get(member, 0))
            self._seen[member] = counted(db, "chat")
        kept = self._arrived.setdefault(member, [])
        kept += [line["text"] for line in lines if line["via"] in BY_ITSELF]
        return lines

    def _awaited(self, step: Step) -> Played:
        self._phone_of(step)
        until = time.monotonic() + self._patience
        while True:
            self._look(step.member)
            waiting = self._arrived[step.member]
            found = next((words for words in waiting if agrees(_within(step, words), words)), None)
            if found is not None:
                waiting.remove(found)
                return Played(step=step, same=True, got=found)
            if time.monotonic() > until:
                return Played(step=step, same=False, got="\n".join(waiting))
            time.sleep(LOOK_SECONDS)

    def _left_over(self) -> Iterator[tuple[str, str]]:
        for member in self._phones:
            self._look(member)
            yield from ((member, words) for words in self._arrived[member])


def _within(step: Step, words: str) -> Sequence[str]:
    """A notice is shown under its title, which its call does not say."""
    lines = words.splitlines()
    return [lines[0], *step.expects] if lines and len(lines) == len(step.expects) + 1 else step.expects
