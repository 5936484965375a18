"""Subscription: coming, choosing topics, one's own data, leaving."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, Sheet, words_beside
from handlers.openapi import Effect
from handlers.subscription import admin, api, chat, jobs
from handlers.subscription.chat import OwnData, Subscriber
from handlers.subscription.service import Usage
from storage.people import People, Tie
from storage.regards import Votes
from storage.subscription import Subscriptions


class SubscriptionSettings(BaseModel):
    """The table [handlers.subscription]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_after_unfollow_days: int = Field(0, ge=0, le=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is subscribed: the people, the zone that their days are in, and which accounts are mini-programs."""

    people: People
    zone: ZoneInfo
    mini_programs: Collection[str]

    def shown(self, person: str, *, say: Say, now: datetime) -> list[str]:
        """Since when we know a person, on which accounts, and what may still be sent there."""
        profile, waiting = self.people.profile(person), self.people.waiting(person)
        return [
            *([say("subscription.kept_since", day=profile.since)] if profile else []),
            *(self._tie(tie, say) for tie in self.people.ties(person, now=now)),
            *([say("subscription.kept_waiting", count=waiting)] if waiting else []),
        ]

    def sheets(self, person: str, *, say: Say, now: datetime) -> list[Sheet]:
        """The same as tables."""
        profile, waiting = self.people.profile(person), self.people.waiting(person)
        ties = [
            (
                say("subscription.mini_program" if tie.account in self.mini_programs else "subscription.official"),
                tie.window.remaining if tie.window else 0,
                tie.notices,
            )
            for tie in self.people.ties(person, now=now)
        ]
        first = [(profile.since, waiting)] if profile else []
        return [Sheet.of(say("subscription.self_table"), first), Sheet.of(say("subscription.accounts_table"), ties)]

    def _tie(self, tie: Tie, say: Say) -> str:
        window = tie.window
        return say(
            "subscription.kept_account",
            is_mini_program=tie.account in self.mini_programs,
            messages=window.remaining if window else 0,
            until=window and window.until.astimezone(self.zone),
            notices=tie.notices,
        )


def feature(
    *,
    members: Members,
    subscriptions: Subscriptions,
    shelf: Shelf,
    own_data: OwnData,
    votes: Callable[[], Votes],
    clock: Callable[[], datetime],
    effect: Effect,
    settings: SubscriptionSettings,
) -> Feature:
    """The subscription feature; `own_data` reaches into what every feature keeps, `votes` is people's of questions."""
    keep_days, people = settings.keep_after_unfollow_days, members.people
    subscriber = Subscriber(
        people=people,
        subscriptions=subscriptions,
        shelf=shelf,
        own_data=own_data,
        keep_days=keep_days,
        zone=members.zone,
    )

    desk = api.Desk(
        people=people, subscriptions=subscriptions, own_data=own_data, shelf=shelf, clock=clock, effect=effect
    )

    usage = Usage(
        subscriptions=subscriptions,
        topics=lambda: shelf.current().account.topics,
        votes=votes,
        today=lambda: clock().astimezone(members.zone).date(),
    )

    def show(person: str) -> list[str]:
        mine = subscriptions.of(person)
        library = shelf.current()
        topics = [topic for topic in library.account.topics if topic.id in mine]
        return [
            *members.shown(person, say=library.say, now=clock()),
            library.say("subscription.kept", topics=topics),
        ]

    def export(person: str) -> list[Sheet]:
        mine, library = subscriptions.of(person), shelf.current()
        topics = [(topic.name,) for topic in library.account.topics if topic.id in mine]
        table = Sheet.of(library.say("subscription.topics_table"), topics)
        return [*members.sheets(person, say=library.say, now=clock()), table]

    return Feature(
        name="subscription",
        chat=chat.routes(subscriber),
        api=api.blueprint(desk),
        admin=admin.blueprint(admin.Reader(usage=usage, words=words_beside(__file__)["usage"])),
        jobs=(jobs.forget_the_parted(people=people, erase=own_data.erase, zone=members.zone, keep_days=keep_days),),
        keeps=Keeps(
            tables=("subscriptions",), show=show, export=export, erase=subscriptions.erase, unite=subscriptions.unite
        ),
    )
