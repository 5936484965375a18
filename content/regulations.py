"""The regulations that questions rest on, in their versions: a question holds as long as the version that it cites."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from content.fields import STRICT, Day, Name, Words, version_said
from content.large_banks import AnyBank
from content.models import Cite, Drawn, Question

NEVER = date.max


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Version:
    """One version of a regulation; it holds from that day on, until the next one does."""

    version: Annotated[Words, BeforeValidator(version_said)]
    effective_from: Day


def _in_order(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    for what in ("version", "effective_from"):
        said = [getattr(each, what) for each in versions]
        twice = next((each for each in said if said.count(each) > 1), None)
        if twice is not None:
            raise PydanticCustomError("version_twice", "version_twice", {"said": str(twice)})
    return tuple(sorted(versions, key=lambda each: each.effective_from))


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Regulation:
    """A regulation with all versions of it that questions may cite, the oldest first."""

    id: Name
    name: Words
    versions: Annotated[tuple[Version, ...], Field(alias="version", min_length=1), AfterValidator(_in_order)]

    def span(self, version: str) -> tuple[date, date] | None:
        """Give the first and the last day on which a version holds, the last far away where none follows."""
        for at, each in enumerate(self.versions):
            if each.version == version:
                later = self.versions[at + 1 :]
                return each.effective_from, later[0].effective_from - timedelta(days=1) if later else NEVER
        return None

    def after(self, version: str) -> Version | None:
        """Give the version that took another's place."""
        names = [each.version for each in self.versions]
        at = names.index(version) + 1 if version in names else len(names)
        return self.versions[at] if at < len(names) else None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Regulations:
    """The file of all of them."""

    regulations: Annotated[tuple[Regulation, ...], Field(alias="regulation")] = ()

    @property
    def by_id(self) -> Mapping[str, Regulation]:
        """Give them by their ids."""
        return {each.id: each for each in self.regulations}


Lasts = tuple[date | None, date | None]


def narrowed(bank: AnyBank, known: Mapping[str, Regulation]) -> AnyBank:
    """A bank whose questions hold no longer than what they cite; one that cites what isn't known holds never.

    Where nothing is known, the questions alone say how long they hold.
    """
    if not known:
        return bank
    spans: dict[tuple[Cite, ...], Lasts] = {}

    def span(question: Drawn) -> Lasts:
        if question.cites not in spans:
            spans[question.cites] = _span(question.cites, known)
        return spans[question.cites]

    return _with(bank, (_lasting(each, *span(each)) if each.cites else each for each in bank.outlines))


def asked(bank: AnyBank, cases: Mapping[str, Question]) -> AnyBank:
    """A bank without its `cases` that are asked as their parts; a part holds no longer than its case does."""
    if not any(each.has_parts or each.case for each in bank.outlines):
        return bank
    return _with(bank, (_within(each, cases.get(each.case)) for each in bank.outlines if not each.has_parts))


def _with(bank: AnyBank, outlines: Iterable[Drawn]) -> AnyBank:
    changed = tuple(outlines)
    return bank if _same(changed, bank.outlines) else bank.having(changed)


def _same(some: Sequence[object], others: Sequence[object]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


def _lasting(question: Drawn, first: date | None, last: date | None) -> Drawn:
    """A question that holds on no day before `first`, and on none after `last`; None is no bound."""
    since = max(first or date.min, question.effective_from or date.min)
    until = min(last or NEVER, question.effective_to or NEVER)
    if since > until:
        since = until = NEVER
    if (question.effective_from or date.min) == since and (question.effective_to or NEVER) == until:
        return question
    lasting = None if until == NEVER != since else until
    return question.lasting(since if since > date.min else None, lasting)


def _within(question: Drawn, case: Question | None) -> Drawn:
    return question if case is None else _lasting(question, case.effective_from, case.effective_to)


def _span(cites: Iterable[Cite], known: Mapping[str, Regulation]) -> Lasts:
    spans = [known[each.reg].span(each.version) if each.reg in known else None for each in cites]
    found = [span for span in spans if span]
    if len(found) < len(spans):
        return NEVER, date.min
    return max(first for first, _ in found), min(last for _, last in found)
