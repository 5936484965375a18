"""A `Reply` becomes the XML that the platform shows to the sender of a message.

A mini-program's own server may hand a talk over to an agent or say nothing, in XML whatever the form of the push
(the platform's page on forwarding customer messages); any other reply renders as `success`, and whoever has words for
a mini-program's user sends them by a customer-service message.
"""

from datetime import datetime
from typing import assert_never

from wechat.body import cdata, legal, word
from wechat.messages import Image, Later, Message, Music, News, Reply, Silence, Text, Transfer, Video, Voice

SUCCESS = b"success"
LONGEST_TEXT_BYTES = 2048


class BadReply(Exception):
    """The platform would show a fault instead of this reply; the text names the field."""


def render(reply: Reply, to: Message, *, now: datetime) -> bytes:
    """Return the plain body that answers `to`, or raise BadReply naming the field that is empty or too long.

    A text may have 2 048 bytes of UTF-8, a news reply is one article (sdk-notes.md §2).
    """
    if to.miniprogram and not isinstance(reply, Transfer):
        return SUCCESS
    inside = _inside(reply, to)
    if not inside:
        return SUCCESS
    head = (
        f"<ToUserName>{cdata(word(to.raw, 'FromUserName') or to.openid)}</ToUserName>"
        f"<FromUserName>{cdata(word(to.raw, 'ToUserName'))}</FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime>"
    )
    return f"<xml>{head}{inside}</xml>".encode()


def _inside(reply: Reply, to: Message) -> str:
    match reply:
        case Silence():
            return ""
        case Later():
            return _text(reply.now) if reply.now else ""
        case Text():
            return _text(reply.content)
        case News():
            return _news(reply)
        case Transfer():
            return _transfer(reply, to)
        case _:
            return _media(reply)


def _media(reply: Image | Voice | Video | Music) -> str:
    match reply:
        case Image():
            return _typed("image", _node("Image", _required("MediaId", reply.media_id)))
        case Voice():
            return _typed("voice", _node("Voice", _required("MediaId", reply.media_id)))
        case Video():
            return _typed("video", _node("Video", _required("MediaId", reply.media_id) + _titles(reply)))
        case Music():
            return _typed("music", _node("Music", _titles(reply) + _music(reply)))
        case _:
            assert_never(reply)


def _text(content: str) -> str:
    if len(legal(content).encode()) > LONGEST_TEXT_BYTES:
        raise BadReply(f"Content is longer than {LONGEST_TEXT_BYTES} bytes")
    return _typed("text", _required("Content", content))


def _news(reply: News) -> str:
    item = (
        _required("Title", reply.title)
        + _words("Description", reply.description)
        + _words("PicUrl", reply.picture_url)
        + _required("Url", reply.url)
    )
    return _typed("news", _node("ArticleCount", "1") + _node("Articles", _node("item", item)))


def _transfer(reply: Transfer, to: Message) -> str:
    named = reply.agent and not to.miniprogram
    return _typed("transfer_customer_service", _node("TransInfo", _words("KfAccount", reply.agent)) if named else "")


def _titles(reply: Video | Music) -> str:
    return _words("Title", reply.title) + _words("Description", reply.description)


def _music(reply: Music) -> str:
    return (
        _words("MusicUrl", reply.url)
        + _words("HQMusicUrl", reply.hq_url)
        + _required("ThumbMediaId", reply.thumb_media_id)
    )


def _typed(kind: str, inside: str) -> str:
    return _words("MsgType", kind) + inside


def _required(name: str, text: str) -> str:
    if not legal(text):
        raise BadReply(f"{name} is empty")
    return _words(name, text)


def _words(name: str, text: str) -> str:
    return _node(name, cdata(text))


def _node(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"
