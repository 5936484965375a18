"""What the answers say of the questions, and how many took part: of groups alone, and as a workbook too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from content.exams import Exam
from content.intake import left_behind
from content.large_banks import AnyBank, whole
from content.library import Library
from content.models import Drawn
from content.roles import Duty, Reach
from content.shelf import Shelf
from handlers import access, many, workbooks
from handlers.quiz.engine import statistics
from handlers.quiz.engine.marking import SELF_JUDGED, Asked, Kept
from handlers.quiz.service import Service
from storage.item_numbers import Again, ItemNumbers, Sums
from storage.participation import Participation
from storage.regards import Regards, Votes

AT_ONCE = 200  # questions on a page
EASY, HARD = 0.9, 0.3  # right answers beyond which a question tells little


class Item(NamedTuple):
    """A question with what its answers say; without `people` fewer than five have answered it."""

    question: Drawn
    people: int = 0
    right: float = 0.0
    discrimination: float | None = None
    again: Again | None = None
    useful: int = 0  # people who said so, at least
    useless: int = 0

    @property
    def is_bad(self) -> bool:
        """Whether those who know more are wrong here more often: the key, or the question, is at fault."""
        return self.discrimination is not None and self.discrimination < 0


class Taken(NamedTuple):
    """Who took part of a group; None where it can't be told."""

    name: str
    members: int
    took_part: int | None


class Result(NamedTuple):
    """What an exam came to for so many people, a multiple of five."""

    people: int
    passed: float
    average: float


