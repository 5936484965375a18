"""What one agreed to, a copy of what is kept, and what is wrong in it: the same by chat, page and mini-program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from content.privacy import Notice
from handlers.conversation import Say
from handlers.feature import Sheet
from handlers.privacy import engine
from handlers.privacy.engine import Purpose
from storage.people import People, Who
from storage.privacy import Consents, Correction, Corrections

PAGE, DATA_PAGE = "/p/privacy/notice", "/p/privacy/data"


class OwnData(Protocol):
    """All that every feature keeps of a person."""

    def export(self, person: str) -> Sequence[Sheet]:
        """A copy of it, a table each."""


@dataclass(frozen=True, slots=True)
class For:
    """The consents to one purpose, as whatever needs them asks (handlers.agreement)."""

    office: "Office"
    purpose: Purpose

    def asks(self, person: str) -> str:
        """What to say first; "" where they agree."""
        return self.office.asks(person, self.purpose)

    def agree(self, person: str, *, now: datetime) -> None:
        """They agree."""
        self.office.agree(person, self.purpose, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`undo` says what else ends with a consent; `tell` brings a line to a person."""

    consents: Consents
    corrections: Corrections
    people: People
    own_data: OwnData
    notice: Callable[[], Notice]
    undo: Mapping[Purpose, Callable[[str], object]]
    tell: Callable[[str, str, str], None]
    say: Say
    zone: tzinfo
    public_url: str

    # -- consent -------------------------------------------------------------------------------------------------

    def asks(self, person: str, purpose: Purpose) -> str:
        """What to say before this is begun with somebody who doesn't agree to it (any more); "" where they do."""
        notice = self.notice()
        if self.consents.has(person, purpose, version=notice.version):
            return ""
        again = any(each.purpose == purpose and each.withdrawn_on is None for each in self.consents.of(person))
        return self.say("privacy.ask", purpose=purpose, notice=notice, address=self.address, again=again)

    def agree(self, person: str, purpose: Purpose, *, now: datetime) -> None:
        """They agree to the notice as it is now."""
        self.consents.give(person, purpose, version=self.notice().version, today=self._day(now))

    def withdraw(self, person: str, *, now: datetime) -> Sequence[str]:
        """They agree to nothing any more; a line for each thing that this ends."""
        ended = [Purpose(each) for each in self.consents.withdraw(person, today=self._day(now))]
        for purpose in ended:
            if purpose in self.undo:
                self.undo[purpose](person)
        return [self.say(f"privacy.withdrawn_{purpose}") for purpose in ended]

    def given(self, person: str) -> list[dict[str, Any]]:
        """What they agree to, in words."""
        return [
            {
                "called": self.say(f"privacy.purpose_{each.purpose}"),
                "purpose": each.purpose,
                "version": each.version,
                "since": each.since,
                "withdrawn_on": each.withdrawn_on,
            }
            for each in self.consents.of(person)
        ]

    @property
    def address(self) -> str:
        """Where the whole notice is; "" where no page can be reached."""
        return f"{self.public_url}{PAGE}" if self.public_url else ""

    # -- what is wrong -------------------------------------------------------------------------------------------

    def correct(self, who: Who, said: str, *, message: str, now: datetime) -> str:
        """Put a name right that nobody has checked; what the roster says, its keeper looks at. What to say to that."""
        name = engine.name_in(said)
        if name and who.name and not who.verified:
            self.people.rename(who.person, name=name, verified=False, organisation=who.organisation, role=who.role)
            return self.say("privacy.corrected_name", name=name)
        if len(said) > engine.CORRECTION_LONGEST:
            return self.say("privacy.correct_too_long", longest=engine.CORRECTION_LONGEST)
        self.corrections.ask(who.person, said, organisation=who.organisation, message=message, today=self._day(now))
        return self.say("privacy.correction_kept")

    def settle(self, which: Correction, answer: str, *, by: str, now: datetime) -> None:
        """Somebody looked at it: whoever asked hears what came of it."""
        settled = self.corrections.settle(which.id, answer=answer, by=by, today=self._day(now))
        if settled:
            line = self.say("privacy.correction_told", said=settled.said, answer=settled.answer)
            self.tell(settled.person, line, f"correction:{settled.id}")

    # -- one's own data ------------------------------------------------------------------------------------------

    def shown(self, person: str) -> list[str]:
        """What is kept here, in lines."""
        given, number = self.given(person), len(self.corrections.of(person))
        lines = [self.say("privacy.kept_consents", given=given)] if given else []
        return [*lines, *([self.say("privacy.kept_corrections", number=number)] if number else [])]

    def sheets(self, person: str) -> list[Sheet]:
        """The same as tables."""
        consents = [
            (each["called"], each["version"], each["since"], each["withdrawn_on"]) for each in self.given(person)
        ]
        corrections = [(each.said, each.asked_on, each.answer, each.settled_on) for each in self.corrections.of(person)]
        return [
            Sheet.of(self.say("privacy.consents_table"), consents),
            Sheet.of(self.say("privacy.corrections_table"), corrections),
        ]

    def _day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()
