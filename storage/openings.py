"""To whom a channel is open, said once and as data: `storage.planning` asks it of everybody in the database.

A channel's rule is an `Opening`: the accounts that have the right, and the needs that must be met besides. A need says
where what it asks about is kept, and when that is enough; a new kind of need is a class of this shape.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from storage.mass_jobs import A_MONTH, mass_months, month_of
from storage.people import credits_, windows
from storage.tags import contact_tags

Holds = sa.ColumnElement[bool]


class Closed(StrEnum):
    """Why a channel doesn't lead to a contact now."""

    ACCOUNT = "account"  # the account has no right to it
    REFUSED = "refused"  # the platform said so (48001), less than a day ago
    TEMPLATE = "template"  # the broadcast names none
    CREDIT = "credit"
    WINDOW = "window"
    MASS = "mass"  # the member has had all that a month allows
    WHOLE = "whole"  # the account can only send to everybody or to one tag, and somebody else is meant
    TAG = "tag"  # the member doesn't bear it
    TODAY = "today"  # the account has sent all that a day allows


class Asked(NamedTuple):
    """A need of a contact as SQL: `met`, of a `table` that has at most one row `on` the contact, if of any."""

    met: Holds
    table: sa.FromClause | None = None
    on: Holds | None = None


class Need(Protocol):
    """What must hold of a contact; hashable, so that what two channels ask is looked up once."""

    @property
    def closed(self) -> Closed:
        """What is told where it doesn't hold."""

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:
        """The same of a statement's contact; `met` may be NULL, which is no."""


@dataclass(frozen=True, slots=True)
class Credit:
    """The member has accepted a template and not heard by it as often."""

    template: str
    closed = Closed.CREDIT

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:  # noqa: ARG002 - credits don't grow old
        """A credit is left."""
        its = credits_.alias()
        return Asked(its.c.left > 0, its, (its.c.contact == contact) & (its.c.template == self.template))


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """The member has opened a window lately, and a message is left in it."""

    closed = Closed.WINDOW

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:
        """It isn't over, nor used up."""
        its = windows.alias()
        return Asked((its.c.remaining > 0) & (its.c.until > now), its, its.c.contact == contact)


@dataclass(frozen=True, slots=True)
class MassLeft:
    """The member has had fewer mass messages this month than the platform allows."""

    closed = Closed.MASS

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:
        """None is known, or not too many."""
        its = mass_months.alias()
        here = (its.c.contact == contact) & (its.c.month == month_of(now))
        return Asked(sa.func.coalesce(its.c.times, 0) < A_MONTH, its, here)


@dataclass(frozen=True, slots=True)
class Bears:
    """The platform has a tag on the member."""

    tag: str
    closed = Closed.TAG

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:  # noqa: ARG002 - as of the last look
        """It was there when somebody last asked."""
        its = contact_tags.alias()
        return Asked(its.c.contact.is_not(None), its, (its.c.contact == contact) & (its.c.tag == self.tag))


@dataclass(frozen=True, slots=True)
class Never:
    """What no contact can meet."""

    closed: Closed

    def asked(self, contact: sa.ColumnElement[str], *, now: datetime) -> Asked:  # noqa: ARG002 - whoever it is
        """No."""
        return Asked(sa.false())


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A channel is open to contacts on these `accounts` (None: on any) that meet every need, in the order of asking.

    `refused` are accounts that the platform has taken the right from, `spent` those that may send no more today.
    One `for_all` reaches everybody there at once, so it goes before every other channel, and nobody can be spared by
    it; `first` is such a one of the same channel, on other accounts.
    """

    channel: str
    accounts: frozenset[str] | None = None
    refused: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()
    needs: tuple[Need, ...] = ()
    for_all: bool = False
    first: "Opening | None" = None
