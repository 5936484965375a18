"""What a push means on the phone, so that one that went before can be done again by anybody."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from wechat.sandbox.call import Upload
from wechat.sandbox.member import Phone
from wechat.sandbox.sender import Outcome

Fields = Mapping[str, Any]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0f01f0005050102"
    "7d5c0e3d0000000049454e44ae426082"
)
# The platform's own reports: nobody does them, they come by themselves of what the program asks for.
REPORTS = frozenset(
    {
        "templatesendjobfinish",
        "masssendjobfinish",
        "publishjobfinish",
        "subscribe_msg_sent_event",
        "wxa_media_check",
    }
)


@dataclass(frozen=True, slots=True)
class Again:
    """Does on the phones what pushes say; `base_url` is where this stand-in shows pictures."""

    phone: Phone
    base_url: str

    def do(self, openid: str, told: Fields) -> Future[Outcome]:
        """The same as a new message of `openid`; what the phone has no gesture for is told as it was."""
        act = _ACTS.get(name(told))
        return act(self, openid, told) if act else self.phone.tell(openid, _bare(told))


def name(told: Fields) -> str:
    """The kind of a message, or the event in lower case (§1.5)."""
    kind = str(told.get("MsgType", ""))
    return str(told.get("Event", "")).lower() if kind == "event" else f"a {kind}"


def is_report(told: Fields) -> bool:
    """Whether it is the platform's word about a call, and nothing that a member did."""
    return name(told) in REPORTS


def _bare(told: Fields) -> dict[str, Any]:
    head = ("ToUserName", "FromUserName", "CreateTime", "MsgId", "Encrypt")
    return {field: value for field, value in told.items() if field not in head}


def _word(told: Fields, field: str) -> str:
    return str(told.get(field) or "")


def _number(told: Fields, field: str) -> float:
    return float(_word(told, field) or 0)


def _follow(again: Again, openid: str, told: Fields) -> Future[Outcome]:
    return again.phone.follow(openid, scene=_word(told, "EventKey").removeprefix("qrscene_"))


def _say(again: Again, openid: str, told: Fields) -> Future[Outcome]:
    return again.phone.say(openid, _word(told, "Content"), menu_id=_word(told, "bizmsgmenuid"))


def _picture(again: Again, openid: str, _: Fields) -> Future[Outcome]:
    return again.phone.picture(openid, Upload("a.png", "image/png", PIXEL), base_url=again.base_url)


def _location(again: Again, openid: str, told: Fields) -> Future[Outcome]:
    place = (_number(told, "Location_X"), _number(told, "Location_Y"))
    return again.phone.location(openid, *place, label=_word(told, "Label"))


def _link(again: Again, openid: str, told: Fields) -> Future[Outcome]:
    words = {word.lower(): _word(told, word) for word in ("Title", "Description", "Url")}
    return again.phone.link(openid, **words)


def _tap(again: Again, openid: str, told: Fields) -> Future[Outcome]:
    return again.phone.tap(openid, key=_word(told, "EventKey"))


def _consent(again: Again, openid: str, told: Fields, *, in_settings: bool) -> Future[Outcome]:
    outer = "SubscribeMsgChangeEvent" if in_settings else "SubscribeMsgPopupEvent"
    listed = (told.get(outer) or told).get("List") or []
    choices = listed if isinstance(listed, list) else [listed]
    accepted = {each["TemplateId"]: each.get("SubscribeStatusString") == "accept" for each in choices}
    return again.phone.consent(openid, accepted, in_settings=in_settings)


_ACTS: dict[str, Callable[[Again, str, Fields], Future[Outcome]]] = {
    "subscribe": _follow,
    "unsubscribe": lambda again, openid, _: again.phone.unfollow(openid),
    "scan": lambda again, openid, told: again.phone.scan(openid, _word(told, "EventKey")),
    "click": _tap,
    "view": lambda again, openid, told: again.phone.tap(openid, url=_word(told, "EventKey")),
    "location": lambda again, openid, told: again.phone.report_location(
        openid, _number(told, "Latitude"), _number(told, "Longitude")
    ),
    "user_enter_tempsession": lambda again, openid, told: again.phone.enter(
        openid, session_from=_word(told, "SessionFrom")
    ),
    "subscribe_msg_popup_event": lambda again, openid, told: _consent(again, openid, told, in_settings=False),
    "subscribe_msg_change_event": lambda again, openid, told: _consent(again, openid, told, in_settings=True),
    "a text": _say,
    "a image": _picture,
    "a voice": lambda again, openid, _: again.phone.voice(openid, Upload("a.amr", "audio/amr", b"#!AMR\n")),
    "a location": _location,
    "a link": _link,
}
