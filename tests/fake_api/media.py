"""Temporary media of the fake platform."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.articles import PublishedArticles
from wechat.api.line import Media
from wechat.api.materials import KeptVideo, Material

MEDIA_LIVES = timedelta(days=3)


@dataclass(frozen=True)
class Kept:
    """A file that lies in the library."""

    kind: str
    about: Material
    what: Media | KeptVideo


class FakeTemporaryMedia(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._media: dict[str, tuple[Media, datetime]] = {}
        self._materials: dict[str, Kept] = {}
        self._published: dict[str, PublishedArticles] = {}

    def upload(self, kind: str, content: bytes) -> str:
        found = limits.check_media(kind, content)
        self._called("/cgi-bin/media/upload", talk=True)
        media_id = f"media-{next(self._serial)}"
        self._media[media_id] = (Media(content, found.mime), self._clock())
        return media_id

    def download(self, media_id: str) -> Media:
        self._called("/cgi-bin/media/get", talk=True)
        return self._media[self._alive(media_id)][0]

    def _alive(self, media_id: str) -> str:
        if media_id in self._materials:
            return media_id
        if media_id not in self._media or self._clock() - self._media[media_id][1] >= MEDIA_LIVES:
            raise self._refusal(40007, "invalid media_id")
        return media_id
