"""Who handles an opinion, and what is done with several that say the same: for the console and for reminders."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from heapq import nlargest
from typing import Protocol, Self

from content.opinions import Matter
from content.roles import Duty, Reach
from handlers.opinion import engine
from handlers.opinion.engine import State, near
from handlers.opinion.engine.promises import Promise
from scheduler.staff import Staff
from storage.db import Beside
from storage.opinion import Heard, Opinion, Opinions, Unread, no_note
from storage.opinion_notes import ASSIGNED, MEASURE, MERGED, PARTED, READ, Note

_ALIKE_WITHIN = timedelta(days=30)  # what came longer ago is no near-duplicate but an old trouble
_ALIKE_SHOWN = 3
_OPENED_A_LOOK = 1_000  # that were not sketched yet
_LOOKED_INTO = 12
_ROUGHLY = 0.7  # a sketch counts a pair that comes twice once


class NotNext(Exception):
    """That state can't follow the one the opinion is in."""


class Meanwhile(Exception):
    """Somebody else has said something since the page was opened."""


class NotTogether(Exception):
    """These two can't be merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """Which categories are matters that go elsewhere first, and the accounts that may read what comes of them here."""

    matters: Callable[[], Mapping[str, Matter]]
    entrusted: Collection[str]
    readers: Callable[[], "Readers"]

    def matter(self, category: str) -> Matter | None:
        """What is shown before anything of this category is written."""
        return self.matters().get(category)

    def is_taken(self, category: str) -> bool:
        """Whether it is taken here at all: not what nobody would read."""
        return bool(self.entrusted) or self.matter(category) is None

    def may_read(self, admin: str, opinion: Opinion) -> bool:
        """Whether this account may open it."""
        return self.readers().may_read(admin, opinion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who may read which opinion, as accounts and roster stand now: good for one look.

    What has no name, or a name that the roster doesn't bind to an organisation, is for those who handle opinions of
    the whole house: those of a branch would know the style. What is restricted is for the `entrusted` alone.
    `organisations` are those of senders, by the opinion.
    """

    reaches: Mapping[str, Reach]
    entrusted: Collection[str]
    organisations: Callable[[], Mapping[str, str]]

    @classmethod
    def now(cls, staff: Staff, opinions: Opinions, entrusted: Collection[str]) -> Self:
        """As it stands; the roster is asked where somebody's reach ends anywhere."""
        return cls(
            reaches=staff.reaches(Duty.OPINIONS), entrusted=entrusted, organisations=cache(opinions.organisations)
        )

    def may_read(self, admin: str, opinion: Opinion) -> bool:
        """Whether this account may open it."""
        if admin not in self.reaches:
            return False
        return admin in self.entrusted if opinion.restricted else self.covers(self.reaches[admin], opinion)

    def whose(self, opinion: Opinion) -> list[str]:
        """The accounts that may open it."""
        return [name for name in self.reaches if self.may_read(name, opinion)]

    def covers(self, reach: Reach, opinion: Opinion) -> bool:
        """Whether it is within this reach."""
        return reach.everywhere or reach.covers(self.organisation_of(opinion))

    def organisation_of(self, opinion: Opinion) -> str:
        """Whose it is, "" for the whole house's."""
        return self.organisations().get(opinion.id, "") if opinion.named else ""


