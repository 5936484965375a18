"""Subscription: coming, choosing topics, one's own data, leaving."""

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.feature import Feature, Keeps
from handlers.subscription import chat, jobs
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

    def show(person: str) -> list[str]:
        mine = subscriptions.of(person)
        library = shelf.current()
        topics = [topic for topic in library.account.topics if topic.id in mine]
        return [library.say("subscription.kept", topics=topics)]

    return Feature(
        name="subscription",
        chat=chat.routes(subscriber),
        jobs=(jobs.forget_the_parted(people=people, erase=own_data.erase, zone=zone, keep_days=keep_days),),
        keeps=Keeps(tables=("subscriptions",), show=show, erase=subscriptions.erase),
    )
