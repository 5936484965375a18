"""Quiz: five questions a day, marked on the server and explained with their source."""

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.feature import Feature, Keeps
from handlers.quiz import chat
from storage.quiz import QuizStore


class QuizSettings(BaseModel):
    """The table [handlers.quiz]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions_a_day: int = Field(5, ge=1, le=20)


def feature(*, store: QuizStore, shelf: Shelf, zone: ZoneInfo, settings: QuizSettings) -> Feature:
    """The quiz, ready to be opened."""

    def show(person: str) -> list[str]:
        given, right = store.tally(person)
        return [shelf.current().say("quiz.kept", given=given, right=right)] if given else []

    return Feature(
        name="quiz",
        chat=chat.routes(store=store, shelf=shelf, zone=zone, questions_a_day=settings.questions_a_day),
        keeps=Keeps(tables=("quiz_rounds", "quiz_answers"), show=show, erase=store.erase),
    )
