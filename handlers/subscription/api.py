"""Subscription for the mini-program: topics, one's own data, and leaving nothing behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from content.models import Topic
from content.shelf import Shelf
from handlers import openapi, session
from handlers.openapi import Effect, Once
from handlers.problems import Problem, Refused
from storage.people import People
from storage.subscription import Subscriptions

NO_SUCH_TOPIC = Problem(404, "subscription.problem_no_such_topic")


class OwnData(Protocol):
    """All that every feature keeps of a person."""

    def show(self, person: str) -> Sequence[str]:
        """Lines a member can read."""

    def erase(self, person: str) -> None:
        """Erase the person everywhere, in one transaction."""


class OwnTopic(BaseModel):
    """A topic, and whether the member hears of it."""

    id: str = Field(examples=["zhengce"])
    name: str = Field(examples=["政策解读"])
    subscribed: bool


class OwnTopics(BaseModel):
    """All topics, in the account's order."""

    items: list[OwnTopic]


class Mine(BaseModel):
    """Everything that is kept of the member, a line each, to read; and what an erasure would leave, and why."""

    lines: list[str] = Field(examples=[["Quiz: 12 answers, 9 right", "Topics: policy"]])
    stays: list[str] = Field(examples=[["The words of opinions you sent under your name, without the name"]])


class Sure(BaseModel):
    """Deleting can't be undone, so it is said twice."""

    confirm: Literal[True]

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": True}]})


class Kept(BaseModel):
    """What was kept for the member's next visit; each line is given once."""

    lines: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the doors do."""

    people: People
    subscriptions: Subscriptions
    own_data: OwnData
    shelf: Shelf
    clock: Callable[[], datetime]
    effect: Effect

    def topics(self) -> OwnTopics:
        """All topics with the member's marked."""
        mine = self.subscriptions.of(session.who().person)
        return OwnTopics(
            items=[OwnTopic(id=each.id, name=each.name, subscribed=each.id in mine) for each in self._topics]
        )

    def add(self, topic: str) -> OwnTopics:
        """Hear of a topic."""
        self.subscriptions.add(session.who().person, [self._known(topic)])
        return self.topics()

    def drop(self, topic: str) -> OwnTopics:
        """Hear of it no more."""
        self.subscriptions.drop(session.who().person, [self._known(topic)])
        return self.topics()

    def drop_all(self) -> OwnTopics:
        """Hear of nothing, a topic that has left the pack among it."""
        person = session.who().person
        self.subscriptions.drop(person, self.subscriptions.of(person))
        return self.topics()

    def mine(self) -> Mine:
        """Everything that is kept of the one who asks."""
        lines = self.own_data.show(session.who().person)
        return Mine(lines=list(lines), stays=self.shelf.say("subscription.stays").splitlines())

    def erase(self) -> None:
        """Erase it, the session that asks among it."""
        self.own_data.erase(session.who().person)

    def kept(self, once: Once) -> Kept:
        """Lines for the next visit, which this is."""
        who, message = session.who(), self.effect(once)
        return Kept(lines=self.people.take_lines(who.person, message=message, now=self.clock()))

    def _known(self, topic: str) -> str:
        if topic not in {each.id for each in self._topics}:
            raise Refused(NO_SUCH_TOPIC)
        return topic

    @property
    def _topics(self) -> tuple[Topic, ...]:
        return self.shelf.current().account.topics


def blueprint(desk: Desk) -> APIBlueprint:
    """Serve /api/v1/subscription."""
    doors = openapi.doors("subscription")
    _add_topics(doors, desk)
    _add_own_data(doors, desk)
    return doors


def _add_topics(doors: APIBlueprint, desk: Desk) -> None:
    known = openapi.says(desk.shelf.say, NO_SUCH_TOPIC)

    @doors.get("/topics")
    @doors.output(OwnTopics)
    @doors.doc(summary="Topics, and which of them you hear of")
    def topics() -> OwnTopics:
        return desk.topics()

    @doors.put("/topics/<topic>")
    @doors.output(OwnTopics)
    @doors.doc(summary="Hear of a topic", responses=known)
    def add(topic: str) -> OwnTopics:
        return desk.add(topic)

    @doors.delete("/topics/<topic>")
    @doors.output(OwnTopics)
    @doors.doc(summary="Hear of a topic no more", responses=known)
    def drop(topic: str) -> OwnTopics:
        return desk.drop(topic)

    @doors.delete("/topics")
    @doors.output(OwnTopics)
    @doors.doc(summary="Hear of nothing any more")
    def drop_all() -> OwnTopics:
        return desk.drop_all()


def _add_own_data(doors: APIBlueprint, desk: Desk) -> None:
    @doors.get("/data")
    @doors.output(Mine)
    @doors.doc(summary="Everything that is kept of you, and what an erasure would leave")
    def mine() -> Mine:
        return desk.mine()

    @doors.post("/data/erasure")
    @doors.input(Sure)
    @doors.output({}, 204)
    @doors.doc(
        summary="Erase everything that is kept of you",
        description="At once and for good, but for what `GET data` names under `stays`. The token is over with it.",
        responses=openapi.says(desk.shelf.say),
    )
    def erase(json_data: Sure) -> str:  # noqa: ARG001 - that it is there is what counts
        desk.erase()
        return ""

    @doors.post("/kept")
    @doors.input(Once, location="headers")
    @doors.output(Kept)
    @doors.doc(summary="Take what was kept for your next visit", responses=openapi.says(desk.shelf.say))
    def kept(headers_data: Once) -> Kept:
        return desk.kept(headers_data)
