"""What the quiz tells of itself: what can be chosen or reviewed, how an exam and a study stand."""

from dataclasses import dataclass
from datetime import date, datetime

from content.exams import Exam
from handlers.quiz.engine import Mode
from handlers.quiz.engine.memory import Review
from handlers.quiz.service.points import Own
from storage.sittings import Sitting

MOST_SUGGESTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """What a person has to go through again, as far as the day's load allows: `offered` now, of `waiting`.

    `next` is the day on which something is due again, where nothing waits.
    """

    waiting: list[Review]
    offered: list[Review]
    next: date | None

    @property
    def is_enough(self) -> bool:
        """Whether something waits and the day's load is done."""
        return bool(self.waiting) and not self.offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A topic or a bank that can be chosen: how many questions it has, and how many of them are behind somebody."""

    id: str
    title: str
    questions: int
    reached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An exam as it stands for somebody at `now`: whether it `is_open` to them."""

    exam: Exam
    sitting: Sitting | None
    is_open: bool
    now: datetime

    @property
    def is_going(self) -> bool:
        """Whether its clock runs."""
        return self.sitting is not None and self.sitting.mark is None and self.now < self.sitting.ends_at

    @property
    def can_begin(self) -> bool:
        """Whether it can be begun now, or again."""
        may = self.sitting is None or (self.exam.practice and not self.is_going)
        return may and self.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Weak:
    """A topic with questions whose newest answer was wrong: so many `missed` of those `tried`."""

    id: str
    title: str
    missed: int
    tried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Where somebody stands in what they study; it is told when they ask, and to nobody else.

    `given` answers, `right` ones of them. `suggested` says what might be next, in order: a mode, and a topic's place
    in `weak` where it is of one. `points` are one's own, where they are switched on.
    """

    given: int
    right: int
    weak: list[Weak]
    reviews: Reviews
    is_today_done: bool
    points: Own | None = None

    @property
    def suggested(self) -> list[Mode]:
        """What might be next."""
        wanted = {
            Mode.TODAY: not self.is_today_done,
            Mode.MISTAKES: bool(self.reviews.offered),
            Mode.TOPIC: bool(self.weak),
        }
        return [mode for mode, is_wanted in wanted.items() if is_wanted][:MOST_SUGGESTED]
