"""Subscription for the mini-program: topics, one's own data, and leaving nothing behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Protocol

import structlog
from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from content.broadcasts import Broadcast
from content.models import Topic
from content.shelf import Shelf
from handlers import openapi, problems, session
from handlers.openapi import Effect, Once
from handlers.problems import Problem, Refused
from storage.people import By, People
from storage.subscription import Subscriptions

MOST_PROMPTS = 3  # of those that a phone may ask for together; newer ones take five
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


class Choice(StrEnum):
    """What wx.requestSubscribeMessage says of a template."""

    ACCEPT = "accept"
    ACCEPT_WITH_AUDIO = "acceptWithAudio"
    ACCEPT_WITH_ALERT = "acceptWithAlert"
    ACCEPT_WITH_FORCE_PUSH = "acceptWithForcePush"
    REJECT = "reject"
    BAN = "ban"  # the platform has taken the template out of use
    FILTER = "filter"  # it wasn't shown: another one has the same title


class Prompt(BaseModel):
    """A notice that the member may be asked to allow."""

    template_id: str = Field(examples=["notice-study-update"])
    title: str = Field(description="What it tells of.", examples=["学习提醒"])
    left: int = Field(description="How many the member still allows, as far as we know.", examples=[2])


class Prompts(BaseModel):
    """What to ask for now, the most wanted first: at most three, as phones show them together."""

    items: list[Prompt]


class Chosen(BaseModel):
    """What the member chose, a template each."""

    choices: dict[Annotated[str, Field(max_length=64)], Choice] = Field(min_length=1, max_length=10)

    model_config = ConfigDict(json_schema_extra={"examples": [{"choices": {"notice-study-update": "accept"}}]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the doors do."""

    people: People
    subscriptions: Subscriptions
    own_data: OwnData
    shelf: Shelf
    clock: Callable[[], datetime]
    effect: Effect
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("subscription"))

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

    def prompts(self) -> Prompts:
        """Notices of what the member wants to hear of."""
        who = session.who()
        mine, left = self.subscriptions.of(who.person), self.people.credits_of(who.contact)
        wanted = {
            each.mini_template_id: Prompt(
                template_id=each.mini_template_id, title=each.title, left=left.get(each.mini_template_id, 0)
            )
            for each in self._noticed
            if each.audience.everyone or set(each.audience.topics) & set(mine)
        }
        return Prompts(items=sorted(wanted.values(), key=lambda prompt: prompt.left)[:MOST_PROMPTS])

    def choose(self, chosen: Chosen, once: Once) -> Prompts:
        """Count what was accepted, and end what was refused. The platform's event of the same tap counts nothing."""
        known = {each.mini_template_id for each in self._noticed}
        if not known >= chosen.choices.keys():
            raise Refused(problems.INVALID, field="choices", kind="wrong")
        contact, effect = session.who().contact, self.effect(once)
        for number, template in enumerate(sorted(chosen.choices)):
            self._count(contact, template, chosen.choices[template], f"{effect}:{number}"[:80])
        return self.prompts()

    def _count(self, contact: str, template: str, choice: Choice, message: str) -> None:
        match choice:
            case Choice.REJECT:
                self.people.drop_credits(contact, template, message=message)
            case Choice.BAN | Choice.FILTER:
                self.log.warning("notice not shown", template=template, choice=choice)
            case _:
                self.people.add_credit(contact, template, message=message, by=By.MINI_PROGRAM)

    @property
    def _noticed(self) -> list[Broadcast]:
        return [each for each in self.shelf.current().broadcasts.values() if each.mini_template_id]

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
    _add_prompts(doors, desk)
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


def _add_prompts(doors: APIBlueprint, desk: Desk) -> None:
    @doors.get("/prompts")
    @doors.output(Prompts)
    @doors.doc(summary="Which notices to ask for", description="For wx.requestSubscribeMessage, in a tap.")
    def prompts() -> Prompts:
        return desk.prompts()

    @doors.post("/prompts")
    @doors.input(Chosen)
    @doors.input(Once, location="headers")
    @doors.output(Prompts)
    @doors.doc(
        summary="What was accepted, refused or not shown",
        description="As wx.requestSubscribeMessage told it. The platform's event of the same tap is not counted again.",
        responses=openapi.says(desk.shelf.say),
    )
    def choose(json_data: Chosen, headers_data: Once) -> Prompts:
        return desk.choose(json_data, headers_data)


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
