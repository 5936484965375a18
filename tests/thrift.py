"""What hundreds of programs in one process need not do again each, and what a run of the tests need not do at all."""

import gc
from collections.abc import Callable, Generator
from functools import cache
from types import MethodType
from typing import Any, ClassVar

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS = 3000  # compiled ones that are kept of each dialect
# A program that is built keeps tens of thousands of things until its test is over, and then they are rubbish: looked
# through before, they cost a fifth of what it takes to build it.
RARELY = (200_000, 2, 10)


class Thrift:
    """A plugin that spares the garbage collector what stays to the end anyway: modules, and thousands of tests."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Nothing that is collected is rubbish."""
        gc.disable()
        try:
            return (yield)
        finally:
            gc.freeze()
            gc.set_threshold(*RARELY)
            gc.enable()


class Route(Rule):
    """A route as it is, read once for all applications that have it too.

    Its way back to an address is compiled when somebody asks for it: few tests ask for many.
    """

    _first: ClassVar[dict[object, "Route"]] = {}

    def compile(self) -> None:
        assert self.map is not None
        defaults, converters = frozenset((self.defaults or {}).items()), frozenset(self.map.converters.items())
        words = (self.rule, self.subdomain, self.host, self.merge_slashes, self.map.host_matching)
        first = self._first.setdefault((*words, defaults, converters), self)
        if first is self:
            super().compile()
            return
        self._parts, self._trace, self._converters = first._parts, first._trace, first._converters
        self.arguments = first.arguments
        self._build = MethodType(first._build.__func__, self)  # type: ignore[attr-defined] # it is a method
        self._build_unknown = MethodType(first._build_unknown.__func__, self)  # type: ignore[attr-defined]

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        built = cache(super()._compile_builder)
        return lambda rule, **values: built(append_unknown)(rule, **values)  # noqa: PLW0108 # compiled when called


class Templates(BytecodeCache):
    """Templates that were compiled before, by what stands in them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


class Compiled:
    """Statements that were compiled before, whichever engine of this dialect it was for.

    SQLAlchemy looks one up by its dialect too: two that compile alike are equal here.
    """

    def __init__(self, dialect: type[Dialect]) -> None:
        self._statements: LRUCache[Any, Any] = LRUCache(STATEMENTS)
        dialect.__eq__ = _are_alike  # type: ignore[method-assign]
        dialect.__hash__ = lambda each: hash(_way(each))  # type: ignore[method-assign,assignment]
        dialect.engine_created = self._share  # type: ignore[method-assign]

    def _share(self, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=self._statements)


def _are_alike(one: object, other: object) -> bool:
    return isinstance(one, Dialect) and type(one) is type(other) and _way(one) == _way(other)


def _way(dialect: Any) -> tuple[str, str, str]:
    return dialect.name, dialect.driver, dialect.paramstyle


def all_alike() -> None:
    """Let every Flask application and every engine of this process share in it, by what these have for that."""
    Flask.url_rule_class = Route
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    for dialect in (sqlite.pysqlite.dialect, postgresql.psycopg.dialect):
        Compiled(dialect)
