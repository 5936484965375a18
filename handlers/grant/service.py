"""What waits for nobody: of every queue of the house, by one rule."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content.library import Library
from content.roles import Duty, facts
from handlers.feature import Feature, Queued, Waiting
from scheduler.staff import Staff

PAGE = "/admin/grant/"


def nobodys(features: Iterable[Feature]) -> list[Queued]:
    """What no account could see to, once for each duty, organisation and account that it is for; not how much it is."""
    found = (each for feature in features for each in feature.queue() if not each.who)
    once = {(each.duty, each.organisation, each.named): each for each in found}
    return [once[key] for key in sorted(once)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The same, told to whoever grants; where nobody does, to whoever works for the whole house."""

    features: Callable[[], Sequence[Feature]]
    staff: Staff
    library: Callable[[], Library]
    words: Mapping[str, Any]

    def warns(self, name: str) -> list[Waiting]:
        """What an account has to know."""
        grants = self.staff.reaches(Duty.GRANTS)
        powers = self.staff.powers().get(name)
        if name not in grants and (grants or powers is None or not powers.is_everywhere):
            return []
        link = PAGE if name in grants else ""
        return [Waiting(count=1, said=self._said(each), link=link, is_late=True) for each in nobodys(self.features())]

    def _said(self, each: Queued) -> str:
        where = (
            self.library().organisation_name(each.organisation) if each.organisation else self.words["said"]["house"]
        )
        words = self.words["nobodys"]["named" if each.named else "all"]
        return str(words).format(duty=facts(each.duty).name, where=where, name=each.named)
