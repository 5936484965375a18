"""Digests: news and policy in short, with their source, in the chat and as pages."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from content.files import Searchable
from content.importers.waiting import Waiting
from content.intake import Intake
from content.library import Library
from content.shelf import Shelf, Still
from handlers.digest import admin, api, chat, pages
from handlers.digest.admin import Drafts, Proposing
from handlers.feature import Feature, Preview, words_beside
from handlers.sharing import Sharing


def feature(
    *,
    shelf: Shelf,
    zone: ZoneInfo,
    public_url: str,
    clock: Callable[[], datetime],
    mark: Callable[[str], str],
    sharing: Sharing | None = None,
    intake: Intake,
    drafts: Drafts,
) -> Feature:
    """The digests, ready to be read. `public_url` is where phones reach the pages, "" for nowhere; nothing is kept.

    With `sharing` a digest's page offers WeChat a card; `mark` makes the names that feeds call them by. What `intake`
    proposes becomes `drafts`.
    """
    site = pages.Site(
        shelf=shelf, zone=zone, clock=clock, mark=mark, public_url=public_url.rstrip("/"), sharing=sharing
    )

    proposing = Proposing(
        shelf=shelf,
        intake=intake,
        waiting=Waiting(intake.kept / "documents"),
        drafts=drafts,
        clock=clock,
        zone=zone,
        words=words_beside(__file__),
    )

    def preview(library: Library, file: str) -> Preview:
        made = library.sources[file].made if file in library.sources else None
        if not isinstance(made, Searchable):
            return Preview()
        reader = chat.Reader(shelf=Still(library), zone=zone, public_url=site.public_url)
        return Preview(said=reader.preview(made.digest, clock()), page=site.preview(made.digest, library))

    return Feature(
        name="digest",
        chat=chat.routes(shelf=shelf, zone=zone, public_url=public_url.rstrip("/")),
        api=api.blueprint(api.Reader(shelf=shelf, zone=zone, clock=clock, public_url=site.public_url)),
        pages_for_anyone=pages.blueprint(site),
        preview=preview,
        admin=admin.blueprint(proposing),
        search=proposing.search,
    )
