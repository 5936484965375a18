"""Pages as a program goes over them: their links, and their forms with what somebody fills in."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

WRITTEN = {"text", "search", "textarea", "tel", "email", "url"}  # what somebody writes into
CHOSEN = {"date": "2026-11-20", "number": "3"}  # where nothing is offered
SAME_PAGES = 4  # that lead from one door, with another id


@dataclass
class Field:
    """A field of a form; `values` are what can be chosen."""

    name: str
    kind: str
    values: list[str]


@dataclass
class Form:
    """A form, and on which page it stands."""

    page: str
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    @property
    def path(self) -> str:
        return urlsplit(urljoin(self.page, self.action or self.page)).path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({each.name for each in self.fields}))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """The names and values of its buttons."""
        return [(each.name, each.values[-1]) for each in self.fields if each.kind == "submit"] or [("", "")]

    def filled(self, write: Callable[[str], str], button: tuple[str, str]) -> dict[str, str]:
        """What a browser would send: `write` says what is written into a field, all else is as offered."""
        said = {}
        for each in self.fields:
            if each.kind in WRITTEN:
                said[each.name] = write(each.name)
            elif each.kind != "submit" and each.values:
                said[each.name] = each.values[-1] or CHOSEN.get(each.kind, "")
        return {**said, **({button[0]: button[1]} if button[0] else {})}


class _Parser(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._at: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        link = has.get("href", "") if tag in {"a", "link"} else has.get("src", "")
        if link:
            self.links.append(urljoin(self.page, link))
        if tag == "form":
            self._at = Form(self.page, has.get("action", ""), has.get("method", "get").lower())
            self.forms.append(self._at)
        elif self._at:
            self._field(self._at.fields, tag, has)

    @staticmethod
    def _field(fields: list[Field], tag: str, has: dict[str, str]) -> None:
        name = has.get("name", "")
        if tag == "option" and fields and fields[-1].kind == "select":
            fields[-1].values.append(has.get("value", ""))
        elif tag in {"input", "textarea", "select", "button"} and name:
            kind = {"input": has.get("type", "text"), "button": "submit"}.get(tag, tag)
            offered = has.get("value", "on" if kind in {"checkbox", "radio"} else "")
            fields.append(Field(name, kind, [] if tag == "select" else [offered]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._at = None


def read(page: str, answer: TestResponse) -> tuple[list[str], list[Form]]:
    """The links of a page, and its forms; none of what is no page."""
    parser = _Parser(page)
    if answer.mimetype == "text/html":
        parser.feed(answer.text)
    return parser.links + ([urljoin(page, answer.location)] if answer.location else []), parser.forms


def door(client: FlaskClient, path: str, method: str = "GET") -> str:
    """Which door of the program an address leads to, "" for none."""
    try:
        return str(client.application.url_map.bind("localhost").match(path, method=method.upper())[0])
    except HTTPException:
        return ""


def walked(client: FlaskClient, start: Collection[str], *, part: str) -> Iterator[tuple[str, TestResponse, list[Form]]]:
    """Every page below `part` that links lead to; of those that one door shows, a few."""
    waiting, seen = [*start], set(start)
    alike: dict[tuple[str, frozenset[str]], int] = {}
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        links, forms = read(path, answer)
        yield path, answer, forms
        answer.close()
        for link in links:
            to = urlsplit(link)
            address = to._replace(scheme="", netloc="", fragment="").geturl()
            kind = door(client, to.path), frozenset(name for name, _ in parse_qsl(to.query, keep_blank_values=True))
            is_ours = kind[0] and to.netloc in {"", "localhost"} and to.path.startswith(part)
            if is_ours and address not in seen and alike.get(kind, 0) < SAME_PAGES:
                alike[kind] = alike.get(kind, 0) + 1
                seen.add(address)
                waiting.append(address)
