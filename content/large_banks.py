"""Banks too large to be held: outlines are at hand, and a question's words are read when they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, overload

from content.models import Bank, Drawn, Question

MOST_HELD = 2000  # questions that were read lately: some 7 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeBank:
    """A bank whose questions lie in a file of ours; `read` gives one by its place there."""

    name: str
    title: str
    topic: str
    tags: tuple[str, ...] = ()
    outlines: tuple[Drawn, ...] = field(repr=False)
    read: Callable[[int], Question] = field(repr=False)

    @property
    def questions(self) -> Sequence[Question]:
        """All of them in their order, each read when it is looked at, and none held."""
        return _Unheld(self)

    def having(self, outlines: tuple[Drawn, ...]) -> Self:
        """Give a bank with these questions in their place."""
        return replace(self, outlines=outlines)

    def called(self, topic: str) -> Self:
        """Give the bank as one of another topic."""
        return replace(self, topic=topic)

    def held(self) -> Bank:
        """Read all of it."""
        return Bank(name=self.name, title=self.title, topic=self.topic, questions=tuple(self.questions))


AnyBank = Bank | LargeBank


def whole(bank: AnyBank, outline: Drawn) -> Question:
    """Give the question of an outline of that bank; it holds as long as the outline says."""
    if isinstance(outline, Question) or isinstance(bank, Bank):
        return outline  # type: ignore[return-value] # a bank that is held has questions only
    question = bank.read(outline.place)
    lasts = outline.effective_from, outline.effective_to
    return question if lasts == (question.effective_from, question.effective_to) else question.lasting(*lasts)


class _Unheld(Sequence[Question]):
    def __init__(self, bank: LargeBank) -> None:
        self._bank = bank

    def __len__(self) -> int:
        return len(self._bank.outlines)

    @overload
    def __getitem__(self, at: int) -> Question: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Question]: ...

    def __getitem__(self, at: int | slice) -> Question | Sequence[Question]:
        if isinstance(at, slice):
            return _Unheld(self._bank.having(self._bank.outlines[at]))
        return whole(self._bank, self._bank.outlines[at])


class Held(Mapping[str, Question]):
    """Every question by its id: those of small banks are held, and of the others what was read lately."""

    def __init__(self, outlines: Mapping[str, Drawn], banks: Mapping[str, AnyBank], in_bank: Mapping[str, str]) -> None:
        self._outlines, self._banks, self._in_bank = outlines, banks, in_bank
        self._held = {id_: each for id_, each in outlines.items() if isinstance(each, Question)}
        self._lately: list[str] = []

    def __getitem__(self, id_: str) -> Question:
        return self._held.get(id_) or self._read(id_)

    def get(self, id_: str, otherwise: Question | None = None) -> Question | None:  # type: ignore[override] # of ours
        """Give the question with this id."""
        found = self._held.get(id_)
        return found or (self._read(id_) if id_ in self._outlines else otherwise)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._outlines

    def __iter__(self) -> Iterator[str]:
        return iter(self._outlines)

    def __len__(self) -> int:
        return len(self._outlines)

    def _read(self, id_: str) -> Question:
        bank, outline = self._banks[self._in_bank[id_]], self._outlines[id_]
        question = whole(bank, outline)
        if len(self._lately) >= MOST_HELD:
            lately, self._lately = self._lately, []
            for each in lately:
                self._held.pop(each, None)
        self._held[id_] = question
        self._lately.append(id_)
        return question
