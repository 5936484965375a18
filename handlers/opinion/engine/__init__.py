"""The rules of the opinion box: which state follows which, who has to look first, and what admins may write."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from content.unseen import typed


class State(StrEnum):
    """How far an opinion has come."""

    RECEIVED = "received"
    IN_HAND = "in_hand"
    ASKED = "asked"  # we asked the sender something, and wait
    ANSWERED = "answered"
    PARTLY = "partly"  # answered, and only a part of it could be done
    CLOSED = "closed"
    REOPENED = "reopened"  # by the sender


class Review(StrEnum):
    """Why a person has to look at words or a picture first: the platform or a watched word says so, or nobody could.

    The gravest comes first.
    """

    RISKY = "risky"
    DOUBTFUL = "review"
    WATCHED = "watched"
    UNCHECKED = "unchecked"


JUDGED_WITHIN = timedelta(hours=2)  # the platform judges what comes from who was in the mini-program so lately
_PASSED = "pass"


def review_of(suggest: str) -> str:
    """What a suggestion of the platform means here: "" lets it pass, and what we don't know is for a person."""
    if suggest == _PASSED:
        return ""
    return Review(suggest) if suggest in {Review.RISKY, Review.DOUBTFUL} else Review.UNCHECKED


def watched(words: str, marks: Iterable[str]) -> str:
    """Whether one of these marks stands in the words, however it is spaced or written: the review for it, or ""."""
    plain = bare(words)
    return Review.WATCHED if any(mark and mark in plain for mark in map(bare, marks)) else ""


def bare(words: str) -> str:
    """Words as they are compared: of one width and case, without what stands between letters."""
    return "".join(each for each in unicodedata.normalize("NFKC", words).casefold() if each.isalnum())


def worse(one: str, other: str) -> str:
    """The graver of two reviews; a later one takes no mark off."""
    order = ["", *reversed(Review)]
    return max(one, other, key=order.index)


def to_judge(words: str, *, name: str, verified: bool) -> str:
    """What is judged of an opinion's words: a name that somebody typed is among them."""
    return f"{name}\n{words}" if name and not verified else words


ENDS = frozenset({State.ANSWERED, State.PARTLY, State.CLOSED})
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.RECEIVED: ENDS | {State.IN_HAND, State.ASKED},
    State.IN_HAND: ENDS | {State.ASKED},
    State.ASKED: ENDS | {State.IN_HAND},
    State.ANSWERED: ENDS | {State.IN_HAND},  # an answer may be mended
    State.PARTLY: ENDS | {State.IN_HAND},
    State.CLOSED: frozenset({State.IN_HAND}),
    State.REOPENED: ENDS | {State.IN_HAND, State.ASKED},
}


def may_become(state: str, wanted: str) -> bool:
    """Whether `wanted` is a state that may follow."""
    return wanted in TRANSITIONS[State(state)]


class Remedy(StrEnum):
    """How far what is done about it beyond an answer has come, in one or more measures."""

    RUNS = "runs"
    SEEN = "seen"  # somebody else has seen of each that it is done


def remedy(verified: Sequence[bool]) -> Remedy | None:
    """How far it is, of whether each measure was verified; None where there is none."""
    return (Remedy.SEEN if all(verified) else Remedy.RUNS) if verified else None


# -- what admins write ---------------------------------------------------------------------------------------------

WHY_LONGEST = 100  # of a reason to look at what is masked
NOTE_LONGEST = 500  # of what we say: it fits the platform's text with a line before it
TAGS, TAG_LONGEST = 5, 10  # so many of an opinion, of so many characters: each row is as long as any other
_GAP = re.compile("【[^】]*】")
_BETWEEN_TAGS = re.compile(r"[\s、，,；;#]+")


def gaps(words: str, ready: Iterable[str]) -> list[str]:
    """What the `ready` words leave to be filled in, 【so】, and what still stands in these words."""
    left = {gap for each in ready for gap in _GAP.findall(each)}
    return [gap for gap in _GAP.findall(words) if gap in left]


def tags(written: str) -> tuple[str, ...] | None:
    """The tags in what an admin wrote; None where there are too many, or one is too long."""
    found = tuple(dict.fromkeys(filter(None, _BETWEEN_TAGS.split(typed(written)))))
    return found if len(found) <= TAGS and all(len(each) <= TAG_LONGEST for each in found) else None