class Measure(Protocol):
    """What is done about a problem, by whom and until when; somebody else verifies it, "" until then."""

    @property
    def id(self) -> str:
        """Its name in an address."""

    @property
    def measure(self) -> str:
        """What is done."""

    @property
    def responsible(self) -> str:
        """An account of the console."""

    @property
    def until(self) -> date:
        """The last day."""

    @property
    def verified_by(self) -> str:
        """Another account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedies:
    """The measures that were begun for opinions; what one was merged into has its own done for both.

    `find` gives those of some ids, and `page` is where one is begun, "" where there are none.
    """

    opinions: Opinions
    find: Callable[[Collection[str]], Sequence[Measure]]
    page: str

    def of(self, *opinions: Opinion) -> Sequence[Measure]:
        """Those that were begun for them."""
        leads = (each for opinion in opinions for each in led_by(self.opinions, opinion))
        notes = (note for each in leads for note in self.opinions.notes.of(each.id))
        ids = {note.words for note in notes if note.kind == MEASURE}
        return self.find(ids) if ids else ()

    def stand(self, *opinions: Opinion) -> engine.Remedy | None:
        """How far they are."""
        return engine.remedy([bool(each.verified_by) for each in self.of(*opinions)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a measure is about, as far as it is told: its address in the console, and an opinion without its sender."""

    id: str
    link: str
    day: date
    category: str
    words: str
    restricted: bool
    organisation: str  # its sender's, as the roster has it; "" for the whole house
    known_to: Callable[[str], bool]  # the accounts that may read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Opinions, as those see them who do something about them."""

    opinions: Opinions
    readers: Callable[[], Readers]

    def now(self) -> Self:
        """As accounts and roster stand now: good for one look at many."""
        return replace(self, readers=cache(self.readers))

    def at(self, address: str) -> Subject | None:
        """The opinion at an address of the console."""
        return self._told(self.opinions.at(address))

    def of(self, opinion: str) -> Subject | None:
        """The opinion of this id."""
        return self._told(self.opinions.get(opinion))

    def noting(self, opinion: str, measure: str, *, author: str, day: date) -> Beside:
        """What writes down with the opinion that a measure is begun for it, in the transaction that begins it."""
        note = Note(turn=0, kind=MEASURE, words=measure, day=day, author=author)
        return self.opinions.notes.beside(opinion, note)

    def _told(self, opinion: Opinion | None) -> Subject | None:
        if opinion is None:
            return None
        readers = self.readers()
        return Subject(
            id=opinion.id,
            link=f"/admin/opinion/{self.opinions.address_of(opinion.id)}",
            day=opinion.day,
            category=opinion.category,
            words="" if opinion.review else opinion.words,
            restricted=opinion.restricted,
            organisation=readers.organisation_of(opinion),
            known_to=lambda name: readers.may_read(name, opinion),
        )


