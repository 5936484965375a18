"""Quiz: five questions a day, marked on the server and explained with their source."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.feature import Feature, Keeps
from handlers.openapi import Effect
from handlers.quiz import api, chat, pages
from handlers.quiz.engine import Daily
from storage.quiz import QuizStore


class QuizSettings(BaseModel):
    """The table [handlers.quiz]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions_a_day: int = Field(5, ge=1, le=20)


def feature(
    *,
    store: QuizStore,
    shelf: Shelf,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    effect: Effect,
    public_url: str,
    settings: QuizSettings,
) -> Feature:
    """The quiz, ready to be opened. `public_url` is where phones reach the pages, "" for nowhere."""
    daily = Daily(settings.questions_a_day)

    def show(person: str) -> list[str]:
        given, right = store.tally(person)
        return [shelf.current().say("quiz.kept", given=given, right=right)] if given else []

    return Feature(
        name="quiz",
        chat=chat.routes(store=store, shelf=shelf, zone=zone, daily=daily, public_url=public_url),
        api=api.blueprint(api.Quiz(store=store, shelf=shelf, zone=zone, drawn=daily, clock=clock, effect=effect)),
        pages=pages.blueprint(pages.Quiz(store=store, shelf=shelf, zone=zone, drawn=daily, clock=clock)),
        keeps=Keeps(tables=("quiz_rounds", "quiz_answers"), show=show, erase=store.erase, unite=store.unite),
    )
