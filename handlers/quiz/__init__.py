"""Quiz: questions of the day, of a topic, in order, missed before, of a duel; marked and explained with sources."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.importers.waiting import Waiting
from content.intake import Intake
from content.shelf import Shelf
from handlers.feature import Feature, Keeps, in_turn
from handlers.openapi import Effect
from handlers.quiz import admin, api, chat, jobs, pages
from handlers.quiz.admin.numbers import Numbers
from handlers.quiz.engine import Daily
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling
from storage.cards import Cards
from storage.duels import Duels
from storage.item_numbers import ItemNumbers
from storage.paces import Paces
from storage.participation import Participation
from storage.places import Places
from storage.quiz import QuizStore
from storage.sittings import Sittings


class QuizSettings(BaseModel):
    """The table [handlers.quiz]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions_a_day: int = Field(5, ge=1, le=20)
    reviews_a_day: int = Field(10, ge=1, le=200)
    questions_a_round: int = Field(10, ge=1, le=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What the quiz keeps."""

    store: QuizStore
    cards: Cards
    places: Places
    sittings: Sittings
    duels: Duels
    items: ItemNumbers
    participation: Participation


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world around the quiz: how effects are named, tries counted and people told, and where pages are reached.

    `tell` says a line to a person once for each key. `public_url` is "" where phones reach no page.
    """

    effect: Effect
    paces: Paces
    tell: Callable[[str, str, str], None]
    public_url: str


def feature(
    *,
    stores: Stores,
    shelf: Shelf,
    intake: Intake,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    outside: Outside,
    settings: QuizSettings,
) -> Feature:
    """The quiz, ready to be opened."""
    store, cards, places, sittings = stores.store, stores.cards, stores.places, stores.sittings
    duels = stores.duels
    service = Service(
        store=store,
        cards=cards,
        places=places,
        sittings=sittings,
        shelf=shelf,
        zone=zone,
        drawn=Daily(settings.questions_a_day),
        reviews_a_day=settings.reviews_a_day,
        questions_a_round=settings.questions_a_round,
    )
    duelling = Duelling(service=service, kept=duels, paces=outside.paces)

    words = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))

    def show(person: str) -> list[str]:
        given, right = store.tally(person)
        say, number = shelf.current().say, len(duels.of(person, now=clock()))
        answered = [say("quiz.kept", given=given, right=right)] if given else []
        return [*answered, *([say("quiz.duels_kept", number=number)] if number else [])]

    return Feature(
        name="quiz",
        chat=chat.routes(service, duelling, public_url=outside.public_url),
        api=api.blueprint(api.Quiz(service=service, duelling=duelling, clock=clock, effect=outside.effect)),
        pages=pages.blueprint(pages.Quiz(service=service, duelling=duelling, clock=clock)),
        admin=admin.blueprint(
            admin.Banks(
                shelf=shelf,
                intake=intake,
                waiting=Waiting(intake.kept / "waiting"),
                clock=clock,
                words=words,
            ),
            Numbers(
                shelf=shelf,
                items=stores.items,
                participation=stores.participation,
                service=service,
                clock=clock,
                zone=zone,
                words=words,
            ),
        ),
        jobs=jobs.rounds(duels, say=shelf.say, tell=outside.tell),
        pages_for_anyone=pages.for_anyone(pages.Public(sittings=sittings, shelf=shelf, zone=zone)),
        keeps=Keeps(
            tables=("quiz_rounds", "quiz_answers", "quiz_cards", "quiz_places", "quiz_sittings", "quiz_duel_sides"),
            show=show,
            erase=in_turn(duels.erase, sittings.erase, places.erase, cards.erase, store.erase),
            unite=in_turn(duels.unite, sittings.unite, places.unite, cards.unite, store.unite),
        ),
    )
