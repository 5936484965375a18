"""A mass send's articles, with cover and pictures out of the pack: put at the platform once, and used again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, Protocol

from content.models import pictured
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

    def upload_picture(self, content: bytes) -> str:
        """Put a picture where articles may show it, and return its address."""

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

    `turn` names what one of the fleet does at a time. `materials` are the covers, `shown` what articles show.
    """

    def __init__(
        self,
        materials: Materials,
        shown: Materials,
        *,
        picture: Callable[[str], bytes | None],
        turn: Callable[[str], Turn],
    ) -> None:
        self._materials = materials
        self._shown = shown
        self._picture = picture
        self._turn = turn

    def draft(self, content: Content, account: str, library: Library) -> str:
        """Make a run's draft; raises what the platform says, and `Retryable` while another puts a picture there.

        A cover that somebody has deleted from the library meanwhile is put there once more.
        """
        content = replace(content, articles=self._illustrated(content, account, library))
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
        return library.add_draft(_articles(content, self._cover(content, account, library)))

    def _cover(self, content: Content, account: str, library: Library) -> str:
        cover = _Wanted("cover", account, content.mass_picture, content.mass_cover)
        return self._put(cover, self._materials, lambda data: library.add_material("image", data).media_id)

    def _illustrated(self, content: Content, account: str, library: Library) -> tuple[Mapping[str, str], ...]:
        """The articles with their pictures at the platform's own addresses: it shows no others."""
        at = {
            name: self._put(_Wanted("picture", account, digest, name), self._shown, library.upload_picture)
            for name, digest in content.mass_pictures.items()
        }
        return tuple({**each, "content": pictured(each["content"], at.__getitem__)} for each in content.articles)

    def _put(self, wanted: "_Wanted", known: Materials, put: Callable[[bytes], str]) -> str:
        """Under what the platform knows a picture, which one of the fleet puts there where it isn't yet."""
        account, digest = wanted.account, wanted.digest
        if found := known.find(account, digest):
            return found
        turn = self._turn(f"{wanted.kind}:{account}:{digest}")
        if not turn.hold():
            raise Retryable(-1)
        try:
            return known.find(account, digest) or self._put_now(wanted, known, put)
        finally:
            turn.let_go()

    def _put_now(self, wanted: "_Wanted", known: Materials, put: Callable[[bytes], str]) -> str:
        picture = self._picture(wanted.digest)
        if picture is None:
            raise Misconfigured(None, reasons.NO_PICTURE.format(name=wanted.name))
        there = put(picture)
        known.keep(wanted.account, wanted.digest, there)
        return there


class _Wanted(NamedTuple):
    """A picture that an account is to have: as a `cover` or as a `picture` in an article."""

    kind: str
    account: str
    digest: str
    name: str


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
