"""Who sees to things: the console's accounts with what each may do, and who is asked where nobody does."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Self

from content.organisations import Organisation, belonging
from content.roles import Capacity, Casting, Duty, Lent, Powers, Reach
from storage.admins import Admin
from storage.loans import Loan


def powers_now(accounts: Iterable[Admin], loans: Iterable[Loan], casting: Casting, today: date) -> dict[str, Powers]:
    """What each account may do today: by its own roles, and by what others lend it of theirs.

    What is lent is looked at anew: a duty that its giver has no more, or that its taker may not have, is nobody's.
    """
    known = {each.name: each for each in accounts}
    own = {each.name: casting.powers(each.roles, party_member=each.party_member) for each in known.values()}
    found = dict(own)
    for loan in loans:
        duty, taker = Duty(loan.duty), known[loan.taker]
        held = [role for role, _ in taker.roles]
        why = casting.unlendable(duty, own[loan.giver], taker=held, party_member=taker.party_member)
        if loan.runs(today) and why is None:
            by = Capacity(tuple(sorted(casting.giving(duty, known[loan.giver].roles))), loan.giver)
            found[loan.taker] = found[loan.taker].lent(Lent(duty, own[loan.giver].reach(duty), by))
    return found


def is_still(administrator: Duty, name: str, accounts: Mapping[str, Admin]) -> bool:
    """Whether an account has one of the separated administrators' duties, which nobody lends."""
    found = accounts.get(name)
    powers = Casting.usual().powers(found.roles, party_member=found.party_member) if found else Powers()
    return found is not None and not found.disabled and powers.may(administrator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """What each account may do, the persons of those who said who they are, and the organisations.

    Whose an organisation's accounts are: those that have a role in it, and those that the pack names as its `admins`.
    What is late, or nobody's there, is told to those of the organisation above.
    """

    powers: Callable[[], Mapping[str, Powers]]
    persons: Callable[[], Mapping[str, str]]
    organisations: Callable[[], Iterable[Organisation]]

    def now(self) -> Self:
        """As it stands: good for one look at many things."""
        return replace(self, powers=cache(self.powers), organisations=cache(lambda: [*self.organisations()]))

    def names(self) -> list[str]:
        """Every account, in the order of their names."""
        return sorted(self.powers())

    def reaches(self, duty: Duty) -> dict[str, Reach]:
        """The accounts that have a duty, and how far, in the order of their names."""
        return {name: reach for name, each in sorted(self.powers().items()) if (reach := each.reach(duty))}

    def see_to(self, duty: Duty, organisation: str) -> frozenset[str]:
        """Who has a duty over an organisation, or over what belongs to none: "", or one that the pack has no more.

        Where nobody has it over what belongs to none, those have it who reach furthest: else it waits for nobody.
        """
        reaches = self.reaches(duty)
        over = frozenset(name for name, reach in reaches.items() if reach.covers(organisation))
        if over or organisation in self._known():
            return over
        furthest = (
            name
            for name, reach in reaches.items()
            if not any(reach.organisations < other.organisations for other in reaches.values())
        )
        return frozenset(furthest)

    def hear_of_late(self, name: str, late: int, *, step: int, organisation: str = "") -> frozenset[str]:
        """Who hears, besides whoever has it, of what is so many workdays late: a level up for each `step`.

        What nobody has goes up from its organisation.
        """
        known = self._known()
        seated = self._seated(known)
        at = [each for each, names in seated.items() if name in names] if name else [organisation]
        found = {who for each in at for who in self._above(each, late // step, known, seated)}
        return frozenset(found - {name})

    def within(self, organisation: str) -> frozenset[str]:
        """The accounts of an organisation and of those below it."""
        known = self._known()
        below = {each for each in known if organisation in belonging(each, known)}
        return frozenset(name for each, names in self._seated(known).items() if each in below for name in names)

    def nearest(self, names: Collection[str], organisation: str) -> list[str]:
        """Those of these accounts that have a role there; where none has, in the organisation above, and so on.

        All of them where none has one in any.
        """
        powers, known = self.powers(), self._known()
        for each in (organisation, *_line(organisation, known)):
            if found := [name for name in names if name in powers and each in powers[name].seats]:
                return found
        return [*names]

    def _known(self) -> dict[str, Organisation]:
        return {each.id: each for each in self.organisations()}

    def _seated(self, known: Mapping[str, Organisation]) -> dict[str, frozenset[str]]:
        """The accounts of each organisation."""
        powers = self.powers()
        return {
            each.id: frozenset(
                name for name, theirs in powers.items() if each.id in theirs.seats or name in each.admins
            )
            for each in known.values()
        }

    def _above(
        self, at: str, levels: int, known: Mapping[str, Organisation], seated: Mapping[str, frozenset[str]]
    ) -> frozenset[str]:
        """The accounts so many levels up: a level where nobody is is passed, and where nobody is at all, the house."""
        line = _line(at, known)
        held = [seated[each] for each in line if seated[each]]
        if line and not held:
            held = [frozenset(name for name, theirs in self.powers().items() if theirs.is_everywhere)]
        return frozenset().union(*held[:levels])


def _line(organisation: str, known: Mapping[str, Organisation]) -> list[str]:
    """The organisations above one, the nearest first."""
    return [*_climbed(organisation, known)]


def _climbed(organisation: str, known: Mapping[str, Organisation]) -> Iterator[str]:
    seen, at = {organisation}, known.get(organisation)
    while at and (above := at.parent or "") in known and above not in seen:
        seen.add(above)
        yield above
        at = known[above]
