"""A pushed body of either form, XML or JSON, read into plain fields; and words made fit to stand in one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from xml.parsers import expat

LARGEST_BYTES = 1 << 20
_DEEPEST = 16
_SPACE = " \t\n"
_OPENING, _CLOSING = "<xml>", "</xml>"

_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\r"))
_NONCHARACTERS = re.compile("[\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ILLEGAL = re.compile(f"{_CONTROL.pattern}|{_SURROGATE.pattern}")

# A field as the platform itself writes it: without attributes, entities or anything inside.
_FIELD = re.compile(
    rf"[{_SPACE}]*<([A-Za-z]\w*)>(?:<!\[CDATA\[([^]\r]*+(?:](?!]>)[^]\r]*+)*+)]]>|([^]<>&\r]*+))</\1>", re.ASCII
)


class BadMessage(Exception):
    """The body is not one the platform could have sent; the text says why and repeats nothing of it."""


class Form(StrEnum):
    """How a body is written; a sealed answer is written the same way."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Body:
    """A value in `fields` is a str, a mapping like `fields`, or a list of either where a name came more than once."""

    form: Form
    fields: Mapping[str, Any] = field(repr=False)


def read(raw: bytes) -> Body:
    """Read at most 1 MiB of XML under `<xml>` or of a JSON object, or raise BadMessage; bad UTF-8 is replaced."""
    if len(raw) > LARGEST_BYTES:
        raise BadMessage("the body is over 1 MiB")
    text = raw.translate(None, _CONTROL_BYTES).decode(errors="replace").lstrip("\ufeff \t\r\n")
    if not text.isascii():
        text = _NONCHARACTERS.sub("", text)
    if text.startswith("<"):
        return Body(Form.XML, _read_xml(text))
    if text.startswith("{"):
        return Body(Form.JSON, _read_json(text))
    raise BadMessage("the body is neither XML nor a JSON object")


def word(fields: Mapping[str, Any], name: str) -> str:
    """Return the text of a field: the first where it came twice, "" where there is none or a nested one."""
    value = fields.get(name, "")
    if type(value) is str:
        return value
    while isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


def branch(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the nested fields of a field: the first where it came twice, empty where there are none."""
    return next(iter(branches(fields, name)), {})


def branches(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return every nested field of that name, whether it came as one object or as a list of them."""
    value = fields.get(name, ())
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def words(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return every text of that name, whether it came once or more often."""
    value = fields.get(name, ())
    return tuple(each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def legal(text: str) -> str:
    """Return the text without what XML 1.0 forbids; half a character becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text)) if _ILLEGAL.search(text) else text


def cdata(text: str) -> str:
    """Return the text as a CDATA section that nothing inside it can close."""
    return f"<![CDATA[{legal(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


class _Tree:
    """Grows nested fields from the parser's events, without recursion."""

    def __init__(self) -> None:
        self.root: tuple[str, Any] = ("", "")
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise BadMessage("the body is nested too deeply")
        self._open.append((name, {}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _name: str) -> None:
        name, children, texts = self._open.pop()
        value = children or "".join(texts)
        if self._open:
            _put(self._open[-1][1], name, value)
        else:
            self.root = (name, value)


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def _refuse_doctype(*_declared: Any) -> None:
    raise BadMessage("a DOCTYPE is refused")


def _read_xml(text: str) -> Mapping[str, Any]:
    """By one expression what is as the platform writes it; other XML by a parser, which takes five times as long."""
    fields: dict[str, Any] = {}
    at = len(_OPENING)
    while found := _FIELD.match(text, at):
        name, section, plain = found.groups("")
        if name in fields:
            break
        fields[name] = section or plain
        at = found.end()
    if fields and text.startswith(_OPENING) and text[at:].strip(_SPACE) == _CLOSING:
        return fields
    return _parsed(text)


def _parsed(text: str) -> Mapping[str, Any]:
    tree, parser = _Tree(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(text, True)  # a str: an encoding declared inside does not count
    except expat.ExpatError:
        raise BadMessage("the XML is broken") from None
    name, fields = tree.root
    if name != "xml" or not isinstance(fields, dict):
        raise BadMessage("the XML has no fields under <xml>")
    return fields


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        raise BadMessage("the JSON is broken") from None
    return {legal(name).strip(): _plain(each, depth=1) for name, each in value.items()}


def _plain(value: Any, *, depth: int) -> Any:
    if depth >= _DEEPEST:
        raise BadMessage("the body is nested too deeply")
    if isinstance(value, dict):
        return {legal(name).strip(): _plain(each, depth=depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth=depth + 1) for each in value]
    return _scalar(value)


def _scalar(value: str | bool | None) -> str:  # noqa: FBT001 - a JSON scalar is what it is
    if value is None:
        return ""
    return legal(value) if isinstance(value, str) else str(value).lower()
