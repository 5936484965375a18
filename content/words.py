"""Words with gaps: Jinja2 in a sandbox, where a gap nobody fills is an error and never a blank."""

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content import faults
from content.faults import Unreadable


@dataclass(frozen=True, slots=True)
class Template:
    """Compiled words; `values` are the names of their gaps, `parts` what they ask of those, behind a dot."""

    source: str
    values: frozenset[str]
    parts: frozenset[str]
    _compiled: jinja2.Template
    _is_plain: bool  # most phrases have no gap: rendering them would cost more than all the rest of saying them

    def fill(self, values: Mapping[str, Any]) -> str:
        """Give the finished words; raises `jinja2.UndefinedError` when a gap has no value."""
        return self.source if self._is_plain else self._compiled.render(values)

    def line_of(self, name: str) -> int:
        """Give the 1-based line on which a name first stands."""
        found = re.search(rf"\b{re.escape(name)}\b", self.source)
        return self.source.count("\n", 0, found.start() if found else 0) + 1


@lru_cache(maxsize=4096)
def template(source: str) -> Template:
    """Compile words; raises `Unreadable` with the line inside them."""
    words = _environment()
    try:
        parsed = words.parse(source)
        _see_that_it_ends(parsed)
        gaps = frozenset(meta.find_undeclared_variables(parsed))
        parts = frozenset(asked.attr for asked in parsed.find_all(nodes.Getattr))
        return Template(source, gaps, parts, words.from_string(source), "{" not in source)
    except jinja2.TemplateSyntaxError as error:
        detail = faults.template_detail(error.message or "", TAGS)
        raise Unreadable("words_syntax", line=error.lineno, detail=detail) from None
    except (RecursionError, ValueError):  # a number of thousands of digits
        raise Unreadable("too_deep") from None


def try_out(words: Template, values: Mapping[str, Any]) -> None:
    """Fill the gaps with a sample; raises `Unreadable` with the line inside the words."""
    try:
        words.fill(values)
    except Exception as error:  # noqa: BLE001 - admins' words can fail in any way Python can
        inside = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        detail = faults.template_detail(str(error), {*values, *_parts(values.values())})
        raise Unreadable("words_failed", line=(inside or [1])[-1] or 1, detail=detail) from None


def _parts(values: Iterable[Any], *, depth: int = 2) -> Iterator[str]:
    """What can be asked of values behind a dot, and of what they hold."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _parts(value[:1], depth=depth)
        elif isinstance(value, Mapping):
            yield from map(str, value)
        elif is_dataclass(value):
            yield from (each.name for each in fields(value))
            if depth:
                held = (getattr(value, each.name, None) for each in fields(value))
                yield from _parts(held, depth=depth - 1)


# -- words that come to an end -----------------------------------------------------------------------------------------

# Whoever writes words may otherwise let every process that fills them work for ever, or take all memory: so what they
# can say grows with what they wrote and what they are given, and not with its powers (docs/security.md).
_SAID = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem)
_ASKED = (nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test)
_MADE = (nodes.Slice, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword)
_RECKONED = (nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg)
_HARMLESS = (*_SAID, *_ASKED, *_MADE, *_RECKONED, nodes.Filter, nodes.Call)
TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
MOST_LOOPS = 3  # inside one another
CALLED = frozenset({"strftime", "isoformat", "weekday", "isoweekday", "date", "get"})
FILTERS = frozenset(
    {"join", "format", "truncate", "length", "count", "list", "first", "last", "default", "map", "select", "selectattr"}
    | {"reject", "rejectattr", "sort", "unique", "reverse", "sum", "min", "max", "round", "int", "abs", "trim"}
    | {"upper", "lower", "string"}
)
_WIDE = re.compile(r"%[^%a-zA-Z]*(?:\d{3}|\*)")  # "%1000000000d" is a gigabyte


def _see_that_it_ends(node: nodes.Node, *, loops: int = 0, joins: int = 0) -> None:
    """Whether words do only what comes to an end soon, whatever they are given. Raises `Unreadable`."""
    loops += isinstance(node, nodes.For)
    joins += isinstance(node, nodes.Filter) and node.name == "join"
    if loops > MOST_LOOPS or joins > 1 or not _is_harmless(node):
        said, known = _called(node), FILTERS if isinstance(node, nodes.Filter) else ()
        raise Unreadable("words_beyond", line=node.lineno, said=said, guess=faults.perhaps(said, known))
    for each in node.iter_child_nodes():
        _see_that_it_ends(each, loops=loops, joins=joins)


def _is_harmless(node: nodes.Node) -> bool:
    match node:
        case nodes.For():
            return not node.recursive
        case nodes.Call():
            return isinstance(node.node, nodes.Getattr) and node.node.attr in CALLED
        case nodes.Filter(name="join"):
            return all(isinstance(each, nodes.Const) for each in node.args)  # what stands between grows with the rest
        case nodes.Filter(name="format"):
            return isinstance(node.node, nodes.Const) and not _WIDE.search(str(node.node.value))
        case nodes.Filter():
            return node.name in FILTERS
        case _:
            return isinstance(node, _HARMLESS)


def _called(node: nodes.Node) -> str:
    """What a piece of words is called, as they have it."""
    return str(getattr(node, "name", "") or getattr(node, "operator", "") or type(node).__name__.lower())


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja2's, which looks longest at what can do the least harm."""
        value = _MISSING if attribute[:1] == "_" else getattr(obj, attribute, _MISSING)
        return value if _IS_HARMLESS[type(value)] else super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One dict: Jinja2's chain of two is copied name by name whenever words are filled."""
        return {**self.globals, **(d or {})}


class _Verdicts(dict[type, bool]):
    """Whether values of a type can neither be called nor changed, wherever they came from."""

    def __missing__(self, kind: type) -> bool:
        is_frozen = getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
        is_plain = is_frozen or kind in _PLAIN or issubclass(kind, Enum)
        self[kind] = is_plain and not any("__call__" in each.__dict__ for each in kind.__mro__)
        return self[kind]


_PLAIN = frozenset({str, int, float, bool, tuple, type(None)})
_IS_HARMLESS = _Verdicts()
_MISSING: Any = object()


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Chat is plain text; pages escape what they are given.
    environment = _Sandbox(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    environment.globals.clear()  # range and lipsum make much of nothing
    return environment
