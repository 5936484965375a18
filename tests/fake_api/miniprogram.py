"""What of the fake platform mini-programs and pages know; tests/wechat/contracts/miniprogram.py holds both to it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tests.fake_api.line import FakeLine
from wechat import errors, limits
from wechat.api.miniprogram import Medium, PhoneNumber, Scene, Suggest, Verdict, Visitor
from wechat.api.oauth import Reader
from wechat.messages import MediaCheck, MediaVerdict

CODE_LIVES = timedelta(minutes=5)
CHECK_AFTER_USE = timedelta(hours=2)
WORDS_TO_TRY = {
    "违规内容示例": Verdict(Suggest.RISKY, 20006),
    "广告内容示例": Verdict(Suggest.RISKY, 10001),
    "时政内容示例": Verdict(Suggest.REVIEW, 20001),
}


@dataclass
class Code:
    """What a phone was given to show to the account's program."""

    openid: str
    purpose: str
    at: datetime
    unionid: str = ""
    number: str = ""
    is_snapshot: bool = False
    used: bool = False


class FakeMiniProgram(FakeLine):
    """Sign-in, checks, and ways to pages, in memory."""

    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._codes: dict[str, Code] = {}
        self._keys: dict[str, tuple[str, datetime]] = {}
        self._risky: set[str] = set()
        self.pictures: set[str] = set()  # addresses where one can be fetched
        self.told: dict[str, MediaCheck] = {}  # what the event says, by trace

    # -- who it is

    def sign_in(self, code: str) -> Visitor:
        self._mini()
        given = self._taken(code, "login")
        if given.openid in self._risky:
            raise errors.from_code(40226, "code blocked")
        key = secrets.token_hex(12)
        self._keys[given.openid] = (key, self._clock())
        return Visitor(openid=given.openid, session_key=key, unionid=given.unionid)

    def session_holds(self, visitor: Visitor) -> bool:
        self._mini()
        return self._keys.get(visitor.openid, ("", None))[0] == visitor.session_key

    def renew_session(self, visitor: Visitor) -> Visitor:
        if not self.session_holds(visitor):
            raise errors.from_code(87009, "invalid signature")
        key = secrets.token_hex(12)
        self._keys[visitor.openid] = (key, self._keys[visitor.openid][1])
        return replace(visitor, session_key=key)

    def phone_number(self, code: str) -> PhoneNumber:
        self._mini(entity=True)
        return PhoneNumber(number=self._taken(code, "phone").number, country="86")

    def page_address(self, redirect_uri: str, *, state: str, consent: bool = False) -> str:
        limits.check_state(state)
        scope = "snsapi_userinfo" if consent else "snsapi_base"
        asked = {"appid": "wx", "redirect_uri": redirect_uri, "response_type": "code", "scope": scope, "state": state}
        return f"https://pages.example/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def reader(self, code: str) -> Reader:
        if self._kind != "service" or not self._verified:
            raise errors.from_code(48001, "api unauthorized")
        given = self._taken(code, "page")
        if given.is_snapshot:
            return Reader(openid=f"o{secrets.token_hex(13)}", is_snapshot=True)
        return Reader(openid=given.openid)

    # -- checks

    def check_text(self, openid: str, words: str, *, scene: Scene = Scene.COMMENT) -> Verdict:  # noqa: ARG002
        limits.check_checked(words)
        self._mini()
        self._in_use(openid)
        return next((verdict for word, verdict in WORDS_TO_TRY.items() if word in words), Verdict(Suggest.PASS, 100))

    def check_media(self, openid: str, address: str, medium: Medium, *, scene: Scene = Scene.COMMENT) -> str:  # noqa: ARG002
        limits.check_url("media_url", address)
        self._mini()
        self._in_use(openid)
        trace = secrets.token_hex(16)
        self.told[trace] = self._judged(trace, address)
        return trace

    def _judged(self, trace: str, address: str) -> MediaCheck:
        found = next((verdict for word, verdict in WORDS_TO_TRY.items() if word in address), None)
        if found is None and address in self.pictures:
            found = Verdict(Suggest.PASS, 100)
        suggest, label = (found.suggest, str(found.label)) if found else ("", "")
        code, said = (0, "ok") if found else (-1008, "download failed")
        verdicts = (
            [MediaVerdict(strategy="content_model", error_code=0, suggest=suggest, label=label, probability=90)]
            if found
            else []
        )
        return MediaCheck(
            trace_id=trace,
            appid="wx",
            version="2",
            suggest=suggest,
            label=label,
            error_code=code,
            error=said,
            verdicts=tuple(verdicts),
        )

    # -- ways to a page

    def page_code(self, scene: str, *, page: str = "", width: int = 430, check_path: bool = True) -> bytes:  # noqa: ARG002
        limits.check_scene(scene)
        self._mini()
        if page.startswith("/") or (page and check_path and not page.startswith("pages/")):
            raise errors.from_code(41030, "invalid page")
        return b"\x89PNG\r\n\x1a\n"

    def page_link(self, path: str = "", query: str = "", *, days: int) -> str:
        self._way(path, query, days)
        return "https://wxaurl.cn/fake"

    def page_scheme(self, path: str = "", query: str = "", *, days: int) -> str:
        self._way(path, query, days)
        return "weixin://dl/business/?t=fake"

    # -- what phones do

    def gives_code(self, openid: str, purpose: str, *, number: str = "", snapshot: bool = False) -> str:
        """What wx.login, the phone-number button or an authorised page gives the program."""
        code = secrets.token_urlsafe(12)
        self._codes[code] = Code(openid, purpose, self._clock(), number=number, is_snapshot=snapshot)
        return code

    def is_a_risk(self, openid: str) -> None:
        """Let the platform take somebody for a high-risk user."""
        self._risky.add(openid)

    # -- the rules

    def _mini(self, *, entity: bool = False) -> None:
        if self._kind != "miniprogram" or (entity and not self._verified):
            raise errors.from_code(48001, "api unauthorized")

    def _taken(self, code: str, purpose: str) -> Code:
        given = self._codes.get(code)
        if given is None or given.purpose != purpose or self._clock() - given.at > CODE_LIVES:
            raise errors.from_code(40029, "invalid code")
        if given.used:
            raise errors.from_code(40163, "code been used")
        given.used = True
        return given

    def _in_use(self, openid: str) -> None:
        _, at = self._keys.get(openid, ("", None))
        if at is None or self._clock() - at > CHECK_AFTER_USE:
            raise errors.from_code(61010, "code is expired")

    def _way(self, path: str, query: str, days: int) -> None:
        limits.check_link_days(days)
        self._mini(entity=True)
        if path.startswith("/"):
            raise errors.from_code(40165, "invalid path")
        if not query.isascii():
            raise errors.from_code(40212, "invalid query")
