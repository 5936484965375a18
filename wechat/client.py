"""The platform's API as the program uses it: `WeChat` is what callers see, `TencentWeChat` does it over HTTP.

wechatpy knows the addresses and bodies; its `_request` is replaced (sdk-notes.md §3): one retry on a stale token
instead of endless ones, a time limit on every call, `api_base` for every address, UTF-8 without escapes, and our own
errors, which carry neither its client nor the request. What it lacks or sends wrongly is posted here. The rest of the
API has its place at the end of each group.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

from wechatpy import WeChatClient

from wechat import limits
from wechat.errors import AlreadyDone, BadRequest, StaleToken
from wechat.messages import Music, News, Notice, Video
from wechat.settings import AccountSettings
from wechat.tokens import Tokens
from wechat.wire import CONNECT_SECONDS, JSON_TYPE, READ_SECONDS, UNREADABLE, Answer, Wire, encoded, lost, understood

T = TypeVar("T")

_NO_MENU = 46003


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A follower; of one who does not follow only `openid` and perhaps `unionid` are told (§5)."""

    openid: str = field(repr=False)
    follows: bool
    followed_at: datetime | None = None
    unionid: str = field(default="", repr=False)
    remark: str = field(default="", repr=False)
    tags: tuple[int, ...] = ()
    came_by: str = ""
    scene: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many followers bear it."""

    id: int
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Media:
    """A downloaded file."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one API a day: allowed, used and left."""

    daily_limit: int
    used: int
    remain: int


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A subscription notice's template; `keys` are the fields its `content` names, such as `thing1`."""

    id: str
    title: str
    content: str
    example: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that a notice must fill, in the template's order."""
        return tuple(part.partition(".DATA}}")[0] for part in self.content.split("{{")[1:])


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu message; a tap comes back as a message with `id` as its key."""

    id: str
    content: str


class WeChat(Protocol):
    """One account's API. Every method may raise any `WeChatError`, and `BadRequest` before anything is sent.

    Those that send raise `Unsure` where the answer was lost and the platform has no key against doubles.
    """

    # -- customer-service messages (§3.1): in the member's window only, verified accounts only

    def send_text(self, openid: str, text: str) -> None:
        """Send words, at most 2 048 bytes."""

    def send_image(self, openid: str, media_id: str) -> None:
        """Send a picture."""

    def send_voice(self, openid: str, media_id: str) -> None:
        """Send a voice clip."""

    def send_video(self, openid: str, video: Video) -> None:
        """Send a video."""

    def send_music(self, openid: str, music: Music) -> None:
        """Send a piece of music."""

    def send_news(self, openid: str, news: News) -> None:
        """Send one card."""

    def send_article(self, openid: str, article_id: str) -> None:
        """Send an article that is published."""

    def send_choices(self, openid: str, head: str, choices: Sequence[Choice], tail: str = "") -> None:
        """Send words with lines to tap."""

    def send_page(self, openid: str, title: str, *, appid: str, path: str, thumb_media_id: str) -> None:
        """Send a mini-program's page as a card."""

    def typing(self, openid: str, *, on: bool = True) -> None:
        """Show "typing", or no longer; never an error if the platform sees no need."""

    # -- notices: each uses up one of the member's credits (§3.3), templates only after the member's own act (§3.2)

    def send_notice(self, notice: Notice) -> str:
        """Send a subscription notice; return the platform's message id, "" where it gives none."""

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        """Send a template message, safe to repeat for ten minutes; return the message id."""

    def notice_templates(self) -> list[NoticeTemplate]:
        """List the subscription templates of the account."""

    # -- menu (§4)

    def menu(self) -> Mapping[str, Any] | None:
        """Return the menu as the platform keeps it, None where there is none."""

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the menu by `menu`, the body of menu/create."""

    def delete_menu(self) -> None:
        """Take the menu away."""

    # -- people and tags (§5)

    def followers(self, after: str = "") -> Iterator[str]:
        """Walk through the openids of all followers, from the one after `after`, a page in memory at a time."""

    def user(self, openid: str) -> User:
        """Tell what the platform knows of one person."""

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """Tell it of many, a hundred a call."""

    def tags(self) -> list[Tag]:
        """List the account's tags."""

    def create_tag(self, name: str) -> Tag:
        """Make a tag."""

    def rename_tag(self, tag: int, name: str) -> None:
        """Give a tag another name."""

    def delete_tag(self, tag: int) -> None:
        """Drop a tag."""

    def tag(self, openids: Iterable[str], tag: int) -> None:
        """Give people a tag, fifty a call; safe to repeat."""

    def untag(self, openids: Iterable[str], tag: int) -> None:
        """Take a tag from people, fifty a call; safe to repeat."""

    def tags_of(self, openid: str) -> tuple[int, ...]:
        """Return the ids of one person's tags."""

    # -- media (§8)

    def upload(self, kind: str, content: bytes) -> str:
        """Keep an image, voice, video or thumb for three days; return its media id."""

    def download(self, media_id: str) -> Media:
        """Fetch a picture, a voice clip or a thumb by its media id; a video has another way and is refused."""

    # -- the account itself

    def quota(self, path: str) -> Quota:
        """Tell what is left today of the API at `path`, such as "/cgi-bin/message/custom/send" (§2.3)."""

    def callback_addresses(self) -> list[str]:
        """Return the addresses from which the platform pushes messages (§1.4)."""


