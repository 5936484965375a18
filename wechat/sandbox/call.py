"""One call of the platform's API as its functions see it, and the two shapes of an answer."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat.sandbox import rules
from wechat.sandbox.account import SandboxAccount, Template
from wechat.sandbox.errors import ApiError
from wechat.sandbox.knobs import Hit

OK = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Binary:
    """An answer that is a file, not JSON."""

    filename: str
    content_type: str
    content: bytes


Answer = dict[str, Any] | Binary


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Something to tell the bot: `fields` follow the common head (§1.5).

    `line` is the member's own line it settles; with `answered` the bot may reply and the member sees what comes of it.
    A push that went before is pushed again as its `body`, word for word. `finding` takes time and is done on the way:
    what it finds is told beside `fields`.
    """

    account: SandboxAccount
    openid: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    line: int | None = None
    answered: bool = True
    body: bytes = field(default=b"", repr=False)
    finding: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came over HTTP; `root` is the address of this stand-in as the caller knows it."""

    method: str
    root: str = ""
    path: str
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    upload: Upload | None = field(default=None, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request already let in: whose it is, the open transaction, the time in seconds, pushes to send afterwards.

    `daily` are the quotas of today and `hit` the faults that befall this call.
    """

    account: SandboxAccount
    db: sqlite3.Connection
    now: float
    request: Request
    body: Mapping[str, Any]
    templates: Mapping[str, Template]
    daily: Mapping[str, int]
    hit: Hit = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)

    def one(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        row: sqlite3.Row | None = self.db.execute(query, _kept(values)).fetchone()
        return row

    def all(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Every row of a query."""
        return self.db.execute(query, _kept(values)).fetchall()

    def member(self, openid: object, *, else_code: int = 40003) -> sqlite3.Row:
        """The account's member of that openid, following or not; anyone else is refused."""
        row = self.one("select * from members where openid = ? and account = ?", str(openid), self.account.name)
        if row is None:
            raise ApiError(else_code)
        return row

    def text(self, name: str) -> str:
        """A field of the body as a string, "" where it is absent or something else."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def many(self, name: str) -> list[Any]:
        """A field of the body as a list, [] where it is absent or something else."""
        value = self.body.get(name)
        return value if isinstance(value, list) else []

    def span(self) -> tuple[int, int]:
        """Where a page begins and how many it has, 1 to 20 (§3.6, §8); another is 40097 (M)."""
        start, most = self.body.get("offset"), self.body.get("count")
        if not isinstance(start, int) or not isinstance(most, int) or start < 0 or not 1 <= most <= rules.LISTED:
            raise ApiError(40097)
        return start, most

    def part(self, name: str) -> Mapping[str, Any]:
        """A field of the body as an object, {} where it is absent or something else."""
        value = self.body.get(name)
        return value if isinstance(value, dict) else {}


def _kept(values: tuple[object, ...]) -> tuple[object, ...]:
    """Values as they can be looked for; a list where a word belongs is 40097, and so is an endless number."""
    for value in values:
        endless = isinstance(value, int) and abs(value) > _LARGEST
        if endless or not isinstance(value, str | int | float | None):
            raise ApiError(40097)
    return values


_LARGEST = 2**63 - 1
