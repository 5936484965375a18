"""Who may do what in the console: duties, the roles that have them, and how far over the organisations they reach."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass as plain
from dataclasses import field, replace
from enum import StrEnum
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Name, Words, listed, one_of, some, wrong

SHIPPED = Path(__file__).with_name("roles.toml")


class Duty(StrEnum):
    """What a door of the console asks for, as coarse as people's work is. What each is called stands in roles.toml.

    Every account has `OWN`. Accounts, grants and the audit are the separated administrators' and nobody else's.
    """

    OWN = "own"
    OPINIONS = "opinions"
    TALKS = "talks"
    MEASURES = "measures"
    BULLETIN = "bulletin"
    SURVEYS = "surveys"
    PUSHES = "pushes"  # to look at them
    SEND = "send"
    APPROVE = "approve"
    BANKS = "banks"
    STUDY = "study"
    CONTENT = "content"
    APPROVE_CONTENT = "approve_content"
    MEMBERS = "members"
    DECISIONS = "decisions"
    TASKS = "tasks"  # the board of all of one's reach; one's own are OWN
    ACCOUNTS = "accounts"  # and their sessions, and settings: nothing of a person
    GRANTS = "grants"  # and unlocking, and policies
    AUDIT = "audit"


SEPARATED = frozenset({Duty.ACCOUNTS, Duty.GRANTS, Duty.AUDIT})
_OF_WORK = one_of({each.value: each for each in Duty if each not in SEPARATED | {Duty.OWN}})


def _of_work(value: object) -> object:
    """What is one of the separated administrators' is told apart from what is nobody's."""
    if not isinstance(value, list | tuple):
        return value
    apart = next((each for each in value if each in SEPARATED), None)
    if apart is not None:
        raise wrong("duty_separated", said=str(apart))
    return tuple(map(_OF_WORK, value))


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class DutyFacts:
    """What a duty is called, and who may have it: `source` says whose rule that is."""

    id: Duty
    name: Words
    about: Words
    party_member_required: bool = False
    non_delegable: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Step:
    """What somebody does who is new in a role, within so many months or workdays of the day they took it."""

    id: Name
    title: Words
    months: Annotated[int, Field(ge=1, le=60)] | None = None
    workdays: Annotated[int, Field(ge=1, le=250)] | None = None
    source: Words

    @model_validator(mode="after")
    def _has_one_span(self) -> Self:
        if (self.months is None) is (self.workdays is None):
            raise wrong("task_span")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Role:
    """A role of the work: its duties, whether it is for party members only, and what its path begins with."""

    id: Name
    name: Words
    duties: Annotated[tuple[Duty, ...], AfterValidator(some), BeforeValidator(_of_work), BeforeValidator(listed)]
    party_member_required: bool = False
    path: Annotated[tuple[Step, ...], Field(alias="task")] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Roles:
    """A pack's file of roles."""

    roles: Annotated[tuple[Role, ...], Field(alias="role")] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SeparatedRole:
    """An administrator who holds nothing else, and does none of the work."""

    id: Name
    name: Words
    duty: Duty


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Shipped:
    """The file that comes with the program."""

    duties: Annotated[tuple[DutyFacts, ...], Field(alias="duty")]
    separated: tuple[SeparatedRole, ...]
    roles: Annotated[tuple[Role, ...], Field(alias="role")]


@cache
def shipped() -> Shipped:
    """The duties, the separated administrators and the usual roles."""
    return TypeAdapter(Shipped).validate_python(tomllib.loads(SHIPPED.read_text("utf-8")))


def facts(duty: Duty) -> DutyFacts:
    """What a duty is called, and who may have it."""
    return next(each for each in shipped().duties if each.id is duty)


class Unfit(StrEnum):
    """Why a role can't be granted, or a duty not be lent."""

    ROLE = "role"
    ORGANISATION = "organisation"
    WHOLE = "whole"  # a separated administrator is the whole house's
    APART = "apart"  # and holds nothing else
    MEMBER = "member"
    NOT_HELD = "not_held"
    NON_DELEGABLE = "non_delegable"


# -- what somebody may do ----------------------------------------------------------------------------------------------


@plain(frozen=True, slots=True)
class Reach:
    """Over which organisations: some, or the whole house with what belongs to none of them."""

    everywhere: bool = False
    organisations: frozenset[str] = frozenset()

    def covers(self, organisation: str) -> bool:
        """Whether it reaches this one; "" is what belongs to none."""
        return self.everywhere or organisation in self.organisations

    def meets(self, other: "Reach") -> bool:
        """Whether there is anything that both reach."""
        return bool(self and other) and (
            self.everywhere or other.everywhere or not self.organisations.isdisjoint(other.organisations)
        )

    def __bool__(self) -> bool:
        """Whether it reaches anything."""
        return self.everywhere or bool(self.organisations)

    def __or__(self, other: "Reach") -> "Reach":
        """Over what either reaches."""
        return Reach(self.everywhere or other.everywhere, self.organisations | other.organisations)


EVERYWHERE, NOWHERE = Reach(everywhere=True), Reach()


class Capacity(NamedTuple):
    """As what an account acts: by the ids of its own roles, or by those of a `giver` who lends it a duty of theirs."""

    roles: tuple[str, ...] = ()
    giver: str = ""

    @classmethod
    def read(cls, written: str) -> Self:
        """As `written` says: no role and no account has a blank in its name."""
        giver, _, roles = written.rpartition(" ")
        return cls(tuple(filter(None, roles.split(","))), giver)

    def written(self) -> str:
        """As it is kept."""
        return " ".join(filter(None, (self.giver, ",".join(self.roles))))


