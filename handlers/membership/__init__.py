"""Membership: a one-time code said in the chat ties a person to a row of the admin's list."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from content.shelf import Shelf
from handlers.agreement import Agreement
from handlers.feature import Feature, Keeps, Sheet, words_beside
from handlers.membership import admin, api, chat
from handlers.membership.admin import Sealing
from handlers.membership.chat import Membership
from handlers.openapi import Effect
from storage.people import People
from storage.roster import Roster

__all__ = ["Sealing", "feature"]


def feature(
    *,
    roster: Roster,
    people: People,
    shelf: Shelf,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    effect: Effect,
    sealing: Sealing,
    agreement: Agreement,
) -> Feature:
    """Membership, ready to be opened."""
    words = words_beside(__file__)

    def show(person: str) -> list[str]:
        bound = people.profile(person)
        if bound is None or not bound.name:
            return []
        library = shelf.current()
        return [
            library.say(
                "membership.kept",
                name=bound.name,
                verified=bound.verified,
                organisation=library.organisation_name(bound.organisation),
                role=bound.role,
            )
        ]

    def export(person: str) -> list[Sheet]:
        bound, library = people.profile(person), shelf.current()
        if bound is None or not bound.name:
            return []
        is_listed = library.say("membership.yes" if bound.verified else "membership.no")
        row = (bound.name, library.organisation_name(bound.organisation), bound.role, is_listed)
        return [Sheet.of(library.say("membership.binding_table"), [row])]

    return Feature(
        name="membership",
        chat=chat.routes(Membership(roster=roster, shelf=shelf, zone=zone, agreement=agreement)),
        api=api.blueprint(
            api.Register(roster=roster, shelf=shelf, zone=zone, clock=clock, effect=effect, agreement=agreement)
        ),
        admin=admin.blueprint(
            admin.Book(roster=roster, shelf=shelf, sealing=sealing, clock=clock, zone=zone, words=words),
            admin.Taking(roster=roster, shelf=shelf, sealing=sealing, clock=clock, words=words),
        ),
        keeps=Keeps(tables=("roster", "join_tries"), show=show, export=export, erase=roster.erase, unite=roster.unite),
    )