def led_by(opinions: Opinions, opinion: Opinion) -> Iterator[Opinion]:
    """An opinion, the one that it was merged into, and so on."""
    seen: set[str] = set()
    at: Opinion | None = opinion
    while at and at.id not in seen:
        seen.add(at.id)
        yield at
        at = opinions.get(at.same_as) if at.same_as else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What admins do with opinions. Their name and the day are noted with it, and nothing of a sender."""

    opinions: Opinions
    promise: Promise
    staff: Staff
    confidence: Confidence
    today: Callable[[], date]
    author: Callable[[], str]
    tell: Callable[[str, str, str], None]
    words: Mapping[str, str]
    sketches: dict[str, tuple[str, int] | None] = field(default_factory=dict)

    # -- one of them -----------------------------------------------------------------------------------------------

    def change(
        self,
        opinion: Opinion,
        changed: Callable[[Opinion], Opinion],
        note: Callable[[Opinion], Note | None] = no_note,
    ) -> Opinion | None:
        """Change it as it stands after what its sender said."""

        def current(now: Opinion) -> Opinion:
            return changed(self.promise.current(replace(now, heard=opinion.heard)))

        return self.opinions.change(opinion.id, current, note=note)

    def moved(self, opinion: Opinion, wanted: State) -> Opinion:
        """In that state; a clock that stood still goes on, and what was ended is promised anew. Raises `NotNext`."""
        if not engine.may_become(opinion.state, wanted):
            raise NotNext
        due, today = opinion.due, self.today()
        if opinion.state == State.ASKED:
            due = self.promise.gone_on(opinion, today)
        elif wanted == State.IN_HAND and opinion.state in engine.ENDS:
            due = self.promise.due(opinion.category, today)
        return opinion.at(state=wanted, due=due)

    def noted(self, opinion: Opinion, kind: str, words: str) -> Note:
        """A note of the admin of this request."""
        return Note(turn=opinion.turns, kind=kind, words=words, day=self.today(), author=self.author())

    def may_be_given_to(self, opinion: Opinion) -> list[str]:
        """The accounts that may have it."""
        return self.confidence.readers().whose(opinion)

    def was_read(self, opinion: Opinion) -> None:
        """Note who opened what few may read, once a day."""
        note = self.noted(opinion, READ, "")
        before = (replace(each, turn=note.turn) for each in self.opinions.notes.of(opinion.id))
        if opinion.restricted and note not in before:
            self.opinions.notes.add(opinion.id, note)

    def assign(self, opinion: Opinion, name: str) -> None:
        """Give it to an admin, or to nobody; they are told that there is one, where they said who they are."""
        if name == opinion.assignee:
            return
        self.change(opinion, lambda now: replace(now, assignee=name), lambda now: self.noted(now, ASSIGNED, name))
        person = self.staff.persons().get(name)
        if person and name != self.author():
            self.tell(person, self.words["assigned"], f"opinion:assigned:{secrets.token_hex(8)}")

    # -- several that say the same ---------------------------------------------------------------------------------

    def alike(self, opinion: Opinion) -> list[tuple[Opinion, float]]:
        """What may say the same as this one, the likest first: an admin decides.

        Opinions are compared by sketches, which live in this process alone; only the likest are opened.
        """
        fillers = self.words["fillers"]
        own = near.sketch(opinion.words, fillers=fillers)
        days = [opinion.day + way * timedelta(days=away) for away in range(_ALIKE_WITHIN.days + 1) for way in (1, -1)]

        def sketched(each: Opinion | Heard | Unread) -> tuple[str, int] | None:
            return (each.id, near.sketch(each.words, fillers=fillers)) if isinstance(each, Opinion) else None

        every = self.opinions.glimpsed(days[1:], self.sketches, sketched, most=_OPENED_A_LOOK)
        close_by = ((near.sketched_likeness(own, marks), id_) for id_, marks in every if id_ != opinion.id)
        likest = nlargest(_LOOKED_INTO, (pair for pair in close_by if pair[0] >= near.ALIKE * _ROUGHLY))
        others = [other for _, id_ in likest if (other := self.opinions.get(id_)) and self._goes_with(other, opinion)]
        found = ((each, near.likeness(opinion.words, each.words, fillers=fillers)) for each in others)
        close = [(each, likeness) for each, likeness in found if likeness >= near.ALIKE]
        return sorted(close, key=lambda pair: -pair[1])[:_ALIKE_SHOWN]

    def _goes_with(self, one: Opinion, other: Opinion) -> bool:
        return one.id != other.id and not one.same_as and one.restricted == other.restricted

    def merge(self, opinion: Opinion, into: Opinion) -> None:
        """Let it go with another from now on: what is said to the sender of that one is said to this one's too."""
        *_, lead = led_by(self.opinions, into)
        if opinion.same_as or not self._goes_with(lead, opinion):
            raise NotTogether
        self.change(opinion, lambda now: replace(now, same_as=lead.id))
        self.opinions.notes.add(lead.id, self.noted(lead, MERGED, opinion.id))

    def part(self, opinion: Opinion) -> None:
        """Let it go its own way again."""
        lead = self.opinions.get(opinion.same_as) if opinion.same_as else None
        self.change(opinion, lambda now: replace(now, same_as=""))
        if lead:
            self.opinions.notes.add(lead.id, self.noted(lead, PARTED, opinion.id))

    def with_it(self, opinion: Opinion) -> list[Opinion]:
        """Those that go with this one, and those that go with them."""
        return list(self._followers(opinion, {opinion.id}))

    def _followers(self, opinion: Opinion, seen: set[str]) -> Iterator[Opinion]:
        ids = [note.words for note in self.opinions.notes.of(opinion.id) if note.kind == MERGED]
        for each in dict.fromkeys(ids):
            found = self.opinions.get(each) if each not in seen else None
            if found and found.same_as == opinion.id:
                seen.add(each)
                yield found
                yield from self._followers(found, seen)
