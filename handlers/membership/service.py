"""What taking in a list of members would change, and the list as the roster keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass

from content.importers.members import Member, Table
from storage.roster import Entry, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who would be new, who has another role, and who is as before, in the order of the list.

    `missing` are on the roster in one of its organisations, and not on the list: they stay, unless somebody says else.
    """

    new: Sequence[Member]
    changed: Sequence[tuple[Member, Row]]
    same: Sequence[Member]
    missing: Sequence[Row]

    @property
    def is_nothing(self) -> bool:
        """Whether taking it in would leave all as it is, whatever is said of those who are missing."""
        return not (self.new or self.changed or self.missing)


def planned(table: Table, rows: Sequence[Row]) -> Plan:
    """What the members of a list without a fault would change of these rows."""
    known = {_who(row.entry): row for row in rows}
    listed = {_who(member): member for member in table.members}
    organisations = {member.organisation for member in table.members}
    found = [(member, known[who]) for who, member in listed.items() if who in known]
    return Plan(
        new=[member for who, member in listed.items() if who not in known],
        changed=[(member, row) for member, row in found if member.role != row.entry.role],
        same=[member for member, row in found if member.role == row.entry.role],
        missing=[row for who, row in known.items() if who not in listed and row.entry.organisation in organisations],
    )


def entry_of(member: Member) -> Entry:
    """A line of the list, as the roster keeps it."""
    return Entry(name=member.name, organisation=member.organisation, role=member.role, number=member.number)


def _who(of: Member | Entry) -> tuple[str, str, str]:
    return of.organisation, of.name, of.number
