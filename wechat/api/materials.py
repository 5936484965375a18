"""Files that the platform keeps for good, and pictures for articles (§8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from wechat import limits
from wechat.api.line import Line, Media, listed
from wechat.errors import BadRequest
from wechat.wire import Answer, encoded

_MATERIAL = "/cgi-bin/material"
Listed = Literal["image", "voice", "video"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file kept for good; `url` is told of images alone and works on the platform's own pages only."""

    media_id: str
    url: str = ""
    name: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVideo:
    """A video is not downloaded: it is told where it lies."""

    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialCount:
    """How many of each kind are kept: of articles and images an account may have 100 000, of the others 1 000."""

    images: int
    voices: int
    videos: int
    articles: int


class Materials(Protocol):
    """Files that lie in the account's library until they are deleted; messages take their ids as temporary ones."""

    def add_material(self, kind: Literal["image", "voice", "thumb"], content: bytes) -> Material:
        """Keep a file for good."""

    def add_video(self, content: bytes, *, title: str, introduction: str = "") -> Material:
        """Keep a video for good."""

    def material(self, media_id: str) -> Media | KeptVideo:
        """Fetch one; an article is none of these and is refused."""

    def delete_material(self, media_id: str) -> None:
        """Take one away for good."""

    def count_materials(self) -> MaterialCount:
        """Count what is kept."""

    def materials(self, kind: Listed, start: int = 0) -> Iterator[Material]:
        """Walk through those of a kind, the newest first, twenty a call, from the one at `start`."""

    def upload_picture(self, content: bytes) -> str:
        """Put a picture of under 1 MB where articles may show it, and return its address; it counts as no material."""


class TencentMaterials(Line):
    """`Materials` over HTTP."""

    def add_material(self, kind: Literal["image", "voice", "thumb"], content: bytes) -> Material:
        """See `Materials`."""
        return self._add(kind, content)

    def add_video(self, content: bytes, *, title: str, introduction: str = "") -> Material:
        """See `Materials`."""
        limits.check_video(title)
        about = {"title": title, "introduction": introduction}
        return self._add("video", content, description=encoded(about).decode())

    def material(self, media_id: str) -> Media | KeptVideo:
        """See `Materials`."""
        answer = self._sdk.post(f"{_MATERIAL}/get_material", data={"media_id": media_id}, raw=True)
        if isinstance(answer, Answer):
            return Media(answer.content, answer.content_type)
        if "down_url" not in answer:
            raise BadRequest.of("media_id", "an article, or no file")
        return KeptVideo(
            title=str(answer.get("title", "")), description=str(answer.get("description", "")), url=answer["down_url"]
        )

    def delete_material(self, media_id: str) -> None:
        """See `Materials`."""
        self._ask(f"{_MATERIAL}/del_material", {"media_id": media_id}, dict)

    def count_materials(self) -> MaterialCount:
        """See `Materials`."""
        return self._read(f"{_MATERIAL}/get_materialcount", _count)

    def materials(self, kind: Listed, start: int = 0) -> Iterator[Material]:
        """See `Materials`."""
        return listed(lambda place: self._page(kind, place), start)

    def upload_picture(self, content: bytes) -> str:
        """See `Materials`."""
        found = limits.check_picture(content)
        file = {"media": (f"media.{found.suffix}", content, found.mime)}
        made: str = self._sdk.post("/cgi-bin/media/uploadimg", files=file, result_processor=lambda of: str(of["url"]))
        return made

    def _add(self, kind: str, content: bytes, **form: str) -> Material:
        found = limits.check_material(kind, content)
        file = {"media": (f"media.{found.suffix}", content, found.mime)}
        made: Material = self._sdk.post(
            f"{_MATERIAL}/add_material",
            params={"type": kind},
            files=file,
            form=form,
            once=True,
            result_processor=_material,
        )
        return made

    def _page(self, kind: str, start: int) -> tuple[list[Material], int]:
        asked = {"type": kind, "offset": start, "count": limits.LISTED_AT_ONCE}
        return self._ask(
            f"{_MATERIAL}/batchget_material", asked, lambda of: ([*map(_material, of["item"])], int(of["total_count"]))
        )


def _material(fields: Mapping[str, Any]) -> Material:
    since = fields.get("update_time")
    return Material(
        media_id=str(fields["media_id"]),
        url=str(fields.get("url", "")),
        name=str(fields.get("name", "")),
        updated_at=datetime.fromtimestamp(int(since), UTC) if since else None,
    )


def _count(fields: Mapping[str, Any]) -> MaterialCount:
    return MaterialCount(
        images=int(fields["image_count"]),
        voices=int(fields["voice_count"]),
        videos=int(fields["video_count"]),
        articles=int(fields["news_count"]),
    )
