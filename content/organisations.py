"""The party organisations of a pack, each below another."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Lines, Name, Words, none_where_empty


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Organisation:
    """A party organisation; the topmost has no parent. `admins` are the accounts of the console that are its own."""

    id: Name
    name: Words
    type: str = ""
    parent: Annotated[Name | None, BeforeValidator(none_where_empty)] = None
    admins: Lines = ()


MOST_LEVELS = 20  # one below another; each has the ids of all below it


def lies_too_deep(organisation: str, parents: Mapping[str, str | None]) -> bool:
    """Whether there are too many above it; those that are above themselves are told elsewhere."""
    above: set[str] = set()
    at: str | None = organisation
    while at is not None and at in parents and at not in above:
        if len(above) == MOST_LEVELS:
            return True
        above.add(at)
        at = parents[at]
    return False


def belonging(organisation: str, organisations: Mapping[str, Organisation]) -> frozenset[str]:
    """Give the ids of an organisation and of all above it; nothing for one that isn't known."""
    above: set[str] = set()
    at = organisations.get(organisation)
    while at is not None and at.id not in above:
        above.add(at.id)
        at = organisations.get(at.parent or "")
    return frozenset(above)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Organisations:
    """The file of organisations."""

    organisations: Annotated[tuple[Organisation, ...], Field(alias="organisation")] = ()
