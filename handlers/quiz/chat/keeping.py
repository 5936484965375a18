"""What is said of a question beside answering it: that it be kept, and whether it was of use."""

from dataclasses import dataclass
from functools import partial

from handlers.quiz import engine
from handlers.quiz.chat.asking import Asking, held
from handlers.quiz.chat.reading import KEPT, Reading
from handlers.quiz.engine import Mode
from handlers.quiz.service.regards import Regarding
from handlers.router import Handler, Turn
from wechat.messages import Reply, Text

MOST_LETTERS = 40  # of a stem that is said again


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The question that is meant is the one whose answer was shown last; `open_one` means the one that is asked."""

    asking: Asking
    reading: Reading
    regarding: Regarding

    def keeps(self, *, kept: bool, open_one: bool = False) -> Handler:
        """Who keeps a question, or keeps it no longer."""
        return partial(self._keep, kept=kept, open_one=open_one)

    def rates(self, *, useful: bool) -> Handler:
        """Who says whether a question was of use."""
        return partial(self._rate, useful=useful)

    def shows(self, turn: Turn) -> Reply:
        """What is kept, read through with its answers."""
        return self.reading.opens(turn, bank=KEPT)

    def practises(self, turn: Turn) -> Reply:
        """A round of what is kept."""
        service, person = self.asking.service, turn.who.person
        begun = self.regarding.practice(person, service.day(turn.now), asked_by=turn.message.id)
        return self.asking.goes_on(turn, begun) if begun else self._says("nothing_kept")

    def _keep(self, turn: Turn, *, kept: bool, open_one: bool) -> Reply:
        question = self._meant(turn, open_one=open_one)
        if question and self.regarding.keep(turn.who.person, question, turn.now, kept=kept):
            return self._told(turn, question, "is_kept" if kept else "is_not_kept")
        return self._says("none_meant")

    def _rate(self, turn: Turn, *, useful: bool) -> Reply:
        question = self._meant(turn, open_one=False)
        if question and self.regarding.rate(turn.who.person, question, turn.now, useful=useful):
            return self._told(turn, question, "is_useful" if useful else "is_useless")
        return self._says("none_meant")

    def _meant(self, turn: Turn, *, open_one: bool) -> str | None:
        talk = turn.talk if turn.talk.feature == "quiz" else None
        if talk and "read" in talk.state:
            return self.reading.shown(turn)
        if not talk or "round" not in talk.state:
            return self.regarding.newest(turn.who.person, turn.now)
        going = held(turn)
        at = engine.open_at(going, known=self.asking.service.outline)
        if going.answered and not open_one and engine.mode(going) is not Mode.EXAM:
            at = going.answered - 1
        return going.questions[at] if at < len(going.questions) else None

    def _told(self, turn: Turn, question: str, key: str) -> Reply:
        found = self.asking.service.question(question)
        stem = found.stem if found else ""
        short = stem if len(stem) <= MOST_LETTERS else f"{stem[: MOST_LETTERS - 1]}…"
        goes_on = turn.talk.feature == "quiz" and "round" in turn.talk.state
        return self._says(key, stem=short, goes_on=goes_on)

    def _says(self, key: str, **values: object) -> Reply:
        return Text(self.asking.say(key, **values))
