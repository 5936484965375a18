"""A correction: words for exactly those who heard a run that said something wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from content.broadcasts import Broadcast
from content.library import Library
from scheduler import reasons
from scheduler.composing import UNBEGUN
from scheduler.rendering import correction_in_words
from storage.runs import Run, Runs
from storage.states import RunState

LIVES = timedelta(days=1)  # what is put right a day later by this run isn't said any more
URGENT = 9  # what is wrong is put right before anything else begins


class Why(StrEnum):
    """Why a run can't be corrected."""

    UNKNOWN = "unknown"  # there is no such run
    UNBEGUN = "unbegun"  # it has told nobody: cancel it
    UNHEARD = "unheard"  # nobody is known who heard it
    FOLDED = "folded"  # it is long over: who heard it isn't known any more
    NO_WORDS = "no_words"


class Uncorrectable(Exception):
    """There is nobody whom a correction of this run is for, or nothing to tell them."""

    def __init__(self, key: str, why: Why) -> None:
        super().__init__(key, why)
        self.key = key
        self.why = why


class Correcting:
    """Knows which run may be corrected, and makes the run that does."""

    def __init__(self, store: Runs, *, library: Callable[[], Library]) -> None:
        self._store = store
        self._library = library

    def check(self, broadcast: Broadcast) -> None:
        """Raise where a broadcast is a correction and of no use."""
        if broadcast.corrects:
            self._check(self._store.run(broadcast.corrects), broadcast.corrects)

    def run(self, wrong: Run, words: str, now: datetime) -> Run:
        """The run that says these words of that one: one for each saying, whoever asks again."""
        self._check(wrong, wrong.key)
        if not words.strip():
            raise Uncorrectable(wrong.key, Why.NO_WORDS)
        groups = self._store.taking_back.groups_of(wrong.key)
        content = correction_in_words(self._library(), words.strip(), wrong=wrong, groups=groups)
        return Run(
            key=self._key(wrong.key, content.text),
            broadcast=wrong.broadcast,
            title=reasons.CORRECTION.format(title=wrong.title),
            content=content,
            due_at=now,
            expires_at=now + LIVES,
            planned_at=now,
            state=RunState.PLANNING,
            four_eyes=wrong.four_eyes,
            priority=URGENT,
        )

    def _check(self, wrong: Run | None, key: str) -> None:
        if wrong is None:
            raise Uncorrectable(key, Why.UNKNOWN)
        if wrong.state in UNBEGUN or wrong.reason == reasons.CALLED_OFF:
            raise Uncorrectable(key, Why.UNBEGUN)
        if wrong.folded_at:
            raise Uncorrectable(key, Why.FOLDED)
        taking_back = self._store.taking_back
        if not (taking_back.may_have_heard(key) or taking_back.groups_of(key)):
            raise Uncorrectable(key, Why.UNHEARD)

    def _key(self, wrong: str, text: str) -> str:
        """The first that is free, or has these words."""
        keys = (f"{wrong}-corrected" if number == 1 else f"{wrong}-corrected-{number}" for number in count(1))
        known = ((key, self._store.run(key)) for key in keys)
        return next(key for key, run in known if run is None or run.content.text == text)
