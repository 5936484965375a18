"""Mass messages (§3.5): one to all followers, to those with a tag, or to a list; rationed by the day or the month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line
from wechat.errors import AlreadyDone
from wechat.messages import Voice

_MASS = "/cgi-bin/message/mass"
_EVERY = 0  # instead of an article's number, which begins at 1


@dataclass(frozen=True, slots=True)
class MassArticles:
    """A draft, gone from the drafts with this; one that repeats others' work goes out only with `reprint`."""

    media_id: str
    reprint: bool = False


@dataclass(frozen=True, slots=True)
class MassPictures:
    """One to twenty pictures by their media ids, and a line about them."""

    media_ids: tuple[str, ...]
    recommend: str = ""


@dataclass(frozen=True, slots=True)
class MassVideo:
    """A video by the id that `video_for_mass` gave it, three days long."""

    media_id: str
    title: str
    description: str = ""


What = str | MassArticles | MassPictures | MassVideo | Voice


@dataclass(frozen=True, slots=True)
class WeChatId:
    """Somebody by the name that people are added to contacts with (微信号), where no openid is at hand."""

    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MassSent:
    """A job taken on: `id` is what the event that ends it bears, `data_id` what statistics go by, where it is told."""

    id: str
    data_id: str = ""


class MassState(StrEnum):
    """How far a job is."""

    DONE = "SEND_SUCCESS"
    RUNNING = "SENDING"
    FAILED = "SEND_FAIL"
    DELETED = "DELETE"


class MassMessages(Protocol):
    """Sendings to many at once; for verified accounts, `mass_to` for service accounts alone.

    A subscription account has one a day; a service account a hundred calls, but four messages a month for each
    follower, who is left out beyond them. `client_msg_id` is the key against doubles: within 24 hours the same one
    sends nothing more and gives the first job; within a minute it is `Retryable`.
    """

    def mass_to_all(self, what: What, *, client_msg_id: str) -> MassSent:
        """Send to every follower; where the account is protected, an admin must confirm it within 30 minutes."""

    def mass_to_tag(self, what: What, tag: int, *, client_msg_id: str) -> MassSent:
        """Send to those who bear a tag."""

    def mass_to(self, openids: Sequence[str], what: What, *, client_msg_id: str) -> MassSent:
        """Send to two to ten thousand people."""

    def video_for_mass(self, media_id: str, *, title: str, description: str = "") -> MassVideo:
        """Make a video sendable to many: one that was uploaded or is kept for good has to be asked for anew.

        The platform's staff say that it may refuse the send of a video which its console has not seen (C).
        """

    def preview_mass(self, who: str | WeChatId, what: What) -> None:
        """Show one follower what it would look like, a hundred times a day; of several pictures the first."""

    def mass_state(self, sent: str) -> MassState:
        """Tell how far the job with this id is."""

    def delete_mass(self, sent: str, *, number: int | None = None) -> None:
        """Take articles back, one by its number (the first being 1) or all, or a video.

        What else was sent stays (`BadRequest`).
        """

    def mass_speed(self) -> int:
        """Tell how fast jobs go: 0, the fastest, to 4."""

    def set_mass_speed(self, level: int) -> None:
        """Let jobs go as fast as `level`, 0 to 4 (800 000 to 100 000 a minute): they may all come at once."""


class TencentMassMessages(Line):
    """`MassMessages` over HTTP."""

    def mass_to_all(self, what: What, *, client_msg_id: str) -> MassSent:
        """See `MassMessages`."""
        return self._mass("sendall", {"filter": {"is_to_all": True}}, what, client_msg_id)

    def mass_to_tag(self, what: What, tag: int, *, client_msg_id: str) -> MassSent:
        """See `MassMessages`."""
        return self._mass("sendall", {"filter": {"is_to_all": False, "tag_id": tag}}, what, client_msg_id)

    def mass_to(self, openids: Sequence[str], what: What, *, client_msg_id: str) -> MassSent:
        """See `MassMessages`."""
        limits.check_mass_list(openids)
        return self._mass("send", {"touser": list(openids)}, what, client_msg_id)

    def video_for_mass(self, media_id: str, *, title: str, description: str = "") -> MassVideo:
        """See `MassMessages`."""
        limits.check_video(title)
        body = {"media_id": media_id, "title": title, "description": description}
        return self._ask(
            "/cgi-bin/media/uploadvideo", body, lambda of: MassVideo(str(of["media_id"]), title, description)
        )

    def preview_mass(self, who: str | WeChatId, what: What) -> None:
        """See `MassMessages`."""
        to = {"towxname": who.name} if isinstance(who, WeChatId) else {"touser": who}
        body = {**to, **_body(what)}
        if isinstance(what, MassPictures):  # a preview knows the older form only: api_preview
            body = {**to, "msgtype": "image", "image": {"media_id": what.media_ids[0]}}
        self._sdk.post(f"{_MASS}/preview", data=body, once=True)

    def mass_state(self, sent: str) -> MassState:
        """See `MassMessages`."""
        return self._ask(f"{_MASS}/get", {"msg_id": sent}, lambda fields: MassState(fields["msg_status"]))

    def delete_mass(self, sent: str, *, number: int | None = None) -> None:
        """See `MassMessages`."""
        self._ask(f"{_MASS}/delete", {"msg_id": sent, "article_idx": number or _EVERY}, dict)

    def mass_speed(self) -> int:
        """See `MassMessages`."""
        return self._ask(f"{_MASS}/speed/get", {}, lambda fields: int(fields["speed"]))

    def set_mass_speed(self, level: int) -> None:
        """See `MassMessages`."""
        limits.check_mass_speed(level)
        self._ask(f"{_MASS}/speed/set", {"speed": level}, dict)

    def _mass(self, path: str, to: Mapping[str, Any], what: What, client_msg_id: str) -> MassSent:
        limits.check_client_msg_id(client_msg_id)
        body = {**to, **_body(what), "clientmsgid": client_msg_id}
        try:
            return self._ask(f"{_MASS}/{path}", body, _sent)
        except AlreadyDone as done:
            return MassSent(done.original)


def _body(what: What) -> dict[str, Any]:
    match what:
        case MassArticles():
            return {
                "msgtype": "mpnews",
                "mpnews": {"media_id": what.media_id},
                "send_ignore_reprint": int(what.reprint),
            }
        case MassPictures():
            limits.check_mass_pictures(what.media_ids)
            return {"msgtype": "image", "images": {"media_ids": list(what.media_ids), "recommend": what.recommend}}
        case MassVideo():
            video = {"media_id": what.media_id, "title": what.title, "description": what.description}
            return {"msgtype": "mpvideo", "mpvideo": video}
        case Voice():
            return {"msgtype": "voice", "voice": {"media_id": what.media_id}}
    limits.check_text(what)
    return {"msgtype": "text", "text": {"content": what}}


def _sent(fields: Mapping[str, Any]) -> MassSent:
    return MassSent(str(fields["msg_id"]), str(fields.get("msg_data_id", "")))
