"""The digests for the mini-program: lists by kind, topic and words, and one digest in its voices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from content.library import Library
from content.models import Digest, DigestKind, Voice
from content.organisations import belonging
from content.shelf import Shelf
from handlers import front, openapi, session
from handlers.digest import engine
from handlers.digest.engine import Ask
from handlers.openapi import Line, Paged
from handlers.problems import Problem, Refused

NO_SUCH_DIGEST = Problem(404, "digest.problem_no_such_digest")


class Wanted(Paged):
    """Which digests, the newest first."""

    kind: DigestKind | None = None
    topic: str = Field("", max_length=64, description="A topic's id.")
    q: Line = Field("", max_length=engine.LONGEST_WORDS, description="Words that all must stand in it.")


class DigestTopic(BaseModel):
    """A topic with something to read."""

    id: str = Field(examples=["zhengce"])
    name: str = Field(examples=["政策解读"])
    count: int = Field(examples=[12])


class DigestTopics(BaseModel):
    """The topics, in the account's order."""

    items: list[DigestTopic]


class Headline(BaseModel):
    """A digest in a list."""

    slug: str = Field(examples=["2026-07-06-sanhui-yike"])
    kind: DigestKind
    title: str
    summary: str
    topics: list[str] = Field(examples=[["zuzhi"]])
    source: str = Field(description="Who speaks in the quoted parts.")
    day: date


class Headlines(BaseModel):
    """A page of them."""

    items: list[Headline]
    total: int
    next: str | None = Field(description="`after` of the next page; null on the last one.")


class Stretch(BaseModel):
    """A stretch in one voice: official is quoted word by word, report tells of it, own is our reading of it."""

    voice: Voice
    plain: str
    html: str = Field(description="Safe to show as it is; its pictures have whole addresses.")


class Whole(Headline):
    """One digest, to read."""

    source_url: str | None
    doc_no: str
    issued_on: date | None
    parts: list[Stretch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What the doors do. Who asks sees what is for everybody and for the organisations they belong to.

    `public_url` is where phones reach the pictures, "" for wherever they are asked for.
    """

    shelf: Shelf
    zone: ZoneInfo
    clock: Callable[[], datetime]
    public_url: str = ""

    def listed(self, wanted: Wanted) -> Headlines:
        """The digests of a kind, on a topic, with some words."""
        ask = Ask(wanted.kind, topic=wanted.topic, words=wanted.q)
        now, library = self.clock(), self._library
        out = library.search(ask.words, now=now) if ask.words else library.newest(now=now)
        found = [digest for digest in self._readable(out) if engine.fits(digest, ask)]
        some, following = openapi.page(found, wanted, key=lambda digest: digest.slug)
        items = [Headline(**self._headline(each)) for each in some]
        return Headlines(items=items, total=len(found), next=following)

    def one(self, slug: str) -> Whole:
        """One of them, while it is out."""
        digest = self._library.digests.get(slug)
        if digest is None or not digest.is_out(self.clock()) or not self._readable([digest]):
            raise Refused(NO_SUCH_DIGEST)
        found = engine.parts(digest, at=partial(front.picture_at, self.public_url))
        parts = [Stretch(voice=each.voice, plain=each.plain, html=each.html) for each in found]
        return Whole(
            **self._headline(digest),
            source_url=digest.source_url,
            doc_no=digest.doc_no,
            issued_on=digest.issued_on,
            parts=parts,
        )

    def topics(self) -> DigestTopics:
        """The topics that have something to read."""
        library = self._library
        found = engine.topics_with(self._readable(library.newest(now=self.clock())), library.account.topics)
        return DigestTopics(items=[DigestTopic(id=topic.id, name=topic.name, count=count) for topic, count in found])

    def _readable(self, digests: Iterable[Digest]) -> list[Digest]:
        """Only a binding counts, never what somebody typed."""
        who = session.who()
        belongs = belonging(who.organisation if who.verified else "", self._library.organisations)
        return [digest for digest in digests if engine.may_read(digest, belongs)]

    def _headline(self, digest: Digest) -> dict[str, object]:
        return {
            "slug": digest.slug,
            "kind": digest.kind,
            "title": digest.title,
            "summary": digest.summary,
            "topics": list(digest.topics),
            "source": digest.source_name,
            "day": engine.day_of(digest, self.zone),
        }

    @property
    def _library(self) -> Library:
        return self.shelf.current()


def blueprint(reader: Reader) -> APIBlueprint:
    """Serve /api/v1/digest."""
    doors, say = openapi.doors("digest"), reader.shelf.say

    @doors.get("/items")
    @doors.input(Wanted, location="query")
    @doors.output(Headlines)
    @doors.doc(summary="Digests, the newest first")
    def listed(query_data: Wanted) -> Headlines:
        return reader.listed(query_data)

    @doors.get("/items/<slug>")
    @doors.output(Whole)
    @doors.doc(summary="One digest", responses=openapi.says(say, NO_SUCH_DIGEST))
    def one(slug: str) -> Whole:
        return reader.one(slug)

    @doors.get("/topics")
    @doors.output(DigestTopics)
    @doors.doc(summary="Topics with something to read")
    def topics() -> DigestTopics:
        return reader.topics()

    return doors
