"""A mini-program's own API (§6): who signs in, a verdict on what others may see, codes and links to its pages."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line
from wechat.errors import BadRequest, Retryable
from wechat.wire import UNREADABLE, Answer

_BAD_SIGNATURE = (87007, 87009)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who has sent a login code. The session key never leaves the server; who doesn't need it drops it."""

    openid: str = field(repr=False)
    session_key: str = field(repr=False)
    unionid: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumber:
    """A number that its owner let the mini-program have, without the country's code."""

    number: str = field(repr=False)
    country: str


class Scene(IntEnum):
    """Where others would see the words."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class Suggest(StrEnum):
    """What the platform would do: `REVIEW` means that a person must look."""

    PASS = "pass"  # noqa: S105 - no password
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; `label` is the platform's number for the reason, 100 for none."""

    suggest: Suggest
    label: int
    trace: str = ""


class Medium(IntEnum):
    """What kind of file an address leads to."""

    AUDIO = 1
    IMAGE = 2


class MiniProgram(Protocol):
    """What only a mini-program's account may call."""

    def sign_in(self, code: str) -> Visitor:
        """Tell who has sent this code of wx.login, good once and for five minutes.

        A code that isn't good raises `BadRequest`, a user whom the platform blocks `RecipientGone`, one who comes too
        often `Retryable`.
        """

    def session_holds(self, visitor: Visitor) -> bool:
        """Tell whether the visitor's session key still holds; it is proved, not sent."""

    def renew_session(self, visitor: Visitor) -> Visitor:
        """Change the visitor's session key for another."""

    def phone_number(self, code: str) -> PhoneNumber:
        """Tell the number that belongs to a code of the phone-number button."""

    def check_text(self, openid: str, words: str, *, scene: Scene = Scene.COMMENT) -> Verdict:
        """Judge at most 2 500 characters of somebody who was here within two hours, else `RecipientGone` (61010)."""

    def check_media(self, openid: str, address: str, medium: Medium, *, scene: Scene = Scene.COMMENT) -> str:
        """Have a file judged; return the trace that the event `wxa_media_check` will name."""

    def page_code(self, scene: str, *, page: str = "", width: int = 430, check_path: bool = True) -> bytes:
        """Draw a code that leads to a page with `scene`; there may be any number of them."""

    def page_link(self, path: str = "", query: str = "", *, days: int) -> str:
        """Return a link to a page for messages and mails, good for at most thirty days."""

    def page_scheme(self, path: str = "", query: str = "", *, days: int) -> str:
        """Return the same as an address that phones open with WeChat."""


class TencentMiniProgram(Line):
    """`MiniProgram` over HTTP."""

    def sign_in(self, code: str) -> Visitor:
        """See `MiniProgram`."""
        return self._with_secret("/sns/jscode2session", _visitor, js_code=code)

    def session_holds(self, visitor: Visitor) -> bool:
        """See `MiniProgram`."""
        try:
            self._read("/wxa/checksession", dict, **_proof(visitor))
        except BadRequest as error:
            if error.errcode in _BAD_SIGNATURE:
                return False
            raise
        return True

    def renew_session(self, visitor: Visitor) -> Visitor:
        """See `MiniProgram`."""
        return self._read(
            "/wxa/resetusersessionkey",
            lambda fields: replace(visitor, session_key=str(fields["session_key"])),
            **_proof(visitor),
        )

    def phone_number(self, code: str) -> PhoneNumber:
        """See `MiniProgram`."""
        return self._ask("/wxa/business/getuserphonenumber", {"code": code}, _phone_number)

    def check_text(self, openid: str, words: str, *, scene: Scene = Scene.COMMENT) -> Verdict:
        """See `MiniProgram`."""
        limits.check_checked(words)
        body = {"version": 2, "openid": openid, "scene": int(scene), "content": words}
        return self._ask("/wxa/msg_sec_check", body, _verdict)

    def check_media(self, openid: str, address: str, medium: Medium, *, scene: Scene = Scene.COMMENT) -> str:
        """See `MiniProgram`."""
        limits.check_url("media_url", address)
        body = {
            "version": 2,
            "openid": openid,
            "scene": int(scene),
            "media_url": address,
            "media_type": int(medium),
        }
        return self._ask("/wxa/media_check_async", body, lambda fields: str(fields["trace_id"]))

    def page_code(self, scene: str, *, page: str = "", width: int = 430, check_path: bool = True) -> bytes:
        """See `MiniProgram`."""
        limits.check_scene(scene)
        body = {"scene": scene, "width": width, "check_path": check_path} | ({"page": page} if page else {})
        answer = self._sdk.post("/wxa/getwxacodeunlimit", data=body, raw=True)
        if not isinstance(answer, Answer):
            raise Retryable(None, UNREADABLE)
        return answer.content

    def page_link(self, path: str = "", query: str = "", *, days: int) -> str:
        """See `MiniProgram`."""
        body = {"path": path, "query": query, **_days(days)}
        return self._ask("/wxa/generate_urllink", body, lambda fields: str(fields["url_link"]))

    def page_scheme(self, path: str = "", query: str = "", *, days: int) -> str:
        """See `MiniProgram`."""
        body = {"jump_wxa": {"path": path, "query": query}, "is_expire": True, **_days(days)}
        return self._ask("/wxa/generatescheme", body, lambda fields: str(fields["openlink"]))


def _visitor(fields: Mapping[str, Any]) -> Visitor:
    return Visitor(
        openid=str(fields["openid"]), session_key=str(fields["session_key"]), unionid=str(fields.get("unionid", ""))
    )


def _proof(visitor: Visitor) -> dict[str, str]:
    """The empty body of a GET, signed with the session key."""
    signature = hmac.new(visitor.session_key.encode(), b"", hashlib.sha256).hexdigest()
    return {"openid": visitor.openid, "signature": signature, "sig_method": "hmac_sha256"}


def _phone_number(fields: Mapping[str, Any]) -> PhoneNumber:
    info = fields["phone_info"]
    return PhoneNumber(number=str(info["purePhoneNumber"]), country=str(info["countryCode"]))


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    """Errcode 0 alone is no verdict: one that says nothing we know is for a person to look at."""
    result = fields["result"]
    known = result["suggest"] in set(Suggest)
    suggest = Suggest(result["suggest"]) if known else Suggest.REVIEW
    return Verdict(suggest, int(result["label"]), str(fields.get("trace_id", "")))


def _days(days: int) -> dict[str, int]:
    limits.check_link_days(days)
    return {"expire_type": 1, "expire_interval": days}
