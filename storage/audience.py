"""Who of some people answers a condition that an admin wrote, as a part of a statement.

A condition is a mapping as it lies in a run: what stands in one mapping holds all together. `topics organisations roles
accounts tags received` are lists of which one is enough, `answered` is a number of seconds, and `all`, `any` and `none`
are lists of further conditions.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.db import Database
from storage.deliveries import deliveries
from storage.people import BELONGS, contacts, kept_lines, persons
from storage.runs import broadcasts
from storage.states import State
from storage.tags import contact_tags
from storage.wording import Content

Condition = Mapping[str, Any]
Holds = sa.ColumnElement[bool]
Within = Callable[[sa.ColumnElement[str]], Holds]
"""Some persons: whether a person of a statement is one of them."""
Answer = Callable[[sa.ColumnElement[str], Any], Holds]
"""A feature's own answer of a person (`Subscriptions.wants`, `QuizStore.has_answered`)."""

ME = persons.c.id
GOT = (State.SENT, State.UNSURE)


class Conditions:
    """`subscribed` (to one of some topics) and `answered` (since a moment) are asked of the features that keep it."""

    def __init__(self, db: Database, *, subscribed: Answer, answered: Answer) -> None:
        self._db = db
        self._subscribed = subscribed
        self._answered = answered

    def holds(self, condition: Condition, *, now: datetime) -> Holds:
        """The condition of a statement's `persons`; what is the same for all of them is looked up here, once."""
        return self._holds(condition, self._runs_of(condition), now)

    def meant(self, content: Content, *, now: datetime) -> Callable[[Within], Holds]:
        """Whether a statement's `contacts` is a way to one whom a run means, made for some persons at a time.

        Who has heard something wrong and then said 退订 is left in peace by its correction.
        """
        asked: list[Holds] = []
        if content.organisations:
            asked.append(_belongs(content.organisations))
        if content.where and not (content.corrects and content.topics):
            asked.append(self.holds(content.where, now=now))
        ways = on_accounts(content)

        def meant(within: Within) -> Holds:
            subscribed = [self._subscribed(contacts.c.person, content.topics)] if content.topics else []
            heard = [_heard(content.corrects, contacts.c.person)] if content.corrects else []
            they = [contacts.c.person.in_(sa.select(ME).where(within(ME), *asked))] if asked else []
            return sa.and_(ways(within), *heard, *subscribed, *they)

        return meant

    def lacking(self, condition: Condition) -> Sequence[str]:
        """Roles and tags of a condition that nobody bears."""
        asked = {"roles": persons.c.role, "tags": contact_tags.c.tag}
        wanted = {name: sorted({each for it in parts(condition) for each in it.get(name, ())}) for name in asked}
        with self._db.read() as connection:
            borne = {
                name: set(connection.execute(sa.select(column).distinct().where(column.in_(wanted[name]))).scalars())
                for name, column in asked.items()
                if wanted[name]
            }
        return [each for name in asked for each in wanted[name] if each not in borne[name]]

    def forgotten(self, condition: Condition) -> Sequence[str]:
        """Digests of which a condition asks who received them, and that isn't known of everybody any more."""
        runs = self._runs_of(condition)
        keys = {run for of_one in runs.values() for run in of_one}
        folded = sa.select(broadcasts.c.key).where(broadcasts.c.folded_at.is_not(None), broadcasts.c.key.in_(keys))
        with self._db.read() as connection:
            gone = set(connection.execute(folded).scalars()) if keys else set()
        return sorted(slug for slug, of_one in runs.items() if gone & set(of_one))

    def _holds(self, condition: Condition, runs: Mapping[str, Collection[str]], now: datetime) -> Holds:
        simple: Mapping[str, Callable[[Any], Holds]] = {
            "topics": lambda topics: self._subscribed(ME, topics),
            "organisations": _belongs,
            "roles": persons.c.role.in_,
            "accounts": lambda names: sa.exists().where(contacts.c.person == ME, contacts.c.account.in_(names)),
            "tags": _bears,
            "received": lambda slugs: _got({run for slug in slugs for run in runs.get(slug, ())}),
            "answered": lambda seconds: self._answered(ME, now - timedelta(seconds=seconds)),
        }
        inner = {
            name: [self._holds(each, runs, now) for each in condition.get(name, ())] for name in ("all", "any", "none")
        }
        told = [simple[name](value) for name, value in condition.items() if name in simple]
        either = [sa.or_(*inner["any"])] if inner["any"] else []
        return sa.and_(sa.true(), *told, *inner["all"], *either, *(~each for each in inner["none"]))

    def _runs_of(self, condition: Condition) -> Mapping[str, list[str]]:
        """The keys of the runs that brought each digest of which the condition speaks."""
        slugs = {slug for it in parts(condition) for slug in it.get("received", ())}
        found: dict[str, list[str]] = {}
        if slugs:
            with self._db.read() as connection:
                for key, content in connection.execute(sa.select(broadcasts.c.key, broadcasts.c.content)):
                    for slug in slugs & set(json.loads(content).get("digests", ())):
                        found.setdefault(slug, []).append(key)
        return found


def on_accounts(content: Content) -> Callable[[Within], Holds]:
    """Whether a statement's `contacts` is on an account that a run may use: any, where it names none."""
    return lambda _: contacts.c.account.in_(content.accounts) if content.accounts else sa.true()


def parts(condition: Condition) -> Iterator[Condition]:
    """A condition and all those within it."""
    yield condition
    for name in ("all", "any", "none"):
        for each in condition.get(name, ()):
            yield from parts(each)


# Each of these looks at the one person by an index: a list of all who bear a tag would be made anew for every page.


def _belongs(organisations: Collection[str]) -> Holds:
    return BELONGS & persons.c.organisation.in_(organisations)


def _bears(tags: Collection[str]) -> Holds:
    mine = (contacts.c.person == ME) & (contact_tags.c.contact == contacts.c.id)
    return sa.exists().where(mine, contact_tags.c.tag.in_(tags))


def _got(runs: Collection[str], person: sa.ColumnElement[str] = ME) -> Holds:
    mine = (deliveries.c.person == person) & deliveries.c.key.in_(runs) & deliveries.c.state.in_(GOT)
    return sa.exists().where(mine)


def _heard(run: str, person: sa.ColumnElement[str]) -> Holds:
    """Who got it, but for those whose line of it waits for a visit: that is taken back before they are told."""
    mine = (kept_lines.c.person == person) & (kept_lines.c.key == run) & kept_lines.c.given.is_(None)
    return _got([run], person) & ~sa.exists().where(mine)
