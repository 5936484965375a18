"""All that app.py knows of a slice."""

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, Self

from flask import Blueprint
from sqlalchemy.engine import Connection

from content.library import Library
from content.roles import Duty
from handlers.finding import Found
from handlers.router import Router
from scheduler.job import Job

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a copy of somebody's data; a cell is a text, a number, a day or a moment, and None is nothing."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, phrase: str, rows: Iterable[Sequence[Any]]) -> Self:
        """By a phrase that says its name and then its columns, a line each."""
        name, *columns = phrase.strip().splitlines()
        return cls(name, tuple(columns), tuple(tuple(row) for row in rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeps:
    """What a feature keeps of a person, and how it lets go.

    `tables` names every table of its own with a person column; `show` gives lines a member can read ("答题：12 题");
    `export` gives the same as tables, to be taken along;
    `erase` deletes or unties the person's rows in the transaction that erases the person everywhere; `unite` gives the
    rows of one person to another, in the transaction that makes the two one.
    """

    tables: tuple[str, ...]
    show: Callable[[str], Sequence[str]]
    erase: Callable[[Connection, str], None]
    unite: Callable[[Connection, str, str], None]
    export: Callable[[str], Sequence[Sheet]] = lambda _: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for an account of the console: how many, the same in words, and where to see it.

    `link` is "" where the account can do no more than tell somebody.
    """

    count: int
    said: str
    link: str
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Something that waits for whoever has a duty, and the accounts that could see to it now.

    `organisation` is "" where it is the whole house's; `named` is the one account that it is for, where there is one.
    """

    duty: Duty
    who: Collection[str]
    organisation: str = ""
    named: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What members would see of a file of the pack: `said` in the chat, each under what it is; a `page` of theirs."""

    said: Sequence[tuple[str, str]] = ()
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One slice: its name everywhere, and the doors it has.

    `waits` says what waits for an account of the console, and nothing that it may not see: each page asks. `warns` says
    the same of what the overview alone asks for. `queue` is all that waits, for any or for none: it is asked outside of
    requests too. `preview` says what members would see of a file in a pack that isn't served. `search` finds what has
    all of some words, of what the admin of a request may see.
    """

    name: str
    chat: Router | None = None
    api_for_anyone: Blueprint | None = None
    api: Blueprint | None = None
    pages_for_anyone: Blueprint | None = None
    pages: Blueprint | None = None
    admin: Blueprint | None = None
    jobs: tuple[Job, ...] = ()
    keeps: Keeps | None = None
    waits: Callable[[str], Sequence[Waiting]] = lambda _: ()
    warns: Callable[[str], Sequence[Waiting]] = lambda _: ()
    queue: Callable[[], Iterable[Queued]] = lambda: ()
    preview: Callable[[Library, str], Preview] = lambda _library, _file: Preview()
    search: Callable[[Sequence[str]], Iterable[Found]] = lambda _: ()

    @property
    def help(self) -> str:
        """The phrase that says in one line what a member can do here."""
        return f"{self.name}.help"


@cache
def words_beside(file: str) -> Mapping[str, Any]:
    """What admins read of a slice besides its templates: the `words.toml` beside `file`, read once in a process."""
    return MappingProxyType(tomllib.loads(Path(file).with_name("words.toml").read_text("utf-8")))


def in_turn(*acts: Callable[P, None]) -> Callable[P, None]:
    """One act of several, such as what each store of a slice erases."""

    def act(*args: P.args, **named: P.kwargs) -> None:
        for each in acts:
            each(*args, **named)

    return act
