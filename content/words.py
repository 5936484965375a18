"""Words with gaps: Jinja2 in a sandbox, where a gap nobody fills is an error and never a blank."""

import re
import traceback
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

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
        gaps = frozenset(meta.find_undeclared_variables(parsed))
        parts = frozenset(asked.attr for asked in parsed.find_all(nodes.Getattr))
        return Template(source, gaps, parts, words.from_string(source), "{" not in source)
    except jinja2.TemplateSyntaxError as error:
        raise Unreadable("words_syntax", line=error.lineno, detail=error.message or "") from None


def try_out(words: Template, values: Mapping[str, Any]) -> None:
    """Fill the gaps with a sample; raises `Unreadable` with the line inside the words."""
    try:
        words.fill(values)
    except Exception as error:  # noqa: BLE001 - admins' words can fail in any way Python can
        inside = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        raise Unreadable("words_failed", line=(inside or [1])[-1] or 1, detail=str(error)) from None


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
    return _Sandbox(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
