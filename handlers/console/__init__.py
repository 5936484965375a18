"""Console: admins sign in and see broadcasts, content and what waits for them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Literal
from zoneinfo import ZoneInfo

from flask_limiter import Limiter
from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers import finding
from handlers.console import admin, chat, pages
from handlers.console.service import Pairing, Pushes
from handlers.entrance import Entrance
from handlers.feature import Feature, Waiting, words_beside
from handlers.finding import Found

__all__ = ["ConsoleSettings", "Pairing", "Pushes", "feature"]


class ConsoleSettings(BaseModel):
    """The table [handlers.console]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    totp: Literal["optional", "required"] = "optional"
    session_hours: int = Field(12, ge=1, le=24)


def feature(
    *,
    entrance: Entrance,
    pairing: Pairing,
    shelf: Shelf,
    pushes: Pushes,
    limiter: Limiter,
    features: Callable[[], Sequence[Feature]],
    clock: admin.Clock,
    zone: ZoneInfo,
) -> Feature:
    """The console; its sign-in is a page that anyone may open. What waits, and what is found, is all `features`'."""

    def waits(name: str) -> list[Waiting]:
        return [each for feature in features() for each in feature.waits(name)]

    def warns(name: str) -> list[Waiting]:
        return [each for feature in features() for each in feature.warns(name)]

    def searches(words: Sequence[str]) -> Iterator[Found]:
        return chain.from_iterable(islice(each.search(words), finding.MOST) for each in features())

    words = words_beside(__file__)
    console = admin.Console(
        shelf=shelf,
        pushes=pushes,
        contacts=pairing.contacts,
        waits=lambda name: [*warns(name), *waits(name)],
        searches=searches,
        clock=clock,
        zone=zone,
        words=words,
    )
    return Feature(
        name="console",
        chat=chat.routes(chat.OwnContact(pairing=pairing, say=shelf.say)),
        pages_for_anyone=pages.blueprint(entrance=entrance, limiter=limiter, words=words, waits=waits),
        admin=admin.blueprint(console),
        waits=console.waiting,
        queue=console.queue,
    )
