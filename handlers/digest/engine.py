"""The rules of the digests: what is asked for, today's or else the newest, who may read it, numbers and pages."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, tzinfo
from enum import StrEnum
from typing import Any, Self

from content.fields import is_meant_for
from content.models import Digest, DigestKind, Topic, Voice, pictured

SHOWN = 8  # on a page of the chat's list
MOST = 40  # five pages of a chat are more than anyone turns; the web page has the rest
LONGEST_WORDS = 30
LONGEST_TITLE, LONGEST_SOURCE = 36, 12  # eight such lines fit one text message

NEWS_WORDS = ("要闻", "新闻", "动态")
POLICY_WORDS = ("政策",)
# What may stand before 要闻 and 政策, and behind them, without asking for anything more.
LEAD = "(?:今日|今天|最新|最近|有什么|有哪些|有啥|看看|看一下|我要看|我想看|的)*"
_NO_WORDS = frozenset({"有哪些", "有什么", "都有什么", "有没有", "呢", "吗", "列表", "摘要", "文件", "看看"})
_KIND = re.compile(rf"{LEAD}(?P<kind>{'|'.join(NEWS_WORDS + POLICY_WORDS)})")
_SEEK = re.compile(
    r"查询|搜索|搜一搜|搜一下|搜|检索|查找|查看|查一查|查一下|查查|查|找一找|找一下|找找|找|search", re.IGNORECASE
)
_EDGES = " \t\r\n,.:;!?()，。：；！？、“”‘’\"'「」《》"
_NUMBER = re.compile(r"(?:第|看|打开)?\s*(?P<number>\d{1,3}|[一二三四五六七八九十]{1,3})\s*[条篇个号]?")
_TENS = re.compile(r"(?P<tens>[一二三四五六七八九]?)十(?P<ones>[一二三四五六七八九]?)|(?P<only>[一二三四五六七八九])")
_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", start=1)}
_OWN_HEADING = re.compile(r"\A(?:【解读】|<h2>解读</h2>)\s*")


# What is asked for


@dataclass(frozen=True, slots=True)
class Ask:
    """A kind or both, and a topic's id, words to be found, or neither."""

    kind: DigestKind | None = None
    topic: str = ""
    words: str = ""


def ask_of_kind(said: str, topics: Sequence[Topic]) -> Ask:
    """What "要闻 发展党员" or "政策党费" asks for: a topic of that name, else words; "政策有哪些" for neither."""
    words = _folded(said)
    named = _KIND.match(words)
    kind = DigestKind.POLICY if named and named["kind"] in POLICY_WORDS else DigestKind.NEWS
    rest = words[named.end() :].strip(_EDGES) if named else words
    topic = topic_named(rest, topics)
    if rest in _NO_WORDS:
        return Ask(kind)
    return Ask(kind, topic=topic.id) if topic else Ask(kind, words=rest[:LONGEST_WORDS])


def sought(said: str) -> Ask:
    """What "搜索 预备期" asks for; no words where there is only the verb."""
    words = _folded(said).strip(_EDGES)
    verb = _SEEK.match(words)
    return Ask(words=words[verb.end() if verb else 0 :].strip(_EDGES)[:LONGEST_WORDS])


def topic_named(said: str, topics: Iterable[Topic]) -> Topic | None:
    """The topic of this name, whatever its case, width and spaces."""
    wanted = _bare(said)
    return next((topic for topic in topics if _bare(topic.name) == wanted), None)


def number_in(said: str) -> int | None:
    """The number that "3", "第3条", "③" or "十二" means, up to 999; None where the words are no number."""
    found = _NUMBER.fullmatch(_folded(said).strip(_EDGES))
    if found is None:
        return None
    return int(found["number"]) if found["number"].isdecimal() else _chinese(found["number"])


def _chinese(said: str) -> int | None:
    found = _TENS.fullmatch(said)
    if found is None:
        return None
    if found["only"]:
        return _DIGITS[found["only"]]
    return 10 * _DIGITS.get(found["tens"], 1) + _DIGITS.get(found["ones"], 0)


def _folded(said: str) -> str:
    return unicodedata.normalize("NFKC", said).strip()


def _bare(said: str) -> str:
    return re.sub(r"\s+", "", _folded(said)).casefold().strip(_EDGES)


# What is chosen


def day_of(digest: Digest, zone: tzinfo) -> date:
    """The day a digest came out, in `zone`."""
    return digest.publish_at.astimezone(zone).date()


def todays(newest_first: Sequence[Digest], *, today: date, zone: tzinfo) -> list[Digest]:
    """Those that came out today."""
    return [digest for digest in newest_first if day_of(digest, zone) == today]


