"""Asking for a talk and taking it back, by whatever door: one home for what may be asked and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from content.talks import Host
from handlers.appointment import engine
from handlers.appointment.engine import State
from scheduler.workdays import Workdays
from storage.appointment import Appointment, Appointments, HasOne
from storage.people import Who


class No(StrEnum):
    """Why a talk can't be asked for."""

    NO_SUCH_HOST = "no_such_host"
    GONE = "gone"  # somebody else has that time, or it was never one
    TOO_LONG = "too_long"
    NAME_PLEASE = "name_please"  # else nobody would know who is coming
    HAS_ONE = "has_one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Where talks are asked for; `ring` tells a host that somebody asked, or thought better of it."""

    appointments: Appointments
    hosts: Callable[[], Mapping[str, Host]]
    workdays: Workdays
    ring: Callable[[Host, str], None]
    zone: tzinfo

    def times(self, host: Host, now: datetime) -> list[datetime]:
        """When the host can be had."""
        return engine.times(
            host.times,
            now=now.astimezone(self.zone),
            is_workday=self.workdays.is_workday,
            is_free=lambda at: self.appointments.is_free(host.id, at),
        )

    def talks(self, who: Who) -> list[Appointment]:
        """What somebody asked for and is still kept, the next first; nobody else is shown it."""
        return self.appointments.of_person(who.person) if who.known else []

    def coming(self, who: Who, now: datetime) -> Appointment | None:
        """Their next talk, whatever was said to it."""
        return next((each for each in self.talks(who) if not _is_over(each, now)), None)

    def ask(self, host: str, at: datetime, words: str, *, who: Who, now: datetime, message: str) -> Appointment | No:
        """Ask for it, once for a message; one talk at a time."""
        before, at = self.appointments.of_message(message), at.astimezone(self.zone)  # as its hold on a time has it
        if before and before.person == who.person:
            return before
        found = self.hosts().get(host)
        no = self._why_not(found, at, words, who=who, now=now)
        if no or found is None:
            return no or No.NO_SUCH_HOST
        wanted = Appointment(host=host, at=at, name=who.name, words=words, state=State.ASKED, person=who.person)
        try:
            if not self.appointments.ask(wanted, message=message, beside=lambda each: _is_over(each, now)):
                return No.GONE
        except HasOne:
            return No.HAS_ONE
        self.ring(found, wanted.id)
        return wanted

    def _why_not(self, host: Host | None, at: datetime, words: str, *, who: Who, now: datetime) -> No | None:
        reasons: tuple[tuple[No, Callable[[], bool]], ...] = (
            (No.NO_SUCH_HOST, lambda: host is None),
            (No.TOO_LONG, lambda: len(words) > engine.WORDS_LONGEST),
            (No.NAME_PLEASE, lambda: not (words or who.name)),
            (No.HAS_ONE, lambda: self.coming(who, now) is not None),
            (No.GONE, lambda: host is None or at not in self.times(host, now)),
        )
        return next((no for no, is_so in reasons if is_so()), None)

    def take_back(self, which: str, *, who: Who) -> bool:
        """Forget a talk of theirs; whether there was one."""
        talk = next((each for each in self.talks(who) if each.id == which), None)
        if talk is None:
            return False
        self.appointments.drop(talk.id)
        host = self.hosts().get(talk.host)
        if host:
            self.ring(host, f"{talk.id}:taken-back")
        return True


def _is_over(talk: Appointment, now: datetime) -> bool:
    return talk.at <= now - timedelta(hours=1)
