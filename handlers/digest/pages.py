"""The digests in a phone's browser: a list by kind, topic and words, and a page each that anyone may pass on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from content.library import Library
from content.models import Digest, DigestKind
from content.shelf import Shelf
from handlers import front
from handlers.digest import engine
from handlers.digest.engine import Ask
from handlers.sharing import Sharing

ON_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages show: only digests for everybody, and only while they are out."""

    shelf: Shelf
    zone: ZoneInfo
    clock: Callable[[], datetime]
    sharing: Sharing | None = None

    def listed(self) -> ResponseReturnValue:
        """The digests of ?kind=, ?topic= and ?q=, the newest first, by ?page=."""
        ask, library, now = self._ask(), self._library, self.clock()
        out = [digest for digest in library.newest(now=now) if engine.is_public(digest)]
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
        topics = [topic for topic in self._library.account.topics if topic.id in digest.topics]
        return self._page("one", digest=digest, parts=engine.parts(digest), topics=topics, sharing=self.sharing)

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


def blueprint(site: Site) -> Blueprint:
    """Serve /p/digest and /p/digest/<slug>."""
    doors = Blueprint("digest", __name__, url_prefix="/p/digest", template_folder="../templates")
    doors.add_url_rule("", "listed", site.listed)
    doors.add_url_rule("/<slug>", "one", site.sharing.view(site.one) if site.sharing else site.one)
    doors.register_error_handler(404, site.missing)
    return doors
