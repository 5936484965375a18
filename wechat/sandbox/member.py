"""What a member does with the phone: each action is written down and pushed to the bot as the platform does."""

import secrets
import sqlite3
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from wechat.sandbox import blacklist, chat, media, menus, qrcodes, sns, windows
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.call import Push, Upload
from wechat.sandbox.notices import credits_of
from wechat.sandbox.platform import Platform
from wechat.sandbox.sender import Outcome
from wechat.sandbox.state import count_up, new_msgid


class NotPossible(Exception):
    """An action nobody could do: `code` names why, `status` is the HTTP status for it, `why` is for people."""

    def __init__(self, code: str, status: int = 409, why: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: what the bot is told, the line the member sees of it, and the window it opens (§3.1)."""

    fields: Mapping[str, Any] = field(repr=False)
    line: Mapping[str, Any] | None = field(default=None, repr=False)
    window: str = ""
    answered: bool = True


class Phone:
    """The phones of all members; every action returns the future of its push."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def create(self, account: str, *, nickname: str = "", unionid: str = "") -> str:
        """A new member who knows of the account and doesn't follow it yet; returns the openid."""
        if account not in self._platform.accounts:
            raise NotPossible("no_account", 404)
        openid = "o" + secrets.token_urlsafe(21)[:27]
        with self._platform.state.begin() as db:
            name = nickname.strip() or f"成员{count_up(db, 'members')}"
            db.execute(
                "insert into members (openid, account, nickname, unionid, made_at) values (?, ?, ?, ?, ?)",
                (openid, account, name, unionid, self._platform.now),
            )
        return openid

    def member(self, db: sqlite3.Connection, openid: str) -> sqlite3.Row:
        """The member's row, or NotPossible."""
        row: sqlite3.Row | None = db.execute("select * from members where openid = ?", (openid,)).fetchone()
        if row is None or row["account"] not in self._platform.accounts:
            raise NotPossible("no_member", 404)
        return row

    def follow(self, openid: str, *, scene: str = "", ticket: str = "") -> Future[Outcome]:
        """Follow the account, by a QR code's scene or by search."""
        with self._platform.state.begin() as db:
            member = self.member(db, openid)
            if member["followed"]:
                raise NotPossible("already_following")
            db.execute(
                "update members set followed = 1, followed_at = ?, subscribe_scene = ?, qr_scene = ? where openid = ?",
                (self._platform.now, "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH", scene, openid),
            )
            self._note(db, openid, "已关注公众号")
        by_code = {"EventKey": f"qrscene_{scene}", "Ticket": ticket or _some_ticket()} if scene else {"EventKey": ""}
        return self._do(openid, Action(fields=_event("subscribe", **by_code), window="follow"))

    def follow_quietly(self, openid: str) -> None:
        """Have followed long before; the bot hears nothing of it."""
        with self._platform.state.begin() as db:
            self.member(db, openid)
            db.execute(
                "update members set followed = 1, followed_at = ?, subscribe_scene = 'ADD_SCENE_OTHERS'"
                " where openid = ?",
                (self._platform.now, openid),
            )

    def unfollow(self, openid: str) -> Future[Outcome]:
        """Leave: windows close, tags go, and nothing can be sent any more except by credit."""
        with self._platform.state.begin() as db:
            member = self._follower(db, openid)
            db.execute("update members set followed = 0, typing_until = 0 where openid = ?", (openid,))
            db.execute("delete from tagged where openid = ?", (openid,))
            windows.close_all(db, openid)
            self._note(db, openid, "已取消关注")
        push = Push(
            account=self._account(member), openid=openid, fields=_event("unsubscribe", EventKey=""), answered=False
        )
        return self._platform.push(push)

    def scan(self, openid: str, scene: str = "", *, code: str = "") -> Future[Outcome]:
        """Scan a QR code with a scene: a follower's SCAN, anyone else's way to follow.

        `code` is the ticket of one that the API has made, or what the code says; without it there is one for `scene`.
        """
        with self._platform.state.begin() as db:
            member = self.member(db, openid)
            made = qrcodes.found(db, self._account(member), code, self._platform.now) if code else None
        if code and made is None:
            raise NotPossible("no_code", 404)
        scene, ticket = (made["scene"], made["ticket"]) if made else (scene, _some_ticket())
        if not member["followed"]:
            return self.follow(openid, scene=scene, ticket=ticket)
        fields = _event("SCAN", EventKey=scene, Ticket=ticket)
        return self._do(openid, Action(fields=fields, window="scan"))

    def enter(self, openid: str, *, session_from: str = "") -> Future[Outcome]:
        """Open a mini-program's customer-service talk."""
        with self._platform.state.begin() as db:
            self.member(db, openid)
            now = self._platform.now
            db.execute("update mini_sessions set used_at = ? where openid = ?", (now, openid))  # its button is in there
            self._note(db, openid, "打开了客服会话")
        fields = _event("user_enter_tempsession", SessionFrom=session_from)
        return self._do(openid, Action(fields=fields, window="enter"))

    def say(self, openid: str, text: str, *, menu_id: str = "") -> Future[Outcome]:
        """Send words; with `menu_id` they are an item of a `msgmenu`, which counts as a menu click (§3.1)."""
        fields = {"MsgType": "text", "Content": text}
        if menu_id:
            fields["bizmsgmenuid"] = menu_id
        line = {"type": "text", "content": text}
        return self._do(openid, Action(fields=fields, line=line, window="click" if menu_id else "message"))

    def tap(self, openid: str, *, key: str = "", url: str = "", scanned: str = "") -> Future[Outcome]:
        """Tap a button of the menu, by its key or by its URL."""
        if url:
            return self._do(openid, Action(fields=_event("VIEW", EventKey=url, MenuId="1"), answered=False))
        kind = self._button_type(openid, key)
        if kind in {"scancode_push", "scancode_waitmsg"}:
            found = {"ScanType": "qrcode", "ScanResult": scanned}
            return self._do(openid, Action(fields=_event(kind, EventKey=key, ScanCodeInfo=found), window="click"))
        return self._do(openid, Action(fields=_event("CLICK", EventKey=key), window="click"))

    def picture(self, openid: str, file: Upload, *, base_url: str) -> Future[Outcome]:
        """Send a picture; its `PicUrl` is on this stand-in."""
        media_id = self._keep(openid, "image", file)
        fields = {"MsgType": "image", "PicUrl": f"{base_url}/mmbiz/{media_id}", "MediaId": media_id}
        return self._do(openid, Action(fields=fields, line={"type": "image", "media_id": media_id}, window="message"))

    def voice(self, openid: str, file: Upload) -> Future[Outcome]:
        """Send a voice clip."""
        media_id = self._keep(openid, "voice", file)
        fields = {"MsgType": "voice", "MediaId": media_id, "Format": "amr"}
        return self._do(openid, Action(fields=fields, line={"type": "voice", "media_id": media_id}, window="message"))

    def location(self, openid: str, latitude: float, longitude: float, *, label: str = "") -> Future[Outcome]:
        """Send a place."""
        place = {"Location_X": latitude, "Location_Y": longitude, "Scale": 16, "Label": label}
        line = {"type": "location", "title": label, "content": f"{latitude}, {longitude}"}
        return self._do(openid, Action(fields={"MsgType": "location", **place}, line=line, window="message"))

    def report_location(self, openid: str, latitude: float, longitude: float) -> Future[Outcome]:
        """Let the account know where one is, as the phone does by itself once allowed."""
        fields = _event("LOCATION", Latitude=latitude, Longitude=longitude, Precision=65.0)
        return self._do(openid, Action(fields=fields, answered=False))

    def link(self, openid: str, *, title: str, description: str, url: str) -> Future[Outcome]:
        """Forward a link to the account."""
        fields = {"MsgType": "link", "Title": title, "Description": description, "Url": url}
        article = {"title": title, "description": description, "url": url, "picurl": ""}
        return self._do(openid, Action(fields=fields, line={"type": "news", "articles": [article]}, window="message"))

    def asked(self, openid: str, template_id: str) -> str:
        """What is answered without a popup, where the member keeps their choice (§3.4): a credit, and no push.

        "" means that they have to be asked: their answer is a `consent`.
        """
        with self._platform.state.begin() as db:
            self.member(db, openid)
            kept = kept_choice(db, openid, template_id)
            if kept == "accept":
                self._settle_credit(db, openid, template_id, accept=True, in_settings=False)
        return kept

    def consent(
        self,
        openid: str,
        choices: Mapping[str, bool],
        *,
        scene: str = "",
        in_settings: bool = False,
        keep: bool = False,
    ) -> Future[Outcome]:
        """Answer a request for notices, a template each: accepting adds one credit.

        `scene` is where they were asked: in a mini-program's page (0) there, in an article (2) of an official account.
        `in_settings` is the member's own list of notices: refusing there takes all credits away, and only refusals
        are pushed (§3.3). `keep` is 总是保持以上选择; what is chosen in the settings ends it.
        """
        told = {name: accept for name, accept in choices.items() if not (in_settings and accept)}
        with self._platform.state.begin() as db:
            member = self.member(db, openid)
            for template_id, accept in choices.items():
                self._settle_credit(db, openid, template_id, accept=accept, in_settings=in_settings)
                _keep_choice(db, openid, template_id, accept if keep and not in_settings else None)
        asked_in = "" if in_settings else scene or ("0" if self._account(member).kind == "miniprogram" else "2")
        said = [_choice(name, accept=accept, scene=asked_in) for name, accept in told.items()]
        event, outer = _CONSENT[in_settings]
        fields = _event(event, **{outer: {"List": said}})
        return self._platform.push(
            Push(account=self._account(member), openid=openid, fields=fields, answered=False),
        )

    def code(self, openid: str, purpose: str, *, scope: str = "") -> str:
        """What wx.login, the phone-number button or an authorised page gives the account's program (§6, §7)."""
        if purpose not in {sns.LOGIN, sns.PHONE, sns.PAGE}:
            raise NotPossible("no_purpose", 400)
        with self._platform.state.begin() as db:
            return sns.give(db, self.member(db, openid), purpose, self._platform.now, scope=scope)

    def risk(self, openid: str, *, on: bool) -> None:
        """Let the platform take somebody for a high-risk user (40226)."""
        with self._platform.state.begin() as db:
            self.member(db, openid)
            db.execute("delete from risky where openid = ?", (openid,))
            if on:
                db.execute("insert into risky values (?)", (openid,))

    def receive(self, openid: str, *, on: bool) -> None:
        """Switch 接收消息 for the account on or off (48002)."""
        with self._platform.state.begin() as db:
            self.member(db, openid)
            db.execute("update members set receives = ? where openid = ?", (int(on), openid))

    def tell(self, openid: str, fields: Mapping[str, Any]) -> Future[Outcome]:
        """Push what this phone has no gesture for, as it is."""
        return self._do(openid, Action(fields=fields))

    def _do(self, openid: str, action: Action) -> Future[Outcome]:
        with self._platform.state.begin() as db:
            member = self._follower(db, openid)
            if blacklist.holds(db, openid):
                raise NotPossible("blocked")
            line = None
            if action.line:
                line = chat.add(
                    db,
                    openid,
                    at=self._platform.now,
                    who="member",
                    via="phone",
                    body=action.line,
                    state="sending",
                )
            if action.window:
                windows.open_for(db, openid, action.window, self._platform.now)
            fields = dict(action.fields)
            if fields["MsgType"] != "event":
                fields["MsgId"] = new_msgid(db)
        account = self._account(member)
        return self._platform.push(
            Push(account=account, openid=openid, fields=fields, line=line, answered=action.answered)
        )

    def _follower(self, db: sqlite3.Connection, openid: str) -> sqlite3.Row:
        member = self.member(db, openid)
        if not member["followed"] and self._account(member).kind != "miniprogram":
            raise NotPossible("not_following")
        return member

    def _account(self, member: sqlite3.Row) -> SandboxAccount:
        return self._platform.accounts[member["account"]]

    def _keep(self, openid: str, kind: str, file: Upload) -> str:
        with self._platform.state.begin() as db:
            member = self._follower(db, openid)
            return media.keep(db, self._account(member), kind, file, self._platform.now)

    def _note(self, db: sqlite3.Connection, openid: str, words: str) -> None:
        body = {"type": "system", "content": words}
        chat.add(db, openid, at=self._platform.now, who="system", via="phone", body=body)

    def _button_type(self, openid: str, key: str) -> str:
        with self._platform.state.begin() as db:
            member = self.member(db, openid)
            top = menus.in_use(db, self._platform.accounts[member["account"]], openid)
        leaves = [leaf for button in top for leaf in button.get("sub_button") or [button]]
        return next((str(leaf["type"]) for leaf in leaves if leaf.get("key") == key), "click")

    def _settle_credit(
        self, db: sqlite3.Connection, openid: str, template_id: str, *, accept: bool, in_settings: bool
    ) -> None:
        account = self.member(db, openid)["account"]
        template = self._platform.templates_of(db, account).get(template_id)
        if template is None or template.kind != "notice":
            raise NotPossible("no_template", 404)
        left = 0 if in_settings and not accept else credits_of(db, openid, template_id) + (accept and not in_settings)
        db.execute("replace into credits values (?, ?, ?)", (openid, template_id, left))


_CONSENT = {
    False: ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent"),
    True: ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"),
}


def _some_ticket() -> str:
    """The ticket of a code that somebody else has made."""
    return secrets.token_urlsafe(60)


def kept_choice(db: sqlite3.Connection, openid: str, template_id: str) -> str:
    """What the member keeps to: accept, reject, or ""."""
    row = db.execute(
        "select accept from kept_choices where openid = ? and template_id = ?", (openid, template_id)
    ).fetchone()
    return ("reject", "accept")[row["accept"]] if row else ""


def _keep_choice(db: sqlite3.Connection, openid: str, template_id: str, accept: bool | None) -> None:  # noqa: FBT001 - the choice itself
    db.execute("delete from kept_choices where openid = ? and template_id = ?", (openid, template_id))
    if accept is not None:
        db.execute("insert into kept_choices values (?, ?, ?)", (openid, template_id, int(accept)))


def _event(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"MsgType": "event", "Event": name, **fields}


def _choice(template_id: str, *, accept: bool, scene: str) -> dict[str, str]:
    chosen = {"TemplateId": template_id, "SubscribeStatusString": "accept" if accept else "reject"}
    return {**chosen, "PopupScene": scene} if scene else chosen