@dataclass(frozen=True, slots=True)
class Send:
    """A message ready to be posted: where to and what."""

    path: str
    body: Mapping[str, Any] = field(repr=False)


def custom(openid: str, kind: str, content: Mapping[str, Any]) -> Send:
    """A customer-service message."""
    return Send("/cgi-bin/message/custom/send", {"touser": openid, "msgtype": kind, kind: content})


def text_send(openid: str, text: str) -> Send:
    """Words as a customer-service message, or `BadRequest`."""
    limits.check_text(text)
    return custom(openid, "text", {"content": text})


def news_send(openid: str, news: News) -> Send:
    """One card as a customer-service message, or `BadRequest`."""
    limits.check_news(news)
    card = {"title": news.title, "description": news.description, "url": news.url, "picurl": news.picture_url}
    return custom(openid, "news", {"articles": [card]})


def notice_send(notice: Notice, account: AccountSettings) -> Send:
    """A subscription notice in the form of the account's kind, or `BadRequest`."""
    limits.check_notice(notice.data)
    path = "subscribe/send" if account.kind == "miniprogram" else "subscribe/bizsend"
    return Send(f"/cgi-bin/message/{path}", _noted(notice, page=notice.page))


def template_send(notice: Notice, client_msg_id: str) -> Send:
    """A template message with its key against doubles, or `BadRequest`."""
    limits.check_template(notice.data)
    limits.check_client_msg_id(client_msg_id)
    return Send("/cgi-bin/message/template/send", _noted(notice, url=notice.page) | {"client_msg_id": client_msg_id})


def _noted(notice: Notice, **target: str) -> dict[str, Any]:
    body: dict[str, Any] = {"touser": notice.openid, "template_id": notice.template_id}
    body |= {name: value for name, value in target.items() if value}
    if notice.miniprogram_appid:
        body["miniprogram"] = {"appid": notice.miniprogram_appid, "pagepath": notice.miniprogram_path}
    return body | {"data": {key: {"value": value} for key, value in notice.data.items()}}


