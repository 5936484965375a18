"""Quiz: questions of the day, of a topic, in order, missed before, of a duel; marked and explained with sources."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - a field has the name
from datetime import datetime
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from content.importers.waiting import Waiting
from content.intake import Intake
from content.shelf import Shelf
from handlers.feature import Feature, Keeps, Preview, Sheet, in_turn, words_beside
from handlers.guessing import Guesses, a_day
from handlers.openapi import Effect
from handlers.quiz import admin, api, chat, jobs, pages
from handlers.quiz.admin.numbers import Numbers
from handlers.quiz.engine import Daily
from handlers.quiz.engine import duels as rules
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling
from handlers.quiz.service.points import Pointing
from handlers.quiz.service.regards import Regarding
from storage.cards import Cards
from storage.duels import Duels
from storage.item_numbers import ItemNumbers
from storage.paces import Paces
from storage.participation import Participation
from storage.places import Places
from storage.points import Points
from storage.quiz import QuizStore
from storage.regards import Regards
from storage.sittings import Sittings


class Basis(BaseModel):
    """The table [handlers.quiz.points_basis]: the document that asks for points."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field("", max_length=100)
    number: str = Field("", max_length=50)
    date: Day | Literal[""] = ""

    @field_validator("date", mode="before")
    @classmethod
    def _date_is_a_day(cls, written: object) -> Day | str:
        try:
            return "" if written == "" else Day.fromisoformat(str(written))
        except ValueError:
            raise ValueError('this is no day: write it as "2026-01-15"') from None

    @property
    def lacks(self) -> list[str]:
        """What isn't said of it."""
        return [key for key in ("name", "number", "date") if not getattr(self, key)]


class QuizSettings(BaseModel):
    """The table [handlers.quiz]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions_a_day: int = Field(5, ge=1, le=20)
    weak_topics_first: bool = False
    reviews_a_day: int = Field(10, ge=1, le=200)
    questions_a_round: int = Field(10, ge=1, le=50)
    points: bool = False
    points_a_day: int = Field(5, ge=1, le=100)
    points_basis: Basis = Basis()

    @model_validator(mode="after")
    def _points_have_a_basis(self) -> "QuizSettings":
        if self.points and self.points_basis.lacks:
            lacks = ", ".join(self.points_basis.lacks)
            raise ValueError(
                f"points = true needs the document that asks for points: write its {lacks} into "
                "[handlers.quiz.points_basis], or points = false"
            )
        return self


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
    points: Points
    regards: Regards


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world around the quiz: how effects are named, tries counted and people told, and where pages are reached.

    `tell` says a line to a person once for each key. `organisation` gives what the roster binds a person to, "" for
    nothing. `public_url` is "" where phones reach no page. Where a file of the pack `needs_two` admins, what would be
    written is handed in as a change for a second one.
    """

    effect: Effect
    paces: Paces
    tell: Callable[[str, str, str], None]
    organisation: Callable[[str], str]
    public_url: str
    hand_in: admin.HandIn
    needs_two: Callable[[str], bool]


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
    pointing = _pointing(stores.points, shelf=shelf, zone=zone, settings=settings)
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
        organisation=outside.organisation,
        weak_topics_first=settings.weak_topics_first,
        pointing=pointing,
    )
    duelling = Duelling(
        service=service,
        kept=duels,
        guesses=Guesses(kind="duel code", paces=outside.paces, bounds=a_day(rules.CODES_A_DAY)),
    )
    regarding = Regarding(service=service, regards=stores.regards)

    words = words_beside(__file__)

    def show(person: str) -> list[str]:
        given, right = store.tally(person)
        say, number = shelf.current().say, len(duels.of(person, now=clock()))
        answered = [say("quiz.kept", given=given, right=right)] if given else []
        points = pointing.own(person, service.day(clock())) if pointing and given else None
        reckoned = [say("quiz.points_kept", points=points)] if points else []
        thought = [*stores.regards.of(person).values()]
        kept, rated = sum(each.kept for each in thought), sum(each.useful is not None for each in thought)
        regarded = [say("quiz.regards_kept", kept=kept, rated=rated)] if kept or rated else []
        return [*answered, *reckoned, *regarded, *([say("quiz.duels_kept", number=number)] if number else [])]

    banks = admin.Banks(
        shelf=shelf,
        intake=intake,
        waiting=Waiting(intake.kept / "waiting"),
        hand_in=outside.hand_in,
        needs_two=outside.needs_two,
        clock=clock,
        words=words,
    )

    def export(person: str) -> list[Sheet]:
        say = shelf.current().say
        became = {each: say(f"quiz.answered_{key}") for each, key in _ANSWERED.items()}
        rows = [
            (at, question, *service.in_words(question, said), became[right])
            for at, question, said, right in store.all_of(person)
        ]
        return [Sheet.of(say("quiz.answers_table"), rows)]

    return Feature(
        name="quiz",
        chat=chat.routes(service, duelling, regarding, public_url=outside.public_url),
        api=api.blueprint(
            api.Quiz(service=service, duelling=duelling, regarding=regarding, clock=clock, effect=outside.effect)
        ),
        pages=pages.blueprint(pages.Quiz(service=service, duelling=duelling, regarding=regarding, clock=clock)),
        admin=admin.blueprint(
            banks,
            Numbers(
                shelf=shelf,
                items=stores.items,
                participation=stores.participation,
                regards=stores.regards,
                service=service,
                clock=clock,
                zone=zone,
                words=words,
            ),
        ),
        preview=lambda library, file: Preview(
            said=[*chat.preview(library, file, served=shelf.current(), public_url=outside.public_url)]
        ),
        search=banks.search,
        jobs=jobs.rounds(duels, close_ran_out=service.close_ran_out, say=shelf.say, tell=outside.tell),
        pages_for_anyone=pages.for_anyone(
            pages.Public(
                sittings=sittings,
                guesses=Guesses(kind="certificate", paces=outside.paces),
                shelf=shelf,
                clock=clock,
                zone=zone,
            )
        ),
        keeps=Keeps(
            tables=(
                *("quiz_rounds", "quiz_answers", "quiz_cards", "quiz_places"),
                *("quiz_sittings", "quiz_duel_sides", "quiz_regards"),
            ),
            show=show,
            export=export,
            erase=in_turn(stores.regards.erase, duels.erase, sittings.erase, places.erase, cards.erase, store.erase),
            unite=in_turn(stores.regards.unite, duels.unite, sittings.unite, places.unite, cards.unite, store.unite),
        ),
    )


_ANSWERED = {True: "right", False: "wrong", None: "untold"}


def _pointing(kept: Points, *, shelf: Shelf, zone: ZoneInfo, settings: QuizSettings) -> Pointing | None:
    """Points, where they are switched on."""
    basis = settings.points_basis
    if not settings.points or not isinstance(basis.date, Day):
        return None
    return Pointing(
        kept=kept,
        outline=lambda id_: shelf.current().outline(id_),
        zone=zone,
        basis=partial(
            shelf.say, "quiz.points_basis", name=basis.name.strip("《》"), number=basis.number, day=basis.date
        ),
        since=basis.date,
        a_day=settings.points_a_day,
    )