def is_public(digest: Digest) -> bool:
    """Whether it is for everybody."""
    return not digest.audience


def may_read(digest: Digest, belongs: frozenset[str]) -> bool:
    """Whether it is for everybody or for an organisation that the reader belongs to."""
    return is_meant_for(digest.audience, belongs)


def fits(digest: Digest, ask: Ask) -> bool:
    """Whether it is of the kind and topic that are asked for, whatever the words."""
    return ask.kind in {None, digest.kind} and (not ask.topic or ask.topic in digest.topics)


# The list


class By(StrEnum):
    """How a list came about."""

    TODAY = "today"
    NEWEST = "newest"
    TOPIC = "topic"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list as it was shown: its numbers stay with their digests, whatever is published meanwhile.

    `page` counts from 0; `open` is the number of the digest being read, 0 while the list itself is; `total` is how many
    there were before the list was cut to `MOST`.
    """

    by: By
    kind: DigestKind | None = None
    topic: str = ""
    words: str = ""
    slugs: tuple[str, ...]
    total: int
    page: int = 0
    open: int = 0
    from_topics: bool = False

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Self:
        """Read what `dumped` gave."""
        kind = DigestKind(state["kind"]) if state["kind"] else None
        return cls(**{**state, "by": By(state["by"]), "kind": kind, "slugs": tuple(state["slugs"])})

    def dumped(self) -> dict[str, Any]:
        """Give it as JSON's types."""
        return {**asdict(self), "slugs": list(self.slugs)}

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-len(self.slugs) // SHOWN)

    def numbered(self) -> list[tuple[int, str]]:
        """The numbers and slugs of this page; numbers go on from page to page."""
        first = self.page * SHOWN
        return list(enumerate(self.slugs[first : first + SHOWN], start=first + 1))

    def slug(self, number: int) -> str | None:
        """The slug that has this number."""
        return self.slugs[number - 1] if 1 <= number <= len(self.slugs) else None

    def at_page(self, page: int) -> Self:
        """The list, with nothing open, at a page within it."""
        return replace(self, page=min(max(page, 0), self.pages - 1), open=0)

    def opened(self, number: int) -> Self:
        """The list with one digest open, turned to the page it is on."""
        return replace(self, page=(number - 1) // SHOWN, open=number)


def listed(by: By, ask: Ask, found: Sequence[Digest], *, from_topics: bool = False) -> Listing:
    """The list of what was found, at its first page."""
    return Listing(
        by=by,
        kind=ask.kind,
        topic=ask.topic,
        words=ask.words,
        slugs=tuple(digest.slug for digest in found[:MOST]),
        total=len(found),
        from_topics=from_topics,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One digest of a list, short enough for a chat; `day` as it is said."""

    number: int
    title: str
    source: str
    day: str


def line(number: int, digest: Digest, *, day: str) -> Line:
    """A digest's line in a chat's list."""
    return Line(number, shortened(digest.title, LONGEST_TITLE), shortened(digest.source_name, LONGEST_SOURCE), day)


def shortened(words: str, most: int) -> str:
    """The words, or as many of them as fit `most` characters with an ellipsis."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def topics_with(digests: Iterable[Digest], topics: Iterable[Topic]) -> list[tuple[Topic, int]]:
    """The topics that have something to read, with how much, in the account's order."""
    counts = Counter(topic for digest in digests for topic in digest.topics)
    return [(topic, counts[topic.id]) for topic in topics if counts[topic.id]]


# One digest


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch in one voice, without our own section's heading: whoever shows it says who speaks."""

    voice: Voice
    plain: str
    html: str


def parts(digest: Digest, *, at: Callable[[str], str]) -> list[Part]:
    """The body in its voices, each picture where `at` says; the heading 解读 with nothing under it is left out."""
    bare = (
        Part(block.voice, _OWN_HEADING.sub("", block.plain), _OWN_HEADING.sub("", pictured(block.html, at)))
        for block in digest.blocks
    )
    return [part for part in bare if part.plain]


# Pages of the website


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of many: `number` counts from 1 to `of`, `total` is how many there are on all of them."""

    digests: Sequence[Digest]
    total: int
    number: int
    of: int


def sheet(found: Sequence[Digest], *, number: int, size: int) -> Sheet:
    """The page of that number, or the nearest there is."""
    of = max(1, -(-len(found) // size))
    at = min(max(number, 1), of)
    return Sheet(found[(at - 1) * size : at * size], len(found), at, of)
