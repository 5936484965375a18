"""The digests in a phone's browser: a list by kind, topic and words, a page each to pass on, feeds, and plain files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content import feeds
from content.feeds import Entry, Feed
from content.library import Library
from content.models import Digest, DigestKind
from content.shelf import Shelf
from handlers import front
from handlers.digest import engine
from handlers.digest.engine import Ask, Part
from handlers.sharing import Sharing

ON_A_PAGE = 20
IN_A_FEED = 50
TEMPLATES = Path(__file__).parents[1] / "templates"
STYLE = "style.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages show: only digests for everybody, and only while they are out.

    `public_url` is where they are known to the world, "" for wherever they are asked for. `mark` makes of a name what
    feeds call it: the same for ever, whatever the site is called.
    """

    shelf: Shelf
    zone: ZoneInfo
    clock: Callable[[], datetime]
    mark: Callable[[str], str]
    public_url: str = ""
    sharing: Sharing | None = None

    def listed(self) -> ResponseReturnValue:
        """The digests of ?kind=, ?topic= and ?q=, the newest first, by ?page=."""
        ask, library, now = self._ask(), self._library, self.clock()
        out = self._out(now)
        having = {digest.slug for digest in library.search(ask.words, now=now)} if ask.words else None
        found = [digest for digest in out if engine.fits(digest, ask) and (having is None or digest.slug in having)]
        sheet = engine.sheet(found, number=request.args.get("page", 1, int), size=ON_A_PAGE)
        topics = [topic for topic, _ in engine.topics_with(out, library.account.topics)]
        return self._page("list", ask=ask, sheet=sheet, kinds=list(DigestKind), topics=topics)

    def one(self, slug: str) -> ResponseReturnValue:
        """One digest, or 404 before, after and where it isn't for everybody."""
        digest = self._library.digests.get(slug)
        if digest is None or not engine.is_public(digest) or not digest.is_out(self.clock()):
            abort(404)
        return self._page("one", **self._shown(digest, self._library), sharing=self.sharing)

    def preview(self, digest: Digest, library: Library) -> str:
        """The page of a digest of a pack that isn't served."""
        shown = self._shown(digest, library)
        return render_template("digest/one.html", account=library.account, day=self._day, **shown)

    def _shown(self, digest: Digest, library: Library) -> dict[str, Any]:
        topics = [topic for topic in library.account.topics if topic.id in digest.topics]
        parts = engine.parts(digest, at=lambda name: url_for("front.picture", name=name))
        return {"digest": digest, "parts": parts, "topics": topics}

    def atom(self) -> ResponseReturnValue:
        """What is out, for feed readers, in Atom."""
        return self._fed(feeds.atom, feeds.ATOM_TYPE, at=self._address("digest.atom"))

    def json_feed(self) -> ResponseReturnValue:
        """The same as a JSON Feed."""
        return self._fed(feeds.json_feed, feeds.JSON_TYPE, at=self._address("digest.json_feed"))

    def _fed(self, write: Callable[..., bytes], mimetype: str, *, at: str) -> Response:
        now = self.clock()
        response = Response(write(self._feed(now), at=at), mimetype=mimetype)
        response.last_modified = max([self.shelf.changed_at, *self._changes(now)])
        return front.fresh_or_same(response)

    def _feed(self, now: datetime) -> Feed:
        account, out = self._library.account, self._out(now)[:IN_A_FEED]
        newest = out[0].publish_at if out else datetime.combine(now.astimezone(self.zone), time())
        return Feed(
            id=self._name("digests"),
            title=account.name,
            author=account.organisation or account.name,
            address=self._address("digest.listed"),
            updated=newest.astimezone(self.zone) if out else newest.replace(tzinfo=self.zone),
            entries=[self._entry(digest) for digest in out],
        )

    def _entry(self, digest: Digest) -> Entry:
        names = {topic.id: topic.name for topic in self._library.account.topics}
        return Entry(
            id=self._name(f"digest {digest.slug}"),
            title=digest.title,
            address=self._address("digest.one", slug=digest.slug),
            summary=digest.summary,
            html=render_template("digest/feed.html", digest=digest, parts=self._parts(digest)).strip(),
            published=digest.publish_at.astimezone(self.zone),
            source=digest.source_name,
            source_url=digest.source_url or "",
            topics=[names.get(topic, topic) for topic in digest.topics],
        )

    def _parts(self, digest: Digest) -> list[Part]:
        """As whoever reads elsewhere shows them: with whole addresses."""
        return engine.parts(digest, at=partial(front.picture_at, self.public_url))

    def _changes(self, now: datetime) -> list[datetime]:
        """When something came out or was taken down, until now."""
        public = [digest for digest in self._library.digests.values() if engine.is_public(digest)]
        times = [at for digest in public for at in (digest.publish_at, digest.expire_at) if at]
        return [at for at in times if at <= now]

    def _out(self, now: datetime) -> list[Digest]:
        return [digest for digest in self._library.newest(now=now) if engine.is_public(digest)]

    def _name(self, what: str) -> str:
        return UUID(self.mark(what)[:32]).urn

    def _address(self, endpoint: str, **values: Any) -> str:
        return f"{self.public_url or request.url_root.rstrip('/')}{url_for(endpoint, **values)}"

    def missing(self, _: Exception) -> ResponseReturnValue:
        """Say that there is nothing here, with the way to what there is."""
        return render_template("digest/missing.html", account=self._library.account), 404

    def _ask(self) -> Ask:
        """What the address asks for; 404 where it names a kind or topic that isn't there."""
        kind, topic = request.args.get("kind", ""), request.args.get("topic", "")
        known = {each.id for each in self._library.account.topics}
        if kind not in {"", *DigestKind} or topic not in {"", *known}:
            abort(404)
        words = request.args.get("q", "").strip()[: engine.LONGEST_WORDS]
        return Ask(DigestKind(kind) if kind else None, topic=topic, words=words)

    def _page(self, name: str, **values: Any) -> Response:
        html = render_template(f"digest/{name}.html", account=self._library.account, day=self._day, **values)
        return front.fresh_or_same(make_response(html))

    def _day(self, digest: Digest) -> date:
        return engine.day_of(digest, self.zone)

    @property
    def _library(self) -> Library:
        return self.shelf.current()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The same pages as files for a web server that runs no program: no search, no script, every link a file's."""

    library: Library
    zone: ZoneInfo
    now: datetime

    def files(self) -> Iterator[tuple[str, str | bytes]]:
        """Every file's name and content: the lists beside index.html, the digests and pictures in folders of theirs."""
        web = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
        with web.app_context():
            yield STYLE, render_template("front/style.css")
            yield from self._lists()
            for digest in self._out:
                topics = [topic for topic in self.library.account.topics if topic.id in digest.topics]
                parts = engine.parts(digest, at=lambda name: f"../{quote(_plain_picture(name))}")
                yield _plain_one(digest.slug), self._page("one", up="../", digest=digest, parts=parts, topics=topics)
            for name in {name for digest in self._out for name in digest.pictures}:
                yield _plain_picture(name), self.library.pictures[name].data

    def _lists(self) -> Iterator[tuple[str, str]]:
        out = self._out
        topics = [topic for topic, _ in engine.topics_with(out, self.library.account.topics)]
        for kind, topic in product([None, *DigestKind], ["", *(each.id for each in self.library.account.topics)]):
            ask = Ask(kind, topic=topic)
            found = [digest for digest in out if engine.fits(digest, ask)]
            for number in range(1, engine.sheet(found, number=1, size=ON_A_PAGE).of + 1):
                sheet = engine.sheet(found, number=number, size=ON_A_PAGE)
                yield (
                    _plain_list(kind, topic, number),
                    self._page("list", ask=ask, sheet=sheet, kinds=list(DigestKind), topics=topics),
                )

    @property
    def _out(self) -> list[Digest]:
        return [digest for digest in self.library.newest(now=self.now) if engine.is_public(digest)]

    def _page(self, name: str, *, up: str = "", **values: Any) -> str:
        def address(_: str, *, slug: str = "", **asked: Any) -> str:
            asked = {"kind": asked.get("kind"), "topic": asked.get("topic") or "", "number": asked.get("page") or 1}
            return up + quote(_plain_one(slug) if slug else _plain_list(**asked))

        return render_template(
            f"digest/{name}.html",
            plain=True,
            url_for=address,
            style_sheet=f"{up}{STYLE}",
            first_page=f"{up}index.html",
            account=self.library.account,
            day=partial(engine.day_of, zone=self.zone),
            **values,
        )


def _plain_one(slug: str) -> str:
    return f"digest/{slug}.html"


def _plain_picture(name: str) -> str:
    return f"pictures/{name}"


def _plain_list(kind: str | None, topic: str, number: int) -> str:
    """The name of a list's file: ~ is in no kind and in no name of a topic."""
    return f"{kind or 'all'}~{topic}~{number}.html" if kind or topic or number > 1 else "index.html"


def blueprint(site: Site) -> Blueprint:
    """Serve /p/digest, /p/digest/<slug> and the feeds."""
    doors = Blueprint("digest", __name__, template_folder="../templates")
    doors.add_url_rule("/p/digest", "listed", site.listed)
    doors.add_url_rule("/p/digest/<slug>", "one", site.sharing.view(site.one) if site.sharing else site.one)
    doors.add_url_rule("/feeds/digests.atom", "atom", site.atom)
    doors.add_url_rule("/feeds/digests.json", "json_feed", site.json_feed)
    doors.register_error_handler(404, site.missing)
    return doors