class Held(NamedTuple):
    """An exam as admins see it; without a result fewer than five have sat it.

    It isn't told of others than those within one's reach.
    """

    exam: Exam
    audience: list[str]
    opens_at: datetime | None
    closes_at: datetime | None
    result: Result | None
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the pages show. The numbers are worked out once an hour: they are over all answers there are."""

    shelf: Shelf
    items: ItemNumbers
    participation: Participation
    regards: Regards
    service: Service
    clock: Callable[[], datetime]
    zone: ZoneInfo
    words: Mapping[str, str]
    _known: dict[datetime, tuple[dict[str, Sums], dict[str, Again]]] = field(default_factory=dict, repr=False)

    def bank(self, name: str) -> ResponseReturnValue:
        """A bank's questions with their numbers, those at fault first told; of a large bank so many at once."""
        bank = self._bank(name)
        items = self._items(bank)
        at = max(0, min(request.args.get("after", 0, type=int), (len(items) - 1) // AT_ONCE * AT_ONCE))
        shown = _read(bank, items[at:][:AT_ONCE])
        bad = [each for each in items if each.is_bad]
        useless = sorted((each for each in items if each.useless), key=lambda each: -each.useless)
        return render_template(
            "quiz/admin/numbers.html",
            bank=bank,
            left_behind=[*left_behind((*bank.outlines, *filter(None, map(self._library.case_of, bank.outlines))))],
            items=shown,
            after=at,
            at_once=AT_ONCE,
            number=len(items),
            told=[each for each in shown if each.people],
            is_any_told=any(each.people for each in items),
            number_bad=len(bad),
            bad=_read(bank, bad[:AT_ONCE]),
            number_useless=len(useless),
            useless=_read(bank, useless[:AT_ONCE]),
            easy=EASY,
            hard=HARD,
            self_judged=SELF_JUDGED,
        )

    def question(self, name: str, id_: str) -> ResponseReturnValue:
        """A question as members see it, with its numbers and the wrong answers that many gave."""
        bank = self._bank(name)
        item = next((each for each in self._items(bank) if each.question.id == id_), None)
        if item is None:
            abort(404)
        item = _read(bank, [item])[0]
        asked = self.service.shown(whole(bank, item.question), seed="")
        cells = self.items.wrong([id_]).get(id_, {}) if item.people else {}
        shown, others = statistics.told(cells)
        wrong = [(_answer(asked, Kept(*kept)), count) for kept, count in shown]
        return render_template(
            "quiz/admin/question.html", bank=bank, item=item, asked=asked, wrong=wrong, others=others
        )

    def workbook(self, name: str) -> ResponseReturnValue:
        """A bank's numbers as a workbook."""
        bank = self._bank(name)
        rows = [[*self._cells(bank, each)] for each in self._items(bank)]
        return workbooks.sent("numbers", [self.words[key] for key in HEAD], rows)

    def took_part(self) -> ResponseReturnValue:
        """How many of each organisation took part, month by month."""
        pointing = self.service.pointing if access.reach(Duty.STUDY).everywhere else None
        return render_template(
            "quiz/admin/participation.html",
            months=[*self._months()],
            basis=pointing.basis() if pointing else "",
            points=[(begins, pointing.told(begins=begins, ends=ends)) for begins, ends in self._over() if pointing],
        )

    def exams(self) -> ResponseReturnValue:
        """The exams, and what those came to that each may sit once: over whole fives of people.

        What an exam for all came to is the whole house's.
        """
        library, reach = self._library, access.reach(Duty.STUDY)
        told = [
            Held(
                exam=each,
                audience=[library.organisation_name(id_) for id_ in each.audience],
                opens_at=each.opens_at and each.opens_at.astimezone(self.zone),
                closes_at=each.closes_at and each.closes_at.astimezone(self.zone),
                result=None if each.practice or not is_told else _result(self.service.sittings.came_to(each.key)),
                is_told=is_told,
            )
            for each in library.exams.values()
            if not each.audience or any(map(reach.covers, each.audience))
            for is_told in [reach.everywhere or (bool(each.audience) and all(map(reach.covers, each.audience)))]
        ]
        return render_template("quiz/admin/exams.html", exams=told)

    def _cells(self, bank: AnyBank, item: Item) -> Iterator[str | float | None]:
        yield item.question.id
        yield whole(bank, item.question).stem
        if not item.people:
            return
        yield item.people
        yield round(item.right, 2)
        yield None if item.discrimination is None else round(item.discrimination, 2)
        if item.again:
            yield round(item.again.first / item.again.people, 2)
            yield round(item.again.second / item.again.people, 2)

    def _bank(self, name: str) -> AnyBank:
        return self._library.banks.get(name) or abort(404)

    def _items(self, bank: AnyBank) -> list[Item]:
        sums, again = self._all()
        votes, reach = self.regards.votes(), access.reach(Duty.BANKS)
        told = {each.id for each in bank.outlines if self._is_within(each, reach)}
        items = (
            _item(each, sums[each.id], again.get(each.id))
            if each.id in sums and each.id in told and each.type not in SELF_JUDGED
            else Item(each)
            for each in bank.outlines
        )
        return [
            _voted(each, votes[each.question.id]) if each.question.id in votes.keys() & told else each for each in items
        ]

    def _is_within(self, question: Drawn, reach: Reach) -> bool:
        """Whether its numbers may be told there: those of a question for one organisation are that one's."""
        case = self._library.case_of(question)
        return all(map(reach.covers, (*question.audience, *(case.audience if case else ()))))

    def _all(self) -> tuple[dict[str, Sums], dict[str, Again]]:
        hour = self.clock().replace(minute=0, second=0, microsecond=0)
        known = self._known.get(hour)
        if known is None:
            sums, again = self.items.sums(), self.items.again()
            known = {each.question: each for each in sums}, {each.question: each for each in again}
            self._known.clear()
            self._known[hour] = known
        return known

    def _months(self) -> Iterator[tuple[datetime, Sequence[Taken]]]:
        reach = access.reach(Duty.STUDY)
        for begins, ends in self._over():
            shares = self.participation.of(f"{begins:%Y-%m}", begins=begins, ends=ends)
            large, small = statistics.gathered((each.organisation, each.members, each.took_part) for each in shares)
            groups = [
                (self._library.organisation_name(at), members, did) for at, members, did in large if reach.covers(at)
            ]
            if small[0] >= statistics.FEWEST and reach.everywhere:  # two sums of some of them would tell of a third
                groups.append((self.words["small_groups"], *small))
            yield begins, [Taken(name, members, statistics.share(did, members)) for name, members, did in groups]

    def _over(self) -> Iterator[tuple[datetime, datetime]]:
        """When each of the months that are over began and ended."""
        for first, last in many.months(self.clock().astimezone(self.zone).date()):
            after = last + timedelta(days=1)
            yield datetime.combine(first, time(), self.zone), datetime.combine(after, time(), self.zone)

    @property
    def _library(self) -> Library:
        return self.shelf.current()


HEAD = ("head_id", "head_stem", "head_people", "head_right", "head_discrimination", "head_first", "head_second")


def _item(question: Drawn, sums: Sums, again: Again | None) -> Item:
    people, right = int(sums.people), statistics.difficulty(sums)
    return Item(question, people, right, statistics.discrimination(sums), again)


def _result(came_to: Sequence[tuple[int, bool]]) -> Result | None:
    whole_fives = came_to[: many.in_fives(len(came_to))]
    if not whole_fives:
        return None
    count = len(whole_fives)
    passed, marks = sum(passed for _, passed in whole_fives), sum(mark for mark, _ in whole_fives)
    return Result(count, passed / count, marks / count)


def _voted(item: Item, votes: Votes) -> Item:
    useful, useless = map(many.in_fives, votes)
    return item._replace(useful=useful, useless=useless)


def _read(bank: AnyBank, items: Sequence[Item]) -> list[Item]:
    """Items with the words of their questions."""
    return [each._replace(question=whole(bank, each.question)) for each in items]


def _answer(asked: Asked, kept: Kept) -> str:
    """An answer as an admin reads it."""
    said = asked.was(kept)
    if isinstance(said, tuple):
        return "；".join(said)
    order = [choice.id for choice in asked.shown]
    texts = {choice.id: choice.text for choice in asked.shown}
    return "、".join(texts.get(each, each) for each in sorted(said, key=lambda each: (each not in order, each)))
