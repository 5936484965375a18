"""Permanent material of the fake platform."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from tests.fake_api.media import FakeTemporaryMedia, Kept
from wechat import limits
from wechat.api.line import Media
from wechat.api.materials import KeptVideo, Listed, Material, MaterialCount


class FakeMaterials(FakeTemporaryMedia):
    def add_material(self, kind: Literal["image", "voice", "thumb"], content: bytes) -> Material:
        found = limits.check_material(kind, content)
        return self._keep(kind, Media(content, found.mime), found.suffix)

    def add_video(self, content: bytes, *, title: str, introduction: str = "") -> Material:
        limits.check_video(title)
        found = limits.check_material("video", content)
        video = KeptVideo(title=title, description=introduction, url="http://mmbiz.qpic.cn/mmbiz/video")
        return self._keep("video", video, found.suffix)

    def material(self, media_id: str) -> Media | KeptVideo:
        self._called("/cgi-bin/material/get_material")
        return self._kept(media_id).what

    def delete_material(self, media_id: str) -> None:
        self._called("/cgi-bin/material/del_material")
        self._kept(media_id)
        del self._materials[media_id]

    def count_materials(self) -> MaterialCount:
        self._called("/cgi-bin/material/get_materialcount")
        held = Counter(one.kind for one in self._materials.values())
        return MaterialCount(images=held["image"], voices=held["voice"], videos=held["video"], articles=0)

    def materials(self, kind: Listed, start: int = 0) -> Iterator[Material]:
        self._called("/cgi-bin/material/batchget_material")
        yield from [one.about for one in reversed(self._materials.values()) if one.kind == kind][start:]

    def upload_picture(self, content: bytes) -> str:
        found = limits.check_picture(content)
        self._called("/cgi-bin/media/uploadimg")
        return f"http://mmbiz.qpic.cn/mmbiz_{found.suffix}/{next(self._serial)}/0"

    def _keep(self, kind: str, what: Media | KeptVideo, suffix: str) -> Material:
        self._called("/cgi-bin/material/add_material")
        media_id = f"material-{next(self._serial)}"
        url = f"http://mmbiz.qpic.cn/mmbiz/{media_id}" if kind == "image" else ""
        listed = Material(media_id=media_id, url=url, name=f"media.{suffix}", updated_at=self._clock())
        self._materials[media_id] = Kept(kind, listed, what)
        return Material(media_id=media_id, url=url)

    def _kept(self, media_id: str) -> Kept:
        if media_id not in self._materials:
            raise self._refusal(40007, "invalid media_id")
        return self._materials[media_id]
