"""Membership: a one-time code said in the chat ties a person to a row of the admin's list."""

from zoneinfo import ZoneInfo

from content.shelf import Shelf
from handlers.feature import Feature, Keeps
from handlers.membership import chat
from handlers.membership.chat import Membership
from storage.people import People
from storage.roster import Roster


def feature(*, roster: Roster, people: People, shelf: Shelf, zone: ZoneInfo) -> Feature:
    """Membership, ready to be opened."""

    def show(person: str) -> list[str]:
        name = people.name_of(person)
        return [shelf.current().say("membership.kept", name=name)] if name else []

    return Feature(
        name="membership",
        chat=chat.routes(Membership(roster=roster, shelf=shelf, zone=zone)),
        keeps=Keeps(tables=("roster", "join_tries"), show=show, erase=roster.erase),
    )
