"""Customer-service messages of the fake platform."""

from collections.abc import Sequence

from tests.fake_api.line import Member
from tests.fake_api.media import FakeTemporaryMedia
from wechat import limits
from wechat.api.customer_service import Choice
from wechat.messages import Music, News, Video


class FakeCustomerService(FakeTemporaryMedia):
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
        if article_id not in self._published:
            raise self._refusal(53600, "article_id is invalid")
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

    def _serve(self, openid: str, what: object) -> None:
        with self._lock:
            self._called("/cgi-bin/message/custom/send", talk=True)
            member = self._member(openid)
            if openid in self._blocked:
                raise self._refusal(43019, "remove from blacklist first")
            if not member.follows:
                raise self._refusal(45015, "response out of time limit or subscription is canceled")
            if not member.receives:
                raise self._refusal(48002, "user refuse to receive message")
            self._spend(member)
            member.shown.append(what)

    def _spend(self, member: Member) -> None:
        open_ones = [one for one in member.allowed.values() if one.until > self._clock()]
        if not open_ones:
            raise self._refusal(45015, "response out of time limit or subscription is canceled")
        usable = next((one for one in sorted(open_ones, key=lambda one: one.until) if one.left), None)
        if usable is None:
            raise self._refusal(45047, "out of response count limit")
        usable.left -= 1
