"""A mass send's articles, with a cover out of the pack: put into the account's library once, and used again."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from scheduler import reasons
from storage.materials import Materials
from storage.wording import Content
from wechat.api.materials import Material
from wechat.errors import BadRequest, Misconfigured, Retryable
from wechat.messages import Article, PictureArticle

NO_MATERIAL = 40007


class Library(Protocol):
    """What the platform keeps for one account (`wechat.client`)."""

    def add_material(self, kind: Literal["image", "voice", "thumb"], content: bytes) -> Material:
        """Keep a file for good."""

    def add_draft(self, articles: Sequence[Article | PictureArticle]) -> str:
        """Put articles into the drafts, and return their media id."""


class Turn(Protocol):
    """What at most one of the fleet has (`storage.leases`)."""

    def hold(self) -> bool:
        """Take it; False when another has it."""

    def let_go(self) -> None:
        """Let another have it."""


class Covers:
    """`picture` gives what is in a picture of the pack by its digest; None where it isn't there any more.

    `turn` names what one of the fleet does at a time.
    """

    def __init__(
        self, materials: Materials, *, picture: Callable[[str], bytes | None], turn: Callable[[str], Turn]
    ) -> None:
        self._materials = materials
        self._picture = picture
        self._turn = turn

    def draft(self, content: Content, account: str, library: Library) -> str:
        """Make a run's draft; raises what the platform says, and `Retryable` while another puts the cover there.

        A cover that somebody has deleted from the library meanwhile is put there once more.
        """
        if not content.mass_picture:
            return library.add_draft(_articles(content, content.mass_cover))
        known = self._materials.find(account, content.mass_picture)
        if known:
            try:
                return library.add_draft(_articles(content, known))
            except BadRequest as error:
                if error.errcode != NO_MATERIAL:
                    raise
                self._materials.forget(account, content.mass_picture, known)
        return library.add_draft(_articles(content, self._put(content, account, library)))

    def _put(self, content: Content, account: str, library: Library) -> str:
        turn = self._turn(f"cover:{account}:{content.mass_picture}")
        if not turn.hold():
            raise Retryable(-1)
        try:
            return self._materials.find(account, content.mass_picture) or self._put_now(content, account, library)
        finally:
            turn.let_go()

    def _put_now(self, content: Content, account: str, library: Library) -> str:
        picture = self._picture(content.mass_picture)
        if picture is None:
            raise Misconfigured(None, reasons.NO_PICTURE.format(name=content.mass_cover))
        media_id = library.add_material("image", picture).media_id
        self._materials.keep(account, content.mass_picture, media_id)
        return media_id


def _articles(content: Content, cover: str) -> list[Article]:
    return [
        Article(
            title=each["title"],
            digest=each["digest"],
            content=each["content"],
            source_url=each["source_url"],
            thumb_media_id=cover,
        )
        for each in content.articles
    ]
