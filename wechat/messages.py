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
class Origin:
    """Where a text was sent from: an item of a `msgmenu`, an article, a business; "" where it was simply typed."""

    menu_item: str = ""
    article: str = ""
    article_index: str = ""
    business: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What is told of a picture, a voice or a video beside its media id."""

    url: str = field(default="", repr=False)
    format: str = ""
    recognition: str = field(default="", repr=False)
    thumb_media_id: str = field(default="", repr=False)
    media_id_16k: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place, in degrees; `precision` is in metres; None where the number was missing or none."""

    latitude: float | None = field(default=None, repr=False)
    longitude: float | None = field(default=None, repr=False)
    precision: float | None = None
    scale: float | None = None
    label: str = field(default="", repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A shared article or page."""

    title: str = field(repr=False)
    description: str = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramCard:
    """A shared page of a mini-program."""

    title: str = field(repr=False)
    appid: str
    path: str = field(repr=False)
    thumb_url: str = field(repr=False)
    thumb_media_id: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A follow or a scan: the QR code's ticket, and a trade number where following came from a payment."""

    ticket: str = field(default="", repr=False)
    trade_no: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuTap:
    """Which menu a link was tapped in; "" for the default menu."""

    menu_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanCode:
    """What the phone's scanner read: `kind` is `qrcode` or `barcode`."""

    kind: str
    result: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The MD5 of each picture taken; the pictures themselves follow as messages."""

    md5s: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """How a templated message or a mass sending ended; `status` has no blank after its colon."""

    message_id: str
    status: str

    @property
    def succeeded(self) -> bool:
        """True where the platform says so and nothing else."""
        return self.status in {"success", "send success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCheck:
    """What the copyright check says of one article of a mass sending."""

    index: int
    declared: int
    audit: int
    original_url: str
    original_type: int
    can_reprint: bool
    replaced: bool
    shows_source: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUrl:
    """Where an article of a mass sending or a publication stands."""

    index: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFinished(JobFinished):
    """How a mass sending ended, in people and in articles."""

    total: int
    filtered: int
    sent: int
    failed: int
    check_state: int
    checks: tuple[ArticleCheck, ...]
    urls: tuple[ArticleUrl, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How a publication ended: `status` 0 done, 1 running, 2 not original, 3 failed, 4 refused, 5 deleted, 6 banned."""

    publish_id: str
    status: int
    article_id: str
    urls: tuple[ArticleUrl, ...]
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChoice:
    """A member accepted or refused one template; `scene` tells where the question was asked."""

    template_id: str
    accepted: bool
    scene: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent:
    """How a subscription notice ended; `error_code` 0 is well."""

    template_id: str
    message_id: str
    error_code: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Someone changed, withdrew or cancelled what a mini-program may know; `what` are the platform's own numbers."""

    openid: str = field(repr=False)
    appid: str
    what: str = ""
    plugin_id: str = ""
    open_pid: str = field(default="", repr=False)
    union_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaVerdict:
    """What one strategy of the media check found."""

    strategy: str
    error_code: int
    suggest: str
    label: str
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCheck:
    """The result of an asynchronous media check: `suggest` is `pass`, `review` or `risky`; "" where it failed."""

    trace_id: str
    appid: str
    version: str
    suggest: str
    label: str
    error_code: int
    error: str
    verdicts: tuple[MediaVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEntered:
    """Someone opened the customer-service chat of a mini-program; `origin` is what its button carries."""

    origin: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSession:
    """A human agent's session: `change` is `create`, `close` or `switch`; `former` the agent before a switch."""

    change: str
    agent: str
    former: str = ""
    close_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNews:
    """Something about the account itself, for its operator: `event` in lower case, `good` None where no verdict."""

    event: str
    good: bool | None = None
    subject: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One push from the platform.

    `id` is the dedupe key, equal for every repeat of one delivery; `account` is our name of the account (the last part
    of its webhook's URL); `text` is "" where there are no words; `key` is a menu key, a URL or a page; `scene` a QR
    scene without its `qrscene_` prefix; `detail` is the rest, one of the classes above or a tuple of them (the tables
    in `inbound` tell which); `raw` all fields as they came; `miniprogram` tells that the account is one, which takes
    a `Transfer` or nothing for an answer.
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
    miniprogram: bool = False


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
    """Hand the talk over to a human agent; `words` are said beside it, by a customer-service message."""

    agent: str = ""
    words: str = ""


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


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """A notice as a template message (§3.2): `client_msg_id` is its key against doubles, for ten minutes."""

    notice: Notice
    client_msg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A page of the account's own: `content` is HTML whose pictures lie on the platform (`upload_picture`).

    The cover is material kept for good; without a `digest` the platform takes the first 54 characters.
    """

    title: str
    content: str = field(repr=False)
    thumb_media_id: str
    author: str = ""
    digest: str = ""
    source_url: str = ""
    comments: bool = False
    followers_comment_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureArticle:
    """One to twenty pictures, each material kept for good, with plain words; the first is the cover."""

    title: str
    content: str = field(repr=False)
    media_ids: tuple[str, ...]
    comments: bool = False
    followers_comment_only: bool = False
