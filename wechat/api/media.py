"""Files that the platform keeps for three days (§8)."""

from collections.abc import Mapping
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, Media
from wechat.errors import BadRequest
from wechat.wire import Answer


class TemporaryMedia(Protocol):
    """Files to send soon, and files that members sent."""

    def upload(self, kind: str, content: bytes) -> str:
        """Keep an image, voice, video or thumb for three days; return its media id."""

    def download(self, media_id: str) -> Media:
        """Fetch a picture, a voice clip or a thumb by its media id; a video has another way and is refused."""


class TencentTemporaryMedia(Line):
    """`TemporaryMedia` over HTTP."""

    def upload(self, kind: str, content: bytes) -> str:
        """See `TemporaryMedia`."""
        found = limits.check_media(kind, content)
        file = (f"media.{found.suffix}", content, found.mime)  # bytes, so that a second try sends them again
        made: str = self._sdk.post(
            "media/upload", params={"type": kind}, files={"media": file}, result_processor=_media_id
        )
        return made

    def download(self, media_id: str) -> Media:
        """See `TemporaryMedia`."""
        answer = self._sdk.get("media/get", params={"media_id": media_id}, raw=True)
        if not isinstance(answer, Answer):
            raise BadRequest.of("media_id", "a video, or no file")
        return Media(answer.content, answer.content_type)


def _media_id(fields: Mapping[str, Any]) -> str:
    return str(fields["media_id"] if "media_id" in fields else fields["thumb_media_id"])