class _Sdk(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's list of the API, over our wire."""

    def __init__(self, account: AccountSettings, tokens: Tokens, wire: Wire) -> None:
        super().__init__(account.appid, secret="", auto_retry=False)
        self._tokens = tokens
        self._wire = wire

    @property
    def access_token(self) -> str:
        """The fleet's token."""
        return self._tokens.get()

    def _request(self, method: str, url_or_endpoint: str, **request: Any) -> Any:
        """Make one call; a refused token is replaced and the call made once more.

        Beside wechatpy's arguments: `once` (see wire.py) and `raw` (give the `Answer` as it is when it is a file).
        An answer that `result_processor` can't make sense of is a lost one.
        """
        path = urlsplit(urljoin(request.pop("api_base_url", self.API_BASE_URL), url_or_endpoint)).path
        processor = request.pop("result_processor", None)
        token = self._tokens.get()
        try:
            answer = self._try(method, path, token, **request)
        except StaleToken:
            answer = self._try(method, path, self._tokens.refresh(token), **request)
        return _made(processor, answer) if processor else answer

    def _try(self, method: str, path: str, token: str, **request: Any) -> Any:
        once, raw = request.pop("once", False), request.pop("raw", False)
        data = request.pop("data", None)
        hide: tuple[str, ...] = (token,)
        if isinstance(data, Mapping):
            hide = (token, str(data.get("touser", "")), str(data.get("openid", "")))
            request |= {"data": encoded(data), "headers": {"Content-Type": JSON_TYPE}}
        request["params"] = {**request.get("params", {}), "access_token": token}
        answer = self._wire.call(method, path, once=once, **request)
        return answer if raw and answer.is_file else understood(answer, once=once, hide=hide)


class TencentWeChat:
    """The real thing; threads may share it. `timeouts` are seconds to connect and seconds without a byte."""

    def __init__(
        self,
        account: AccountSettings,
        tokens: Tokens,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._account = account
        self._sdk = _Sdk(account, tokens, Wire(account.api_base, timeouts=timeouts))

    # -- customer-service messages

    def send_text(self, openid: str, text: str) -> None:
        """See `WeChat`."""
        self._send(text_send(openid, text))

    def send_image(self, openid: str, media_id: str) -> None:
        """See `WeChat`."""
        self._send(custom(openid, "image", {"media_id": media_id}))

    def send_voice(self, openid: str, media_id: str) -> None:
        """See `WeChat`."""
        self._send(custom(openid, "voice", {"media_id": media_id}))

    def send_video(self, openid: str, video: Video) -> None:
        """See `WeChat`."""
        content = {"media_id": video.media_id, "title": video.title, "description": video.description}
        self._send(custom(openid, "video", content))

    def send_music(self, openid: str, music: Music) -> None:
        """See `WeChat`."""
        content = {
            "title": music.title,
            "description": music.description,
            "musicurl": music.url,
            "hqmusicurl": music.hq_url,
            "thumb_media_id": music.thumb_media_id,
        }
        self._send(custom(openid, "music", content))

    def send_news(self, openid: str, news: News) -> None:
        """See `WeChat`."""
        self._send(news_send(openid, news))

    def send_article(self, openid: str, article_id: str) -> None:
        """See `WeChat`."""
        self._send(custom(openid, "mpnewsarticle", {"article_id": article_id}))

    def send_choices(self, openid: str, head: str, choices: Sequence[Choice], tail: str = "") -> None:
        """See `WeChat`."""
        limits.check_text("\n".join((head, *(choice.content for choice in choices), tail)))
        lines = [{"id": choice.id, "content": choice.content} for choice in choices]
        self._send(custom(openid, "msgmenu", {"head_content": head, "list": lines, "tail_content": tail}))

    def send_page(self, openid: str, title: str, *, appid: str, path: str, thumb_media_id: str) -> None:
        """See `WeChat`."""
        card = {"title": title, "appid": appid, "pagepath": path, "thumb_media_id": thumb_media_id}
        self._send(custom(openid, "miniprogrampage", card))

    def typing(self, openid: str, *, on: bool = True) -> None:
        """See `WeChat`."""
        command = "Typing" if on else "CancelTyping"
        try:
            self._ask("/cgi-bin/message/custom/typing", {"touser": openid, "command": command}, dict)
        except AlreadyDone:
            return

    # -- notices

    def send_notice(self, notice: Notice) -> str:
        """See `WeChat`."""
        return self._send(notice_send(notice, self._account))

    def send_template(self, notice: Notice, *, client_msg_id: str) -> str:
        """See `WeChat`."""
        return self._send(template_send(notice, client_msg_id), once=False)

    def notice_templates(self) -> list[NoticeTemplate]:
        """See `WeChat`."""
        return self._read("/wxaapi/newtmpl/gettemplate", _templates)

    # (adding and deleting templates, mass messages, drafts and publishing belong here)

    # -- menu

    def menu(self) -> Mapping[str, Any] | None:
        """See `WeChat`."""
        try:
            return self._read("/cgi-bin/menu/get", lambda fields: dict(fields["menu"]))
        except BadRequest as error:
            if error.errcode == _NO_MENU:
                return None
            raise

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """See `WeChat`."""
        limits.check_menu(menu)
        self._sdk.menu.create(menu)

    def delete_menu(self) -> None:
        """See `WeChat`."""
        self._sdk.menu.delete()

    # (conditional menus belong here)

    # -- people and tags

    def followers(self, after: str = "") -> Iterator[str]:
        """See `WeChat`."""
        while True:
            openids, then = self._read("/cgi-bin/user/get", _page, **({"next_openid": after} if after else {}))
            yield from openids
            if not openids or not then or then == after:
                return
            after = then

    def user(self, openid: str) -> User:
        """See `WeChat`."""
        return self._read("/cgi-bin/user/info", _user, openid=openid, lang="zh_CN")

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """See `WeChat`."""
        for some in _batches(openids, limits.USERS_AT_ONCE):
            body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in some]}
            yield from self._ask("/cgi-bin/user/info/batchget", body, lambda of: [*map(_user, of["user_info_list"])])

    def tags(self) -> list[Tag]:
        """See `WeChat`."""
        return self._read("/cgi-bin/tags/get", lambda fields: [*map(_tag, fields["tags"])])

    def create_tag(self, name: str) -> Tag:
        """See `WeChat`."""
        limits.check_tag_name(name)
        return self._ask("/cgi-bin/tags/create", {"tag": {"name": name}}, lambda fields: _tag(fields["tag"]))

    def rename_tag(self, tag: int, name: str) -> None:
        """See `WeChat`."""
        limits.check_tag_name(name)
        self._sdk.tag.update(tag, name)

    def delete_tag(self, tag: int) -> None:
        """See `WeChat`."""
        self._sdk.tag.delete(tag)

    def tag(self, openids: Iterable[str], tag: int) -> None:
        """See `WeChat`."""
        for some in _batches(openids, limits.TAGGED_AT_ONCE):
            self._sdk.tag.tag_user(tag, some)

    def untag(self, openids: Iterable[str], tag: int) -> None:
        """See `WeChat`."""
        for some in _batches(openids, limits.TAGGED_AT_ONCE):
            self._sdk.tag.untag_user(tag, some)

    def tags_of(self, openid: str) -> tuple[int, ...]:
        """See `WeChat`."""
        return self._ask("/cgi-bin/tags/getidlist", {"openid": openid}, lambda fields: tuple(fields["tagid_list"]))

    # (the blacklist, remarks, QR codes, OAuth and the mini-program's login belong here)

    # -- media

    def upload(self, kind: str, content: bytes) -> str:
        """See `WeChat`."""
        found = limits.check_media(kind, content)
        file = (f"media.{found.suffix}", content, found.mime)  # bytes, so that a second try sends them again
        made: str = self._sdk.post(
            "media/upload", params={"type": kind}, files={"media": file}, result_processor=_media_id
        )
        return made

    def download(self, media_id: str) -> Media:
        """See `WeChat`."""
        answer = self._sdk.get("media/get", params={"media_id": media_id}, raw=True)
        if not isinstance(answer, Answer):
            raise BadRequest.of("media_id", "a video, or no file")
        return Media(answer.content, answer.content_type)

    # (permanent material belongs here)

    # -- the account itself

    def quota(self, path: str) -> Quota:
        """See `WeChat`."""
        return self._ask("/cgi-bin/openapi/quota/get", {"cgi_path": path}, lambda fields: _quota(fields["quota"]))

    def callback_addresses(self) -> list[str]:
        """See `WeChat`."""
        return list(self._sdk.misc.get_wechat_ips())

    # (clearing quotas, looking up a rid and checking the callback belong here)

    def _send(self, send: Send, *, once: bool = True) -> str:
        answer = self._sdk.post(send.path, data=send.body, once=once)
        return str(answer.get("msgid", ""))

    def _read(self, path: str, made: Callable[[dict[str, Any]], T], **params: str) -> T:
        found: T = self._sdk.get(path, params=params, result_processor=made)
        return found

    def _ask(self, path: str, body: Mapping[str, Any], made: Callable[[dict[str, Any]], T]) -> T:
        found: T = self._sdk.post(path, data=body, result_processor=made)
        return found


