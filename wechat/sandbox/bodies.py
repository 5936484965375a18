"""A body as its fields: XML and JSON alike become dicts, lists and words."""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring


def read(body: str) -> Any:
    """The fields, or None where it is neither: a file, `success`, something cut off."""
    words = body.strip()
    try:
        if words.startswith("<"):
            return of(fromstring(words))
        return loaded(words) if words.startswith(("{", "[")) else None
    except (ValueError, ParseError, DefusedXmlException):
        return None


def loaded(words: str | bytes) -> Any:
    """What JSON says, or ValueError; half of a character, which JSON can name and nothing can keep, is no JSON here."""
    said = json.loads(words)
    json.dumps(said, ensure_ascii=False).encode()
    return said


def of(element: Element) -> Any:
    """An element's children by name, a name that comes again as a list; without children its words."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = of(child)
        if child.tag not in found:
            found[child.tag] = value
        else:
            before = found[child.tag]
            found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
    return found


def texts(said: Mapping[str, Any]) -> str:
    """The words of something said, in reading order, for those who only want to know what it says."""
    words = [said.get("content"), said.get("title")]
    words += [part for article in said.get("articles", ()) for part in (article["title"], article["description"])]
    words += [f"{field['label']}：{field['value']}" for field in said.get("fields", ())]
    words += [said.get("head_content"), *(item["content"] for item in said.get("list", ())), said.get("tail_content")]
    return "\n".join(word for word in words if word)
