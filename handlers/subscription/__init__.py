"""Subscription: coming, choosing topics, one's own data, leaving."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.feature import Feature, Keeps
from handlers.openapi import Effect
from handlers.subscription import api, chat, jobs
from handlers.subscription.chat import OwnData, Subscriber
from storage.people import People
from storage.subscription import Subscriptions


class SubscriptionSettings(BaseModel):
    """The table [handlers.subscription]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_after_unfollow_days: int = Field(0, ge=0, le=365)


def feature(
    *,
    people: People,
    subscriptions: Subscriptions,
    shelf: Shelf,
    own_data: OwnData,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    effect: Effect,
    settings: SubscriptionSettings,
) -> Feature:
    """The subscription feature; `own_data` reaches into what every feature keeps."""
    keep_days = settings.keep_after_unfollow_days
    subscriber = Subscriber(
        people=people,
        subscriptions=subscriptions,
        shelf=shelf,
        own_data=own_data,
        keep_days=keep_days,
    )

    desk = api.Desk(
        people=people, subscriptions=subscriptions, own_data=own_data, shelf=shelf, clock=clock, effect=effect
    )

    def show(person: str) -> list[str]:
        mine = subscriptions.of(person)
        library = shelf.current()
        topics = [topic for topic in library.account.topics if topic.id in mine]
        return [library.say("subscription.kept", topics=topics)]

    return Feature(
        name="subscription",
        chat=chat.routes(subscriber),
        api=api.blueprint(desk),
        jobs=(jobs.forget_the_parted(people=people, erase=own_data.erase, zone=zone, keep_days=keep_days),),
        keeps=Keeps(tables=("subscriptions",), show=show, erase=subscriptions.erase, unite=subscriptions.unite),
    )
