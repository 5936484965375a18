"""What the console asks of those who send, the desk, the reports and a try on the admin, and which contact is whose."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from content.broadcasts import Broadcast
from content.roles import Duty, Reach
from handlers.guessing import Guesses
from scheduler.outlook import Left
from scheduler.reporting import Reporting
from storage.admins import AdminContacts
from storage.people import Who
from storage.refusals import Refusals
from storage.runs import Run, Runs
from storage.wording import Content


class Forecast(Protocol):
    """What a push would do now: people by channel, "" for those nobody can reach, and which groups are told.

    No content: nobody is bothered.
    """

    @property
    def key(self) -> str:
        """The run's."""

    @property
    def content(self) -> Content | None:
        """What would be said."""

    @property
    def channels(self) -> Mapping[str, int]:
        """How many by which channel."""

    @property
    def sample(self) -> Sequence[str]:
        """Some names of those who are meant, as the roster has them."""

    @property
    def nobody_is(self) -> Sequence[str]:
        """Roles and tags that are asked for and nobody bears."""

    @property
    def forgotten(self) -> Sequence[str]:
        """Digests that people are chosen by having received, which isn't known any more: nothing would be sent."""

    @property
    def few(self) -> bool:
        """Whether they are chosen by what they did, and too few to be counted."""

    @property
    def closed(self) -> Mapping[Any, int]:
        """Why those whom nobody can reach can't be: pairs of a channel and what closes it, to how many."""

    @property
    def full(self) -> int:
        """How many have had enough pushes."""

    @property
    def held_back(self) -> int:
        """How many have had enough today, and can't be spared."""

    @property
    def waits_until(self) -> datetime | None:
        """Until when it waits for their sake."""

    @property
    def credits(self) -> int:
        """How many credits it takes."""

    @property
    def window_messages(self) -> int:
        """How many messages of open windows."""

    @property
    def left(self) -> Sequence[Left]:
        """What it leaves of the accounts' quotas."""

    @property
    def last_at(self) -> datetime | None:
        """When the last would have it."""

    @property
    def groups(self) -> Sequence[str]:
        """The names of the groups."""

    @property
    def quiet_until(self) -> datetime | None:
        """When the quiet hours end, if it is quiet now."""


class Firing(Protocol):
    """One time of a broadcast; a day whose year's holidays nobody knows is provisional."""

    @property
    def due_at(self) -> datetime:
        """When."""

    @property
    def is_provisional(self) -> bool:
        """Whether the day may yet change."""


class Desk(Protocol):
    """What the console asks of the broadcast desk."""

    def next_firing(self, broadcast: Broadcast, now: datetime) -> Firing | None:
        """When a broadcast goes out next; of one that was meant for a moment in the past, that one."""

    def goes_on_at(self, run: Run) -> datetime | None:
        """When a paused run goes on by itself; None where somebody must say so."""

    def forecast(self, key: str, now: datetime, *, at_once: bool) -> Forecast:
        """Who would be reached by which channel, and with which words; nothing is written."""

    def send_now(self, broadcast: str, *, now: datetime, at_night: bool, by: str) -> Run:
        """Plan the broadcast's run and begin to send it; raises where it is quiet, but for `at_night`.

        Where two admins must agree, `by` is the first, and the run waits for the other.
        """

    def approve(self, key: str, *, by: str, content: Content, now: datetime) -> bool:
        """Note that an admin agrees to a run that says this; False where it doesn't wait or says something else."""

    def lacks_eyes(self, run: Run) -> bool:
        """Whether a run waits until another admin agrees."""

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Stop a run for good. False where there was nothing left to stop."""

    def correct(self, key: str, words: str, *, now: datetime, at_night: bool, by: str) -> Run:
        """Stop a run and tell those who heard it what is right; raises Uncorrectable, and QuietHours but `at_night`."""

    def forecast_of_correction(self, key: str, words: str, now: datetime) -> Forecast:
        """Whom that would reach, and what it says; nothing is stopped. Raises Uncorrectable."""

    def pause(self, key: str) -> bool:
        """Stop sending; what wasn't sent stays due. False where there was nothing to stop."""

    def resume(self, key: str, *, now: datetime) -> bool:
        """Go on sending. False where it wasn't paused."""


class TryOut(Protocol):
    """Sends what a broadcast would say to one admin, as a test."""

    def __call__(self, key: str, admin: str, *, now: datetime) -> str:
        """Give what became of it: `sent`, `kept`, `nothing` or `nobody`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """All that has to do with sending; `reaches` says which accounts have a duty, and where."""

    reaches: Callable[[Duty], Mapping[str, Reach]]
    broadcasts: Runs
    desk: Desk
    reporting: Reporting
    refusals: Refusals
    try_out: TryOut


class Paired(StrEnum):
    """What came of a code that an admin says in the chat."""

    LINKED = "linked"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many_codes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Which contact of the chat is which admin's, by a code of the console."""

    contacts: AdminContacts
    guesses: Guesses

    def pair(self, code: str, who: Who, now: datetime) -> Paired:
        """Note that the contact is the admin's to whom the code was given."""
        if self.guesses.of_member(who, now):
            return Paired.TOO_MANY
        if self.contacts.link(code, contact=who.contact, now=now):
            return Paired.LINKED
        self.guesses.missed(now)
        return Paired.UNKNOWN
