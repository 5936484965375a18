"""Who is meant by a broadcast, as far as an admin may look before it is sent."""

from collections.abc import Sequence
from datetime import datetime

from storage.audience import Conditions, parts
from storage.planning import Plans
from storage.wording import Content

SMALL = 5  # fewer people than this are never shown by what they did


class Audience:
    """Looks, and tells of no name what its bearer did."""

    def __init__(self, plans: Plans, conditions: Conditions) -> None:
        self._plans = plans
        self._conditions = conditions

    def sample(self, content: Content, *, most: int, now: datetime) -> Sequence[str]:
        """Some names of those who are meant, as the roster has them. What people did is told of no name."""
        return () if tells_of_deeds(content) else tuple(self._plans.names(content, most=most, now=now))

    def forgotten(self, content: Content) -> Sequence[str]:
        """Digests that people are chosen by having received, which isn't known of everybody any more."""
        wheres = [content.where, *(variant.where for variant in content.variants)]
        return [each for where in wheres for each in self._conditions.forgotten(where)]

    def lacking(self, content: Content) -> Sequence[str]:
        """Roles and tags that are asked for and nobody bears."""
        wheres = [content.where, *(variant.where for variant in content.variants)]
        return [each for where in wheres for each in self._conditions.lacking(where)]


def tells_of_deeds(content: Content) -> bool:
    """Whether the audience is chosen by what people did, and not by what they are or wish."""
    wheres = (content.where, *(variant.where for variant in content.variants))
    return any("answered" in each for where in wheres for each in parts(where))
