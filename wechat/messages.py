"""What comes in (`Message`), what goes back (`Reply`) and what is sent unasked (`Notice`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Every message and event the platform is known to push; `UNKNOWN` keeps the rest readable in `raw`."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    SHORTVIDEO = "shortvideo"
    LOCATION = "location"
    LINK = "link"
    MINIPROGRAM_PAGE = "miniprogrampage"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SCAN = "scan"
    CLICK = "click"
    VIEW = "view"
    REPORTED_LOCATION = "event_location"
    VIEW_MINIPROGRAM = "view_miniprogram"
    SCANCODE_PUSH = "scancode_push"
    SCANCODE_WAIT = "scancode_waitmsg"
    PIC_SYSPHOTO = "pic_sysphoto"
    PIC_PHOTO_OR_ALBUM = "pic_photo_or_album"
    PIC_WEIXIN = "pic_weixin"
    LOCATION_SELECT = "location_select"
    TEMPLATE_SENT = "templatesendjobfinish"
    MASS_SENT = "masssendjobfinish"
    PUBLISHED = "publishjobfinish"
    NOTICE_POPUP = "subscribe_msg_popup_event"
    NOTICE_CHANGE = "subscribe_msg_change_event"
    NOTICE_SENT = "subscribe_msg_sent_event"
    USER_INFO_MODIFIED = "user_info_modified"
    AUTHORIZATION_REVOKED = "user_authorization_revoke"
    AUTHORIZATION_CANCELLED = "user_authorization_cancellation"
    MEDIA_CHECKED = "wxa_media_check"
    ENTER_SESSION = "user_enter_tempsession"
    AGENT_SESSION = "kf_session"
    ACCOUNT_NEWS = "account_news"
    PROBE = "probe"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One push from the platform.

    `id` is the dedupe key, equal for every repeat of one delivery; `account` is our name of the account (the last part
    of its webhook's URL); `text` is "" where there are no words; `key` is a menu key, a URL or a page; `scene` a QR
    scene without its `qrscene_` prefix; `detail` is the typed rest of an event (see `inbound`), `raw` all fields as
    they came.
    """

    id: str
    account: str
    openid: str = field(repr=False)
    kind: Kind
    sent_at: datetime
    text: str = field(default="", repr=False)
    key: str = ""
    scene: str = ""
    media_id: str = field(default="", repr=False)
    detail: Any = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, at most 2 048 bytes of UTF-8 once rendered."""

    content: str


@dataclass(frozen=True, slots=True)
class News:
    """One card: the platform shows one article in a passive reply."""

    title: str
    description: str
    url: str
    picture_url: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by media id."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice clip by media id."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Video:
    """A video by media id."""

    media_id: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music by URL."""

    title: str = ""
    description: str = ""
    url: str = ""
    hq_url: str = ""
    thumb_media_id: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the talk over to a human agent."""

    agent: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Handled, nothing to say: a bare `success`."""


@dataclass(frozen=True, slots=True)
class Later:
    """Answer `now` at once; `job` gives the rest, sent by a customer-service message or kept for the next visit."""

    job: Callable[[], str]
    now: str = ""


Reply = Text | News | Image | Voice | Video | Music | Transfer | Silence | Later


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A templated notice to one person: `data` maps the template's keys (`thing1`, `time2` …) to their values."""

    openid: str = field(repr=False)
    template_id: str
    data: Mapping[str, str] = field(repr=False)
    page: str = ""
    miniprogram_appid: str = ""
    miniprogram_path: str = ""
