"""From a file's bytes to tables: whatever editor it was written with."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types
from frontmatter.default_handlers import YAMLHandler

from content import positions, unseen
from content.faults import Unreadable, toml_detail
from content.positions import Place, Positions

BOM = "\ufeff"
# Two bytes a hanzi; the first-level hanzi of GB 2312 and of Big5 make up nearly all of any modern text.
COMMON_GB = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")
COMMON_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
HANZI = re.compile(r"[\u3400-\u9fff]")
# What a Chinese text in GB18030 is made of: ASCII, punctuation, letters of our neighbours, hanzi, full-width forms.
CHINESE_TEXT = re.compile(r"[\t\n\r -~·×÷§°±\u2010-\u2049\u2100-\u2bff\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]*")
SURE = 0.9
DEEPEST = 20  # of a front matter: the library that reads it ends the process at some ten thousand
_FAR = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){64}""")  # a key of so many parts takes hours to read


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's tables, its text after the front matter, and where each value was written, worked out when asked."""

    tables: Mapping[str, Any]
    positions: Callable[[], Positions]
    body: str = ""
    body_line: int = 1


def text_of(data: bytes) -> str:
    """Decode UTF-8, or what is surely GB18030, with LF line ends and no BOM; raises `Unreadable`."""
    for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if data.startswith(mark):
            raise Unreadable("encoding", name=name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = _gb18030(data, line=data.count(b"\n", 0, error.start) + 1)
    return text.lstrip(BOM).replace("\r\n", "\n").replace("\r", "\n")


def _gb18030(data: bytes, *, line: int) -> str:
    text = _decoded(data, "gb18030")
    if text is not None and CHINESE_TEXT.fullmatch(text) and _share(COMMON_GB, data, text) >= SURE:
        return text
    big5 = _decoded(data, "big5")
    likely_big5 = big5 is not None and _share(COMMON_BIG5, data, big5) >= SURE
    raise Unreadable("encoding", line=line, name="Big5" if likely_big5 else "未知编码")


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _share(common: re.Pattern[bytes], data: bytes, text: str) -> float:
    """Give the share of hanzi that are common ones, counted pair by pair over the bytes."""
    hanzi = len(HANZI.findall(text))
    pairs = re.findall(rb"[\x81-\xfe][\x30-\xfe]", data)
    return sum(bool(common.fullmatch(pair)) for pair in pairs) / hanzi if hanzi else 0.0


def toml(text: str) -> Parsed:
    """Parse TOML; raises `Unreadable` with the line."""
    if found := _FAR.search(text):
        raise Unreadable("too_deep", line=text.count("\n", 0, found.start()) + 1)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        raise Unreadable("toml", line=line, detail=toml_detail(str(error))) from None
    except ValueError:  # a number of thousands of digits
        raise Unreadable("too_deep") from None
    return _legible(text, Parsed(tables, cache(partial(positions.in_toml, text))))


def within(key: str, parsed: Parsed) -> Parsed:
    """Give what is inside the table `key` where a file has nothing else; any other file as it is."""
    if parsed.tables.keys() != {key} or not isinstance(parsed.tables[key], dict):
        return parsed
    return Parsed(
        parsed.tables[key],
        lambda: {place[1:]: line for place, line in parsed.positions().items() if len(place) > 1},
    )


def markdown(text: str) -> Parsed:
    """Split front matter from body; every scalar stays the string that was written; raises `Unreadable`."""
    handler = YAMLHandler()
    start = text.lstrip("\n")
    skipped = len(text) - len(start)
    if not handler.detect(start):
        raise Unreadable("front_matter_missing")
    try:
        head, body = handler.split(start)
    except ValueError:
        raise Unreadable("front_matter_open") from None
    first_line = text.count("\n", 0, skipped + start.find(head)) + 1
    node = _composed(head, first_line=first_line)
    lines = positions.in_yaml(node, first_line=first_line)
    written = {key: value for key, value in positions.plain(node).items() if value not in ("", [])}
    body_starts = len(text) - len(body) if body.strip() else len(text.rstrip())
    return _legible(text, Parsed(written, lambda: lines, body, text.count("\n", 0, body_starts) + 1))


def _legible(text: str, parsed: Parsed) -> Parsed:
    """The same, where nothing in it is unseen, not even by an escape; raises `Unreadable`."""
    if found := unseen.first_odd(text):
        raise Unreadable("unseen", line=text.count("\n", 0, found.start()) + 1, name=_named(found[0]))
    if "\\" in text:
        for place, words in _strings(parsed.tables, ()):
            if found := unseen.first_odd(words):
                raise Unreadable("unseen", line=positions.line_of(place, parsed.positions()), name=_named(found[0]))
    return parsed


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _strings(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Every key and every string within, and where it is."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*place, key), key
            yield from _strings(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*place, index))


def _composed(head: str, *, first_line: int) -> yaml.MappingNode:
    """Compose the YAML of a front matter and refuse what our tables can't hold."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _refuse_depths(yaml.parse(head, Loader=loader), first_line=first_line)
        node = yaml.compose(head, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + first_line
        raise Unreadable("yaml", line=line, detail=error.problem or "") from None
    except yaml.YAMLError:
        raise Unreadable("yaml", line=first_line, detail="有不能用的字符") from None
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable("front_matter_shape", line=first_line + (node.start_mark.line if node else 0))
    _refuse_oddities(node, set(), first_line=first_line)
    return node


def _refuse_depths(events: Iterable[yaml.Event], *, first_line: int) -> None:
    depth = 0
    for each in events:
        depth += isinstance(each, yaml.CollectionStartEvent) - isinstance(each, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Unreadable("too_deep", line=each.start_mark.line + first_line)


def _refuse_oddities(node: yaml.Node, seen: set[int], *, first_line: int) -> None:
    """Refuse aliases, which could repeat themselves without end, and keys that are lists or stand twice."""
    line = node.start_mark.line + first_line
    if id(node) in seen:
        raise Unreadable("yaml", line=line, detail="不能用星号引用")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        _refuse_odd_keys([key for key, _ in node.value], first_line=first_line)
    for each in _inside(node):
        _refuse_oddities(each, seen, first_line=first_line)


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _refuse_odd_keys(keys: list[yaml.Node], *, first_line: int) -> None:
    written: set[str] = set()
    for key in keys:
        line = key.start_mark.line + first_line
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable("front_matter_shape", line=line)
        if key.value in written:
            raise Unreadable("front_matter_twice", line=line, key=key.value)
        written.add(key.value)
