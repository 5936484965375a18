"""What is new as a feed: Atom (RFC 4287) and JSON Feed 1.1 (jsonfeed.org), of the same entries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedgen.feed import FeedGenerator

from content.unseen import writable

ATOM_TYPE = "application/atom+xml"
JSON_TYPE = "application/feed+json"
LANGUAGE = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece: `id` never changes, `html` is safe and says whose words it has, `source` is who published them."""

    id: str
    title: str
    address: str
    summary: str
    html: str
    published: datetime
    source: str
    topics: Sequence[str] = ()
    source_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed of `entries`, the newest first; `address` is the page of which they are, addresses are absolute."""

    id: str
    title: str
    author: str
    address: str
    updated: datetime
    entries: Sequence[Entry]


def atom(feed: Feed, *, at: str) -> bytes:
    """The feed in Atom, as it is served `at` an address."""
    made = FeedGenerator()
    made.id(feed.id)
    made.title(writable(feed.title))
    made.author({"name": writable(feed.author)})
    made.language(LANGUAGE)
    made.updated(feed.updated)
    made.link(href=feed.address, rel="alternate")
    made.link(href=at, rel="self", type=ATOM_TYPE)
    for each in feed.entries:
        _add(made.add_entry(order="append"), each)
    written: bytes = made.atom_str()
    return written


def _add(entry: Any, each: Entry) -> None:
    entry.id(each.id)
    entry.title(writable(each.title))
    entry.link(href=each.address, rel="alternate")
    if each.source_url:
        entry.link(href=each.source_url, rel="via")
    entry.published(each.published)
    entry.updated(each.published)
    entry.author({"name": writable(each.source)})
    entry.summary(writable(each.summary))
    entry.content(writable(each.html), type="html")
    entry.category([{"term": writable(topic)} for topic in each.topics])


def json_feed(feed: Feed, *, at: str) -> bytes:
    """The feed in JSON, as it is served `at` an address."""
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.address,
        "feed_url": at,
        "language": LANGUAGE,
        "authors": [{"name": feed.author}],
        "items": [_item(each) for each in feed.entries],
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def _item(each: Entry) -> dict[str, Any]:
    item = {
        "id": each.id,
        "url": each.address,
        "title": each.title,
        "summary": each.summary,
        "content_html": each.html,
        "date_published": each.published.isoformat(),
        "authors": [{"name": each.source}],
        "tags": list(each.topics),
    }
    return {**item, "external_url": each.source_url} if each.source_url else item
