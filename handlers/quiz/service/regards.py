"""What members think of questions, whichever door was come by: which they come back to, and which were of use."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.quiz import engine
from handlers.quiz.engine import Mode
from handlers.quiz.service import Service
from storage.quiz import Round
from storage.regards import Regard, Regards

LATELY = timedelta(hours=1)  # that what was answered last is still meant, though nothing is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Regarding:
    """What somebody thinks of a question is theirs; of its use admins see how many, five at a time."""

    service: Service
    regards: Regards

    def keep(self, person: str, question: str, now: datetime, *, kept: bool) -> Regard | None:
        """Keep a question, or keep it no longer; None where it isn't there for this person."""
        id_ = self._there(person, question)
        if id_ is None:
            return None
        self.regards.keep(person, id_, kept=kept, now=now)
        return self.regards.to(person, id_)

    def rate(self, person: str, question: str, now: datetime, *, useful: bool | None) -> Regard | None:
        """Say whether a question was of use; None where it isn't there for this person."""
        id_ = self._there(person, question)
        if id_ is None:
            return None
        self.regards.rate(person, id_, useful=useful, now=now)
        return self.regards.to(person, id_)

    def kept(self, person: str, today: date) -> list[str]:
        """The ids of the questions that are kept and hold that day, what was kept last first."""
        circle = self.service.circle(person)
        found = (self.service.outline(id_) for id_, each in self.regards.of(person).items() if each.kept)
        known = {each.id: each for each in found if each and each.in_effect(today)}
        return [id_ for id_, each in known.items() if self.service.is_for(each, circle)]

    def practice(self, person: str, today: date, *, asked_by: str) -> Round | None:
        """The round of what is kept that is open today, else another; None where nothing is kept."""
        going = self.service.going(person, today, named=f"{Mode.KEPT}:")
        if going:
            return going
        outlines = [each for id_ in self.kept(person, today) if (each := self.service.outline(id_))]
        count = self.service.questions_a_round
        ids = engine.some(outlines, seed=asked_by, count=count, known=lambda _: False)
        return self.service.begun(person, today, engine.named(Mode.KEPT, "", asked_by), ids)

    def newest(self, person: str, now: datetime) -> str | None:
        """The question that somebody answered last, if that was lately."""
        return self.service.store.newest(person, since=now - LATELY)

    def _there(self, person: str, question: str) -> str | None:
        outline = self.service.outline(question)
        return outline.id if outline and self.service.is_for(outline, self.service.circle(person)) else None
