"""What was typed into a page or stands in its address, as it reads: nothing in it turns the words of others around."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.datastructures.structures import iter_multi_items

from content.unseen import legible

Given = Mapping[str, Any] | MultiDict[str, Any] | Iterable[tuple[str, Any]]


class Typed(ImmutableMultiDict[str, Any]):
    """Fields with their values; files are as they came."""

    def __init__(self, given: Given | None = None) -> None:
        items = iter_multi_items(given) if given else ()
        super().__init__([(name, legible(value) if isinstance(value, str) else value) for name, value in items])


class Asked(Request):
    """A request for a page."""

    parameter_storage_class = Typed
