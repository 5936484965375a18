"""The kinds of decisions that organisations vote on, and what a vote needs, by whose text and from which day."""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Name, Words, some

SHIPPED = Path(__file__).with_name("decisions.toml")


class Share(StrEnum):
    """How many of those who have a vote."""

    MORE_THAN_HALF = "more_than_half"
    AT_LEAST_HALF = "at_least_half"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Rule:
    """What a vote needs; both shares are of those who have a vote, whether they came or not.

    `written`: who couldn't come and said what they think in writing before is counted among the votes.
    """

    present: Share
    approve: Share
    source: Words
    how: str = ""
    written: bool = False
    since: date = date.min


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Kind:
    """What is decided, with its rules, the oldest first."""

    id: Name
    name: Words
    rules: Annotated[tuple[Rule, ...], AfterValidator(some), Field(alias="rule")]
    about_person: bool = False

    def rule(self, day: date) -> Rule:
        """The one of a meeting on that day."""
        return next((each for each in reversed(self.rules) if each.since <= day), self.rules[0])


@cache
def kinds() -> Mapping[str, Kind]:
    """Those that come with the program, by their ids."""
    rows = tomllib.loads(SHIPPED.read_text("utf-8"))["kind"]
    return MappingProxyType({each.id: each for each in TypeAdapter(tuple[Kind, ...]).validate_python(rows)})
