"""What the platform's words about a message that was sent mean."""

from collections.abc import Mapping
from enum import StrEnum


class Came(StrEnum):
    """What came of a message."""

    SENT = "sent"
    GONE = "gone"  # not this person
    FAILED = "failed"
    AGAIN = "again"  # it surely didn't arrive, and may another time


# By how they begin, without blanks (wechat-platform notes §3.2): the platform writes them with a space and without.
_FAILURES: Mapping[str, tuple[Came, str]] = {
    "failed:userblock": (Came.GONE, "user_block"),
    "failed:systemfailed": (Came.AGAIN, "system_failed"),
    "failed:freqlimit": (Came.AGAIN, "freq_limit"),
    "failed": (Came.FAILED, "not_delivered"),
}


def of_status(status: str) -> tuple[Came, str] | None:
    """What the status of a template message means, with a short word for why; None for one that says nothing."""
    said = "".join(status.casefold().split())
    if said.startswith("success"):
        return Came.SENT, ""
    return next((found for words, found in _FAILURES.items() if said.startswith(words)), None)


def of_code(code: int, words: str, *, is_persons: bool) -> tuple[Came, str] | None:
    """What the ErrorCode of a notice means; `is_persons` where it is one that speaks of the person.

    -1 without words is a number that was missing or none.
    """
    if code == 0 or words.casefold().strip().startswith("success"):
        return Came.SENT, ""
    if code == -1 and not words.strip():
        return None
    return (Came.GONE if is_persons else Came.FAILED), str(code)
