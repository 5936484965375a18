"""Customer-service messages (§3.1): in the member's window only, verified accounts only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, Send
from wechat.errors import AlreadyDone
from wechat.messages import Music, News, Video


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu message; a tap comes back as a message with `id` as its key."""

    id: str
    content: str


class CustomerService(Protocol):
    """What may be said to a member for a while after the member's own act."""

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


class TencentCustomerService(Line):
    """`CustomerService` over HTTP."""

    def send_text(self, openid: str, text: str) -> None:
        """See `CustomerService`."""
        self._send(text_send(openid, text))

    def send_image(self, openid: str, media_id: str) -> None:
        """See `CustomerService`."""
        self._send(custom(openid, "image", {"media_id": media_id}))

    def send_voice(self, openid: str, media_id: str) -> None:
        """See `CustomerService`."""
        self._send(custom(openid, "voice", {"media_id": media_id}))

    def send_video(self, openid: str, video: Video) -> None:
        """See `CustomerService`."""
        content = {"media_id": video.media_id, "title": video.title, "description": video.description}
        self._send(custom(openid, "video", content))

    def send_music(self, openid: str, music: Music) -> None:
        """See `CustomerService`."""
        content = {
            "title": music.title,
            "description": music.description,
            "musicurl": music.url,
            "hqmusicurl": music.hq_url,
            "thumb_media_id": music.thumb_media_id,
        }
        self._send(custom(openid, "music", content))

    def send_news(self, openid: str, news: News) -> None:
        """See `CustomerService`."""
        self._send(news_send(openid, news))

    def send_article(self, openid: str, article_id: str) -> None:
        """See `CustomerService`."""
        self._send(custom(openid, "mpnewsarticle", {"article_id": article_id}))

    def send_choices(self, openid: str, head: str, choices: Sequence[Choice], tail: str = "") -> None:
        """See `CustomerService`."""
        limits.check_text("\n".join((head, *(choice.content for choice in choices), tail)))
        lines = [{"id": choice.id, "content": choice.content} for choice in choices]
        self._send(custom(openid, "msgmenu", {"head_content": head, "list": lines, "tail_content": tail}))

    def send_page(self, openid: str, title: str, *, appid: str, path: str, thumb_media_id: str) -> None:
        """See `CustomerService`."""
        card = {"title": title, "appid": appid, "pagepath": path, "thumb_media_id": thumb_media_id}
        self._send(custom(openid, "miniprogrampage", card))

    def typing(self, openid: str, *, on: bool = True) -> None:
        """See `CustomerService`."""
        command = "Typing" if on else "CancelTyping"
        try:
            self._ask("/cgi-bin/message/custom/typing", {"touser": openid, "command": command}, dict)
        except AlreadyDone:
            return
