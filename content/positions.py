"""On which line a value of a TOML or YAML text was written, for faults that point at it."""

import bisect
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types

Place = tuple[str | int, ...]
Positions = Mapping[Place, int]

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")


def line_of(place: Place, positions: Positions) -> int:
    """Give the 1-based line of the value at `place`, else of the nearest thing around it."""
    for length in range(len(place), 0, -1):
        if place[:length] in positions:
            return positions[place[:length]]
    return 1


def in_toml(text: str) -> Positions:
    """Give the line of every table and value of `text`, which `tomllib` has accepted."""
    scanner = _Scanner(text)
    scanner.statements()
    return scanner.found


def in_yaml(node: yaml.Node, *, first_line: int) -> Positions:
    """Give the line of every value of a composed YAML mapping whose text begins on `first_line` of its file."""
    found: dict[Place, int] = {}
    _walk(node, (), found, first_line)
    return found


def _walk(node: yaml.Node, place: Place, found: dict[Place, int], first_line: int) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            found[inner] = key.start_mark.line + first_line
            _walk(value, inner, found, first_line)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found[*place, index] = value.start_mark.line + first_line
            _walk(value, (*place, index), found, first_line)


class _Scanner:
    """Walks over valid TOML and notes where things begin; values themselves are `tomllib`'s business."""

    def __init__(self, text: str) -> None:
        self.found: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._lines = [found.end() for found in re.finditer("\n", text)]
        self._counts: dict[Place, int] = {}

    def statements(self) -> None:
        table: Place = ()
        self._skip(_GAP)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_GAP)

    def _header(self) -> Place:
        line, repeated = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        *around, last = self._key()
        self._at += 2 if repeated else 1
        place = (*self._newest(around), last)
        if repeated:
            self.found.setdefault(place, line)
            self._counts[place] = self._counts.get(place, -1) + 1
            place = (*place, self._counts[place])
        self.found.setdefault(place, line)
        return place

    def _newest(self, keys: list[str]) -> Place:
        place: Place = ()
        for key in keys:
            place = (*place, key)
            if place in self._counts:
                place = (*place, self._counts[place])
        return place

    def _pair(self, table: Place) -> None:
        line, keys = self._line(), self._key()
        for length in range(1, len(keys) + 1):
            self.found.setdefault((*table, *keys[:length]), line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value((*table, *keys))

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            quoted = self._text[self._at] in "\"'"
            part = self._take(_STRING if quoted else _BARE_KEY)
            keys.append(tomllib.loads(f"key = {part}")["key"] if quoted else part)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _value(self, place: Place) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._array(place)
        elif opening == "{":
            self._inline_table(place)
        else:
            self._take(_STRING if opening in "\"'" else _BARE_VALUE)

    def _array(self, place: Place) -> None:
        index = 0
        while self._next_is_inside("]"):
            self.found[*place, index] = self._line()
            self._value((*place, index))
            index += 1

    def _inline_table(self, place: Place) -> None:
        while self._next_is_inside("}"):
            self._pair(place)

    def _next_is_inside(self, closing: str) -> bool:
        """Step over the opening bracket or a comma; at the closing bracket step over it too and say no."""
        self._skip(_GAP)
        if self._text[self._at] in "[{,":
            self._at += 1
            self._skip(_GAP)
        inside = self._text[self._at] != closing
        self._at += 0 if inside else 1
        return inside

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        taken = found[0] if found else ""
        self._at += len(taken)
        return taken

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _line(self) -> int:
        return bisect.bisect_right(self._lines, self._at) + 1


def plain(node: yaml.Node) -> Any:
    """Give a composed YAML node as mappings, lists and strings: nothing is guessed to be a number, a date or a no."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(each) for each in node.value]
    return node.value
