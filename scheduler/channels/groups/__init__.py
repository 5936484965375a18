"""Robots of chat groups outside WeChat: what each platform is posted, and what its answer means.

A robot knows its platform's rules and speaks to nobody; `Group` posts what it asks for over a line that it is handed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scheduler.channels.groups import verdicts
from scheduler.channels.groups.verdicts import Came, Verdict
from wechat import paging
from wechat.errors import Retryable, Unsure
from wechat.wire import JSON_TYPE, Answer, encoded

GOOD = range(200, 300)
SERVER_FAULTS = 500
TOO_MANY = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request ready to be posted; the key of the robot is in its path or its parameters."""

    path: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] = field(repr=False)
    is_form: bool = False  # else JSON

    def over_http(self) -> dict[str, Any]:
        """The request as `Line.call` takes it."""
        if self.is_form:
            return {"params": self.params, "data": self.body}
        return {"params": self.params, "data": encoded(self.body), "headers": {"Content-Type": JSON_TYPE}}


@dataclass(frozen=True, slots=True)
class Pace:
    """No more than so many messages in so many seconds."""

    most: int
    seconds: int


class Robot(Protocol):
    """One platform's rules for the robot of one group."""

    @property
    def paces(self) -> Sequence[Pace]:
        """How fast it may be spoken to."""

    @property
    def most(self) -> int:
        """How long a message may be, as `size` counts."""

    @property
    def needs_link(self) -> bool:
        """Whether it must lead somewhere."""

    def size(self, words: str) -> int:
        """What the platform counts for these words: bytes or characters."""

    def ask(self, words: str, now: datetime) -> Ask:
        """What is posted; where the robot has a secret, signed with the time."""

    def judge(self, fields: Mapping[str, Any]) -> Verdict:
        """What the platform's answer means."""


class Line(Protocol):
    """Calls over HTTP (`wechat.wire.Wire`): its errors are `Retryable` and `Unsure`, and hold no address."""

    def call(self, method: str, path: str, *, once: bool = False, **request: Any) -> Answer:
        """Make one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group: the robot in it, and the line to its platform."""

    robot: Robot
    line: Line

    def post(self, words: str, *, now: datetime) -> Verdict:
        """Say `words` once and tell what came of it; nothing is raised."""
        ask = self.robot.ask(words, now)
        try:
            answer = self.line.call("POST", ask.path, once=True, **ask.over_http())
        except Retryable:
            return verdicts.UNREACHED
        except Unsure:
            return Verdict(came=Came.UNSURE, code="no_answer", reason=verdicts.UNANSWERED)
        return self._judged(answer)

    def fitted(self, words: str, *, tail: str) -> str:
        """The words as one message can carry them; what had to be cut, or must lead somewhere, ends with `tail`."""
        if self.robot.size(words) <= self.robot.most and ("://" in words or not self.robot.needs_link):
            return words
        room, head = self.robot.most - self.robot.size(f"\n{tail}"), words
        while (counted := self.robot.size(head)) > room:  # what a platform counts may be more than the bytes
            head = paging.cut(head, len(head.encode()) * room // counted)[0]
        return f"{head}\n{tail}"

    def _judged(self, answer: Answer) -> Verdict:
        """Platforms say what they refuse in a good answer; what has no words of theirs is judged by its status."""
        fields, code = _read(answer.content), f"http_{answer.status}"
        if answer.status == TOO_MANY:
            wait = max((pace.seconds for pace in self.robot.paces), default=verdicts.BUSY_SECONDS)
            return Verdict(came=Came.AGAIN, code=code, reason=verdicts.TOO_FAST, after_seconds=wait)
        if fields is not None and answer.status < SERVER_FAULTS:
            return self.robot.judge(fields)
        if answer.status in GOOD or answer.status >= SERVER_FAULTS:
            return Verdict(came=Came.UNSURE, code=code, reason=verdicts.UNANSWERED)
        return Verdict(came=Came.REFUSED, code=code, reason=verdicts.WRONG_ADDRESS.format(status=answer.status))


def _read(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