class Lent(NamedTuple):
    """A duty that an account has since another lends it, as far as that one has it."""

    duty: Duty
    reach: Reach
    by: Capacity


@plain(frozen=True, slots=True)
class Powers:
    """What an account may do, and over which organisations."""

    reaches: Mapping[Duty, Reach] = field(default_factory=lambda: MappingProxyType({}))  # by its own roles
    seats: frozenset[str] = frozenset()  # the organisations in which it has a role
    loans: tuple[Lent, ...] = ()

    @property
    def is_everywhere(self) -> bool:
        """Whether it does any of the work of the whole house."""
        return any(self.reach(duty).everywhere for duty in Duty if duty not in SEPARATED | {Duty.OWN})

    def reach(self, duty: Duty) -> Reach:
        """Over what it has this duty: over nothing where it hasn't."""
        if duty is Duty.OWN:
            return EVERYWHERE
        lent = (each.reach for each in self.loans if each.duty == duty)
        return reduce(or_, lent, self.reaches.get(duty, NOWHERE))

    def may(self, duty: Duty) -> bool:
        """Whether it has this duty anywhere."""
        return bool(self.reach(duty))

    def lent(self, loan: Lent) -> "Powers":
        """The same with a duty that somebody lends."""
        return replace(self, loans=(*self.loans, loan))

    def lender(self, duty: Duty, at: str | None = None) -> Capacity | None:
        """Who lends it a duty, anywhere or over the organisation `at`; None where it has it by its own roles."""

        def reaches(reach: Reach) -> bool:
            return bool(reach) if at is None else reach.covers(at)

        if duty == Duty.OWN or reaches(self.reaches.get(duty, NOWHERE)):
            return None
        return next((each.by for each in self.loans if each.duty == duty and reaches(each.reach)), None)


@plain(frozen=True, slots=True)
class Casting:
    """The roles there are, those of a pack over those that come with the program, and the organisations below each."""

    roles: Mapping[str, Role]
    within: Callable[[str], frozenset[str]]
    organisations: Mapping[str, str]  # their names

    @classmethod
    def usual(cls) -> Self:
        """What comes with the program, where there is no pack to ask."""
        return cls(together(None), lambda each: frozenset({each}), {})

    @property
    def separated(self) -> Mapping[str, SeparatedRole]:
        """The three administrators."""
        return {each.id: each for each in shipped().separated}

    @property
    def all(self) -> list[Role | SeparatedRole]:
        """Every role, the administrators' last."""
        return [*self.roles.values(), *shipped().separated]

    def find(self, said: str) -> Role | SeparatedRole | None:
        """The role of that id, or of that name."""
        return next((each for each in self.all if said in {each.id, each.name}), None)

    def name(self, role: str) -> str:
        """What a role is called; one that has left the pack is called by its id."""
        found = self.find(role)
        return found.name if found else role

    def duties(self, role: str) -> frozenset[Duty]:
        """The duties of a role; none of one that isn't known."""
        found = self.find(role)
        if isinstance(found, SeparatedRole):
            return frozenset({found.duty})
        return frozenset(found.duties) if found else frozenset()

    def giving(self, duty: Duty, held: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Which of the roles that somebody holds give a duty."""
        return frozenset(role for role, _ in held if duty in self.duties(role))

    def is_for_members(self, role: str) -> bool:
        """Whether only a party member may have this role, for its own sake or for one of its duties'."""
        found = self.find(role)
        own = isinstance(found, Role) and found.party_member_required
        return own or any(facts(each).party_member_required for each in self.duties(role))

    def unfit(self, role: str, organisation: str, *, held: Iterable[str], party_member: bool) -> Unfit | None:
        """Why an account that holds these roles can't be granted one, by its id, in an organisation or ""."""
        apart, held = self.separated, {*held} - {role}
        if role not in self.roles and role not in apart:
            return Unfit.ROLE
        if organisation and organisation not in self.organisations:
            return Unfit.ORGANISATION
        if role in apart and organisation:
            return Unfit.WHOLE
        if (role in apart and held) or held & apart.keys():
            return Unfit.APART
        return Unfit.MEMBER if self.is_for_members(role) and not party_member else None

    def unlendable(self, duty: Duty, own: Powers, *, taker: Iterable[str], party_member: bool) -> Unfit | None:
        """Why an account with these powers can't lend a duty to one that holds these roles."""
        if duty is Duty.OWN or facts(duty).non_delegable:
            return Unfit.NON_DELEGABLE
        if not own.may(duty):
            return Unfit.NOT_HELD
        if self.separated.keys() & {*taker}:
            return Unfit.APART
        return Unfit.MEMBER if facts(duty).party_member_required and not party_member else None

    def powers(self, grants: Iterable[tuple[str, str]], *, party_member: bool) -> Powers:
        """What an account with these roles, each in an organisation or "", may do.

        A role for party members gives nobody else anything, also where it became one after it was granted.
        """
        reaches: dict[Duty, Reach] = {}
        held = [(role, at) for role, at in grants if party_member or not self.is_for_members(role)]
        for role, organisation in held:
            reach = Reach(organisations=self.within(organisation)) if organisation else EVERYWHERE
            for duty in self.duties(role):
                reaches[duty] = reaches.get(duty, NOWHERE) | reach
        return Powers(MappingProxyType(reaches), frozenset(at for _, at in held if at))


def together(own: Roles | None) -> Mapping[str, Role]:
    """The roles of the work: those of a pack over those that come with the program."""
    usual = {each.id: each for each in shipped().roles}
    return MappingProxyType(usual | {each.id: each for each in (own.roles if own else ())})