def _made(processor: Callable[[Any], Any], answer: Any) -> Any:
    try:
        return processor(answer)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        failure = lost(UNREADABLE, once=False)
    raise failure


def _page(fields: Mapping[str, Any]) -> tuple[list[str], str]:
    openids = fields["data"]["openid"] if fields.get("count") or "data" in fields else []
    return [str(openid) for openid in openids], str(fields.get("next_openid", ""))


def _templates(fields: Mapping[str, Any]) -> list[NoticeTemplate]:
    listed = fields.get("data", [])
    return [NoticeTemplate(of["priTmplId"], of["title"], of["content"], of.get("example", "")) for of in listed]


def _tag(fields: Mapping[str, Any]) -> Tag:
    return Tag(int(fields["id"]), fields["name"], fields.get("count", 0))


def _media_id(fields: Mapping[str, Any]) -> str:
    return str(fields["media_id"] if "media_id" in fields else fields["thumb_media_id"])


def _quota(fields: Mapping[str, Any]) -> Quota:
    return Quota(fields["daily_limit"], fields["used"], fields["remain"])


def _user(fields: Mapping[str, Any]) -> User:
    since = fields.get("subscribe_time")
    return User(
        openid=fields["openid"],
        follows=bool(fields.get("subscribe")),
        followed_at=datetime.fromtimestamp(int(since), UTC) if since else None,
        unionid=fields.get("unionid", ""),
        remark=fields.get("remark", ""),
        tags=tuple(fields.get("tagid_list", ())),
        came_by=fields.get("subscribe_scene", ""),
        scene=str(fields.get("qr_scene_str") or fields.get("qr_scene") or ""),
    )


def _batches(openids: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(openids)
    while some := list(islice(rest, size)):
        yield some
