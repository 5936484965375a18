"""Duels, whichever door was come by: who invites, who takes it up, and what it came to for each of the two."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handlers.guessing import Guesses
from handlers.quiz.engine import duels as rules
from handlers.quiz.service import Service
from storage.duels import Duel, Duels
from storage.people import Who
from storage.quiz import Round


class Refusal(StrEnum):
    """Why a code leads to no duel."""

    UNKNOWN = "unknown"  # or taken up by somebody else, or over: nobody learns which
    TOO_MANY = "too_many"  # codes were tried today


@dataclass(frozen=True, slots=True, kw_only=True)
class Duelling:
    """Each of the two has a round of their own, of the same questions; nobody else learns of it."""

    service: Service
    kept: Duels
    guesses: Guesses

    def invite(self, person: str, now: datetime, *, asked_by: str, named: bool = False) -> Round | None:
        """The round of a duel that somebody has questions left in, else of one nobody took up yet, else of a new one.

        None where there is nothing to ask.
        """
        mine = self.kept.of(person, now=now)
        unanswered = (each for each in mine if each.right is None)
        waiting = (each for each in mine if each.hosts and not each.taken)
        duel = next(unanswered, None) or next(waiting, None) or self._new(person, now, asked_by=asked_by, named=named)
        return self._round(person, duel, now, named=named) if duel else None

    def _new(self, person: str, now: datetime, *, asked_by: str, named: bool) -> Duel | None:
        pool = self.service.pool(self.service.day(now))
        ids = rules.drawn(pool, seed=asked_by, count=self.service.questions_a_round)
        if not ids:
            return None
        ends_at = now + rules.WAITS
        return self.kept.open(person, questions=ids, letters=rules.LETTERS, named=named, ends_at=ends_at)

    def take(self, who: Who, now: datetime, *, said: str, named: bool = False) -> Round | Refusal:
        """The round of the duel whose code was said, for its host too; so many codes a day are looked at."""
        code, person = rules.code_in(said), who.person
        if code is None:
            return Refusal.UNKNOWN
        duel = next((each for each in self.kept.of(person, now=now) if each.code == code), None)
        if duel is None:
            if self.guesses.of_member(who, now):
                return Refusal.TOO_MANY
            duel = self.kept.take(code, person, named=named, ends_at=now + rules.WAITS, now=now)
        if duel is None:
            self.guesses.missed(now)
            return Refusal.UNKNOWN
        return self._round(person, duel, now, named=named) or Refusal.UNKNOWN

    def _round(self, person: str, duel: Duel, now: datetime, *, named: bool) -> Round | None:
        if named and not duel.named:
            self.kept.show_name(person, duel=duel.id)
        return self.service.begun(person, self.service.day(now), rules.named(duel.id), duel.questions)

    def of(self, person: str, now: datetime) -> list[Duel]:
        """The duels that somebody is in, or was within a week."""
        return self.kept.of(person, now=now)

    def standing(self, person: str, going: Round, now: datetime) -> Duel | None:
        """How the duel stands that a round is of; what the round came to is written down by who looks at its end.

        None where the round is of no duel, or of one that ended before.
        """
        id_ = rules.of(going)
        duel = self.kept.find(person, duel=id_, now=now) if id_ else None
        is_over = self.service.open_at(going) >= len(going.questions)
        if duel is None or not duel.is_unsettled or not is_over:
            return duel
        return self.kept.close(person, duel=duel.id, right=going.right, ends_at=now + rules.WAITS, now=now)
