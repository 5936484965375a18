"""What a password must be, and its hash: long enough, and not what guessers try first (NIST SP 800-63B, 5.1.1.2).

No capitals, digits or signs are asked for, and none grows old by itself: such rules make passwords worse.
"""

import re
import secrets
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storage import codes

SHORTEST, LONGEST = 10, 256  # characters
FIRST_PASSWORD_LETTERS = 12
LEFT_OVER = 5  # characters that a guesser wouldn't come to at once
_RUN = 4  # characters: shorter ones are in every sentence

# Rows and columns of the keyboard, and what goes on by itself.
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    *("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
)
# What heads the lists of passwords that became known, in the world and in Chinese, and what this program is about.
_COMMONEST = (
    *("password", "passwd", "letmein", "welcome", "iloveyou", "admin", "administrator", "root", "login", "master"),
    *("monkey", "dragon", "sunshine", "princess", "football", "baseball", "superman", "secret", "default", "guest"),
    *("woaini", "aini", "5201314", "1314", "520", "mima", "nihao", "woshi", "wangyi", "taobao", "tencent", "weixin"),
    *("zhibu", "dangyuan", "dangjian", "zhongguo", "beijing", "shanghai", "china", "gongchandang", "guanliyuan"),
    *("支部", "党员", "党建", "管理员", "管理台", "密码", "我爱你", "中国"),
)
_LOOKS_LIKE = str.maketrans("01345@$!", "oleasasi")

_hasher = PasswordHasher()


class Fault(StrEnum):
    """Why a password is none."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"  # made of what guessers try first
    NAMED = "named"  # made of the account's or the site's own name
    SAME = "same"  # as the one before


class UnfitPassword(ValueError):
    """A password that is none; the text is for operators."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(_TOLD[fault])
        self.fault = fault


_TOLD = {
    Fault.SHORT: f"a password needs at least {SHORTEST} characters",
    Fault.LONG: f"a password has at most {LONGEST} characters",
    Fault.COMMON: "this password is among the first that are guessed: several words that don't go together are better",
    Fault.NAMED: "this password is made of the name of the account or the site, which a guesser tries first",
    Fault.SAME: "this is the password from before",
}


def hashed(password: str) -> str:
    """The argon2 hash of a password of 10 to 256 characters; nothing else is asked of it. Raises UnfitPassword."""
    if len(password) < SHORTEST:
        raise UnfitPassword(Fault.SHORT)
    if len(password) > LONGEST:
        raise UnfitPassword(Fault.LONG)
    return _hasher.hash(password)


def weakness(password: str, *, names: Iterable[str]) -> Fault | None:
    """Why somebody would guess it soon: hardly anything of it is its own. `names` are the account's and the site's."""
    bare = _without_repeats(password.casefold())
    rest = _without(_without_runs(_without(bare, _COMMONEST)), _COMMONEST)
    if min(len(rest), len(_without(bare.translate(_LOOKS_LIKE), _COMMONEST))) < LEFT_OVER:
        return Fault.COMMON
    return Fault.NAMED if len(_without(rest, [name.casefold() for name in names])) < LEFT_OVER else None


def fitting(password: str, *, names: Iterable[str]) -> str:
    """The hash of a password that is long enough and not weak. Raises UnfitPassword."""
    made = hashed(password)
    fault = weakness(password, names=names)
    if fault:
        raise UnfitPassword(fault)
    return made


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether they belong together. Without a hash it takes as long, and they don't."""
    try:
        return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def first() -> str:
    """A password to be told to somebody and changed by them: letters that can be read aloud, by fours."""
    letters = codes.drawn(FIRST_PASSWORD_LETTERS)
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex(16))


def _without(password: str, words: Iterable[str]) -> str:
    for word in words:
        if len(word) > 1:
            password = password.replace(word, "")
    return password


def _without_repeats(password: str) -> str:
    """A password that is one piece again and again is that piece."""
    for length in range(1, len(password) // 2 + 1):
        piece = password[:length]
        if (piece * (len(password) // length + 1))[: len(password)] == password:
            return piece
    return password


def _without_runs(password: str) -> str:
    """Without rows of the keyboard, in either direction, and one letter several times."""
    return _runs().sub("", password)


@cache
def _runs() -> re.Pattern[str]:
    ways = [way for row in _ROWS for way in (row, row[::-1])]
    pieces = {way[at:end] for way in ways for at in range(len(way)) for end in range(at + _RUN, len(way) + 1)}
    longest_first = sorted(pieces, key=len, reverse=True)
    return re.compile("|".join([rf"(.)\1{{{_RUN - 1},}}", *map(re.escape, longest_first)]))
