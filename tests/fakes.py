"""Stand-ins that keep the rules of what they stand for; the contract suites see to it."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from wechat import errors, limits
from wechat.api.account import Quota
from wechat.api.customer_service import Choice
from wechat.api.media import Media
from wechat.api.people import User
from wechat.api.tags import Tag
from wechat.api.templates import NoticeTemplate
from wechat.bulk import Job, Outcome
from wechat.client import WeChat
from wechat.errors import WeChatError
from wechat.messages import Kind, Music, News, Notice, Video
from wechat.windows import ALLOWANCES

MEDIA_LIVES = timedelta(days=3)
SAME_CLIENT_MSG_ID = timedelta(minutes=10)
NOTICE_TEMPLATES = (
    NoticeTemplate(
        "notice-study-update",
        "学习内容更新提醒",
        "更新内容：{{thing1.DATA}}\n更新时间：{{time2.DATA}}\n温馨提示：{{thing3.DATA}}",
    ),
    NoticeTemplate(
        "notice-reply",
        "留言回复通知",
        "留言主题：{{thing1.DATA}}\n回复时间：{{time2.DATA}}\n处理状态：{{phrase3.DATA}}",
    ),
)
MESSAGE_TEMPLATES = ("message-reply",)


class Shelf:
    """A token store in this process; `away` makes it one that is not there."""

    def __init__(self, *, away: bool = False) -> None:
        self.value: str | None = None
        self.away = away
        self._lock = threading.Lock()

    def get(self) -> str | None:
        return self.value

    def put(self, value: str, *, seconds: int) -> None:  # noqa: ARG002 — nothing here grows old
        self.value = None if self.away else value

    @contextmanager
    def lock(self, *, hold_seconds: float, wait_seconds: float) -> Iterator[bool]:  # noqa: ARG002
        if self.away:
            yield False
        else:
            with self._lock:
                yield True


@dataclass
class Allowed:
    """Customer-service messages left from one act of a member."""

    left: int
    until: datetime


@dataclass
class Member:
    """One who knows of the account."""

    follows: bool = False
    since: datetime | None = None
    scene: str = ""
    receives: bool = True
    allowed: dict[Kind, Allowed] = field(default_factory=dict)
    credits: Counter[str] = field(default_factory=Counter)
    tags: list[int] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)


class FakeWeChat:
    """The platform's API in memory; what members do and see is in the second half of the class.

    `shown_to` gives what a member's phone shows: words as str, else the `News`, `Notice` or media id that was sent.
    """

    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        self._clock = clock
        self._kind = kind
        self._verified = verified
        self._members: dict[str, Member] = {}
        self._tags: dict[int, str] = {}
        self._media: dict[str, tuple[Media, datetime]] = {}
        self._menu: Mapping[str, Any] | None = None
        self._once: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._serial = count(1)
        self._used: Counter[str] = Counter()
        self._faults: deque[WeChatError] = deque()
        self._lock = threading.RLock()

    # -- customer-service messages

    def send_text(self, openid: str, text: str) -> None:
        limits.check_text(text)
        self._serve(openid, text)

    def send_image(self, openid: str, media_id: str) -> None:
        self._serve(openid, self._alive(media_id))

    def send_voice(self, openid: str, media_id: str) -> None:
        self._serve(openid, self._alive(media_id))

    def send_video(self, openid: str, video: Video) -> None:
        self._alive(video.media_id)
        self._serve(openid, video)

    def send_music(self, openid: str, music: Music) -> None:
        self._serve(openid, music)

    def send_news(self, openid: str, news: News) -> None:
        limits.check_news(news)
        self._serve(openid, news)

    def send_article(self, openid: str, article_id: str) -> None:
        self._serve(openid, article_id)

    def send_choices(self, openid: str, head: str, choices: Sequence[Choice], tail: str = "") -> None:
        words = "\n".join((head, *(choice.content for choice in choices), tail))
        limits.check_text(words)
        self._serve(openid, words)

    def send_page(self, openid: str, title: str, *, appid: str, path: str, thumb_media_id: str) -> None:  # noqa: ARG002
        self._alive(thumb_media_id)
        self._serve(openid, title)

    def typing(self, openid: str, *, on: bool = True) -> None:  # noqa: ARG002
        self._called("/cgi-bin/message/custom/typing", talk=True)
        self._member(openid)

    # -- notices

    def send_notice(self, notice: Notice) -> str:
        limits.check_notice(notice.data)
        with self._lock:
            self._called("/cgi-bin/message/subscribe/bizsend", notices=True)
            member = self._member(notice.openid)
            self._filled(notice)
            if not member.credits[notice.template_id]:
                raise errors.from_code(43101, "user refuse to accept the msg")
            member.credits[notice.template_id] -= 1
            member.shown.append(notice)
            return ""

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        limits.check_template(notice.data)
        limits.check_client_msg_id(client_msg_id)
        with self._lock:
            self._called("/cgi-bin/message/template/send", notices=True)
            member = self._member(notice.openid)
            if notice.template_id not in MESSAGE_TEMPLATES:
                raise errors.from_code(40037, "invalid template_id")
            if not member.follows:
                raise errors.from_code(43004, "require subscribe")
            known, at = self._once.get((notice.openid, client_msg_id), ("", self._clock()))
            if known and self._clock() - at < SAME_CLIENT_MSG_ID:
                return known
            message_id = str(next(self._serial))
            self._once[notice.openid, client_msg_id] = (message_id, self._clock())
            if member.receives:
                member.shown.append(notice)
            return message_id

    def notice_templates(self) -> list[NoticeTemplate]:
        self._called("/wxaapi/newtmpl/gettemplate", notices=True)
        return list(NOTICE_TEMPLATES)

    # -- menu

    def menu(self) -> Mapping[str, Any] | None:
        self._called("/cgi-bin/menu/get")
        return self._menu

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        limits.check_menu(menu)
        self._called("/cgi-bin/menu/create")
        self._menu = menu

    def delete_menu(self) -> None:
        self._called("/cgi-bin/menu/delete")
        self._menu = None

    # -- people and tags

    def followers(self, after: str = "") -> Iterator[str]:
        self._called("/cgi-bin/user/get", talk=True)
        following = [openid for openid, member in self._members.items() if member.follows]
        yield from following[following.index(after) + 1 if after else 0 :]

    def user(self, openid: str) -> User:
        self._called("/cgi-bin/user/info", talk=True)
        member = self._member(openid)
        if not member.follows:
            return User(openid=openid, follows=False)
        return User(openid=openid, follows=True, followed_at=member.since, tags=tuple(member.tags), scene=member.scene)

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        yield from map(self.user, openids)

    def tags(self) -> list[Tag]:
        self._called("/cgi-bin/tags/get", talk=True)
        bearers = Counter(tag for member in self._members.values() for tag in member.tags)
        return [Tag(tag, name, bearers[tag]) for tag, name in self._tags.items()]

    def create_tag(self, name: str) -> Tag:
        self._called("/cgi-bin/tags/create", talk=True)
        self._free(name)
        made = Tag(next(self._serial) + limits.TAGS_OF_AN_ACCOUNT, name)
        self._tags[made.id] = name
        return made

    def rename_tag(self, tag: int, name: str) -> None:
        self._called("/cgi-bin/tags/update", talk=True)
        self._existing(tag)
        self._free(name)
        self._tags[tag] = name

    def delete_tag(self, tag: int) -> None:
        self._called("/cgi-bin/tags/delete", talk=True)
        self._existing(tag)
        del self._tags[tag]
        self.untag(self._members, tag)

    def tag(self, openids: Iterable[str], tag: int) -> None:
        self._existing(tag)
        for openid in openids:
            member = self._follower(openid)
            if tag not in member.tags:
                member.tags.append(tag)

    def untag(self, openids: Iterable[str], tag: int) -> None:
        for openid in openids:
            member = self._member(openid)
            member.tags = [kept for kept in member.tags if kept != tag]

    def tags_of(self, openid: str) -> tuple[int, ...]:
        self._called("/cgi-bin/tags/getidlist", talk=True)
        return tuple(self._member(openid).tags)

    # -- media and the account itself

    def upload(self, kind: str, content: bytes) -> str:
        found = limits.check_media(kind, content)
        self._called("/cgi-bin/media/upload", talk=True)
        media_id = f"media-{next(self._serial)}"
        self._media[media_id] = (Media(content, found.mime), self._clock())
        return media_id

    def download(self, media_id: str) -> Media:
        self._called("/cgi-bin/media/get", talk=True)
        return self._media[self._alive(media_id)][0]

    def quota(self, path: str) -> Quota:
        if path != "/cgi-bin/message/custom/send":
            raise errors.from_code(76021, "cgi_path not found")
        limit, used = 500_000, self._used[path]
        return Quota(limit, used, limit - used)

    def callback_addresses(self) -> list[str]:
        self._called("/cgi-bin/getcallbackip")
        return ["127.0.0.1"]

    # -- what members do and see, and what goes wrong

    def joins(self, openid: str, *, scene: str = "") -> str:
        """Begin to follow."""
        member = self._members.setdefault(openid, Member())
        member.follows, member.since, member.scene = True, self._clock(), scene
        self.acts(openid, Kind.SUBSCRIBE)
        return openid

    def knows(self, openid: str) -> str:
        """Know of the account without following it."""
        self._members.setdefault(openid, Member())
        return openid

    def leaves(self, openid: str) -> None:
        """Unfollow: windows close and tags go."""
        member = self._members[openid]
        member.follows, member.tags = False, []
        member.allowed.clear()

    def acts(self, openid: str, kind: Kind = Kind.TEXT) -> None:
        """Write or tap: the allowance of that act is full again."""
        allowance = ALLOWANCES[kind]
        self._members[openid].allowed[kind] = Allowed(allowance.messages, self._clock() + allowance.lasts)

    def consents(self, openid: str, template_id: str) -> None:
        """Allow one notice."""
        self._members[openid].credits[template_id] += 1

    def refuses_messages(self, openid: str) -> None:
        """Switch 接收消息 off."""
        self._members[openid].receives = False

    def shown_to(self, openid: str) -> list[Any]:
        """Everything the account has sent to this member."""
        return self._members[openid].shown

    def fails(self, *faults: WeChatError) -> None:
        """Let the next calls end so, one each."""
        self._faults.extend(faults)

    # -- the rules

    def _called(self, path: str, *, talk: bool = False, notices: bool = False) -> None:
        with self._lock:
            if self._faults:
                raise self._faults.popleft()
            if ((talk or notices) and not self._verified) or (notices and self._kind == "subscription"):
                raise errors.from_code(48001, "api unauthorized")
            self._used[path] += 1

    def _serve(self, openid: str, what: object) -> None:
        with self._lock:
            self._called("/cgi-bin/message/custom/send", talk=True)
            member = self._member(openid)
            if not member.follows:
                raise errors.from_code(45015, "response out of time limit or subscription is canceled")
            if not member.receives:
                raise errors.from_code(48002, "user refuse to receive message")
            self._spend(member)
            member.shown.append(what)

    def _spend(self, member: Member) -> None:
        open_ones = [one for one in member.allowed.values() if one.until > self._clock()]
        if not open_ones:
            raise errors.from_code(45015, "response out of time limit or subscription is canceled")
        usable = next((one for one in sorted(open_ones, key=lambda one: one.until) if one.left), None)
        if usable is None:
            raise errors.from_code(45047, "out of response count limit")
        usable.left -= 1

    def _member(self, openid: str) -> Member:
        if openid not in self._members:
            raise errors.from_code(40003, "invalid openid")
        return self._members[openid]

    def _follower(self, openid: str) -> Member:
        member = self._member(openid)
        if not member.follows:
            raise errors.from_code(40003, "invalid openid")
        return member

    def _filled(self, notice: Notice) -> None:
        template = next((one for one in NOTICE_TEMPLATES if one.id == notice.template_id), None)
        if template is None:
            raise errors.from_code(40037, "invalid template_id")
        for key in template.keys:
            if key not in notice.data:
                raise errors.from_code(47003, f"argument invalid! data.{key}.value invalid")

    def _alive(self, media_id: str) -> str:
        if media_id not in self._media or self._clock() - self._media[media_id][1] >= MEDIA_LIVES:
            raise errors.from_code(40007, "invalid media_id")
        return media_id

    def _existing(self, tag: int) -> None:
        if tag not in self._tags:
            raise errors.from_code(45159, "invalid tag id")

    def _free(self, name: str) -> None:
        limits.check_tag_name(name)
        if name in self._tags.values():
            raise errors.from_code(45157, "invalid tag name")
        if len(self._tags) >= limits.TAGS_OF_AN_ACCOUNT:
            raise errors.from_code(45056, "tag count out of limit")


class FakeBulk:
    """Stands for `wechat.bulk.Bulk`, both its doors: sends one job after the other through a `WeChat`."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def send(self, jobs: Iterable[Job]) -> AsyncGenerator[Outcome, None]:
        for job in jobs:
            await asyncio.sleep(0)
            yield self._outcome(job)

    def send_all(self, jobs: Iterable[Job]) -> list[Outcome]:
        return [self._outcome(job) for job in jobs]

    def close(self) -> None:
        """Nothing is kept open."""

    def _outcome(self, job: Job) -> Outcome:
        try:
            match job.what:
                case Notice() as notice:
                    return Outcome(job.id, self._wechat.send_notice(notice))
                case News() as news:
                    self._wechat.send_news(job.openid, news)
                case words:
                    self._wechat.send_text(job.openid, words)
        except WeChatError as error:
            return Outcome(job.id, error=error)
        return Outcome(job.id)
