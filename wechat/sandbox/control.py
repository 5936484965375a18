"""The stand-in's own API under /sandbox: what the phone page and tests do and see, as JSON."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from typing import Any, Protocol

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import FileStorage

from wechat.sandbox import chat, jssdk, menus, robots
from wechat.sandbox.call import Upload
from wechat.sandbox.knobs import EFFECTS, WEBHOOK, Knob, Knobs
from wechat.sandbox.member import NotPossible, Phone, kept_choice
from wechat.sandbox.notices import credits_of
from wechat.sandbox.platform import ENDPOINTS, TOKENS, Platform
from wechat.sandbox.presets import PRESETS
from wechat.sandbox.sender import Outcome
from wechat.sandbox.state import counted

WAIT_SECONDS = 30
LONGEST_WAIT = 600.0
LARGEST_QUOTA = 1e9
PATHS = (*TOKENS, *ENDPOINTS, *robots.PATHS)  # what a fault can befall
Did = Future[Outcome] | None


class BroadcastDoor(Protocol):
    """The way to the bot's own broadcasts, for the button 立即推送."""

    def list(self) -> Sequence[tuple[str, str]]:
        """Keys and titles of what can be sent now."""

    def send(self, key: str) -> str:
        """Send one now; returns the name of what was begun, to be shown."""


class Body:
    """The JSON object or form of a request, read by name; what is missing or of the wrong type is a 400."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required where there is no default."""
        value = self.given.get(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise NotPossible(f"bad_{name}", 400)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number; required where there is no default."""
        try:
            number = float(self.given.get(name, default))
        except (TypeError, ValueError):
            raise NotPossible(f"bad_{name}", 400) from None
        if not math.isfinite(number):
            raise NotPossible(f"bad_{name}", 400)
        return number

    def count(self, name: str, default: int) -> int:
        """A whole number that is not negative."""
        value = self.number(name, default)
        if value != int(value) or value < 0:
            raise NotPossible(f"bad_{name}", 400)
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean."""
        value = self.given.get(name, default)
        if not isinstance(value, bool):
            raise NotPossible(f"bad_{name}", 400)
        return value


def blueprint(platform: Platform, phone: Phone, knobs: Knobs, broadcasts: BroadcastDoor | None) -> Blueprint:
    """What phones do and see, and the levers. Refusals are `{"error": code}` with 400, 404 or 409."""
    doors = group("control")
    _add_actions(doors, platform, phone)
    _add_requests(doors, platform, phone)
    _add_views(doors, platform, phone)
    _add_levers(doors, platform, knobs)
    _add_admin(doors, platform)
    _add_broadcasts(doors, broadcasts)
    return doors


def group(name: str) -> Blueprint:
    """Doors under /sandbox that may refuse."""
    doors = Blueprint(name, __name__, url_prefix="/sandbox")
    doors.register_error_handler(NotPossible, _refused)
    return doors


def _refused(refusal: NotPossible) -> tuple[Response, int]:
    why = {"why": refusal.why} if refusal.why else {}
    return jsonify(error=refusal.code, **why), refusal.status


def body() -> Body:
    """What this request was given."""
    given = request.form if request.form or request.files else request.get_json(silent=True)
    if not isinstance(given, Mapping):
        raise NotPossible("bad_json", 400)
    return Body(given)


def taken(file: FileStorage) -> Upload:
    """The whole of an uploaded file; a large one's temporary file is given back."""
    with closing(file.stream) as stream:
        return Upload(file.filename or "file", file.mimetype or "application/octet-stream", stream.read())


def _scanned(phone: Phone, who: str, body: Body) -> Did:
    code = body.text("code", "")
    return phone.scan(who, code=code) if code else phone.scan(who, body.text("scene"))


def _upload(name: str) -> Upload:
    file = request.files.get(name)
    upload = taken(file) if file else None
    if upload is None or not upload.content:
        raise NotPossible(f"bad_{name}", 400)
    return upload


def _add_actions(doors: Blueprint, platform: Platform, phone: Phone) -> None:
    """POST /sandbox/<action> with `openid`; with `"wait": true` it answers once the bot has, with the new lines."""
    actions: dict[str, Callable[[str, Body], Did]] = {
        "follow": lambda who, body: phone.follow(who, scene=body.text("scene", "")),
        "unfollow": lambda who, _: phone.unfollow(who),
        "scan": lambda who, body: _scanned(phone, who, body),
        "enter": lambda who, body: phone.enter(who, session_from=body.text("from", "")),
        "say": lambda who, body: phone.say(who, body.text("text"), menu_id=body.text("menu_id", "")),
        "tap": lambda who, body: phone.tap(
            who, key=body.text("key", ""), url=body.text("url", ""), scanned=body.text("scanned", "")
        ),
        "picture": lambda who, _: phone.picture(who, _upload("picture"), base_url=request.url_root.rstrip("/")),
        "voice": lambda who, _: phone.voice(who, _upload("voice")),
        "location": lambda who, body: phone.location(
            who, body.number("latitude"), body.number("longitude"), label=body.text("label", "")
        ),
        "report": lambda who, body: phone.report_location(who, body.number("latitude"), body.number("longitude")),
        "link": lambda who, body: phone.link(
            who, title=body.text("title"), description=body.text("description", ""), url=body.text("url")
        ),
        "consent": lambda who, body: phone.consent(
            who,
            {body.text("template_id"): body.flag("accept", default=True)},
            in_settings=body.flag("in_settings", default=False),
            keep=body.flag("keep", default=False),
        ),
        "receive": lambda who, body: phone.receive(who, on=body.flag("on", default=True)),
        "risk": lambda who, body: phone.risk(who, on=body.flag("on", default=True)),
    }

    def act(action: str) -> Response:
        if action not in actions:
            raise NotPossible("no_action", 404)
        given = body()
        openid = given.text("openid")
        with platform.state.begin() as db:
            before = counted(db, "chat")
        done = actions[action](openid, given)
        if given.given.get("wait") and done is not None:
            done.result(timeout=WAIT_SECONDS)
        with platform.state.begin() as db:
            lines = [line for line in chat.since(db, openid, before) if line["who"] != "member"]
        return jsonify(openid=openid, lines=lines)

    doors.add_url_rule("/<action>", view_func=act, methods=["POST"])


def _add_requests(doors: Blueprint, platform: Platform, phone: Phone) -> None:
    """What WeChat on the phone does for a page or a mini-program, and making a member."""

    @doors.post("/members")
    def create() -> Response:
        given = body()
        nickname, unionid = given.text("nickname", ""), given.text("unionid", "")
        return jsonify(openid=phone.create(given.text("account"), nickname=nickname, unionid=unionid))

    @doors.post("/codes")
    def code() -> Response:
        given = body()
        return jsonify(code=phone.code(given.text("openid"), given.text("for"), scope=given.text("scope", "")))

    @doors.post("/signatures")
    def signature() -> Response:
        """Whether WeChat lets a page with this `wx.config` in."""
        given = body()
        account = platform.accounts.get(given.text("account"))
        if account is None:
            raise NotPossible("no_account", 404)
        shown = {name: given.text(name) for name in ("url", "nonceStr", "timestamp", "signature")}
        with platform.state.begin() as db:
            return jsonify(ok=jssdk.lets_in(db, account, shown, platform.now))

    @doors.post("/asked")
    def asked() -> Response:
        given = body()
        return jsonify(choice=phone.asked(given.text("openid"), given.text("template_id")))


def _add_views(doors: Blueprint, platform: Platform, phone: Phone) -> None:
    @doors.get("/accounts")
    def accounts() -> Response:
        names = ("name", "title", "kind", "verified", "mode")
        return jsonify([{name: getattr(one, name) for name in names} for one in platform.accounts.values()])

    @doors.get("/members")
    def members() -> Response:
        with platform.state.begin() as db:
            rows = db.execute(
                "select openid, account, nickname, followed from members where account = coalesce(?, account)"
                " order by made_at, openid",
                (request.args.get("account"),),
            ).fetchall()
        return jsonify([{**dict(row), "followed": bool(row["followed"])} for row in rows])

    @doors.get("/chat")
    def talk() -> Response:
        openid, after = request.args.get("openid", ""), request.args.get("after", 0, type=int)
        with platform.state.begin() as db:
            member = phone.member(db, openid)
            lines, change = chat.since(db, openid, after), counted(db, "chat")
            menu = menus.in_use(db, platform.accounts[member["account"]], openid)
        return jsonify(
            lines=lines,
            change=change,
            followed=bool(member["followed"]),
            typing=member["typing_until"] > platform.now,
            menu=json.dumps(menu),
        )

    @doors.get("/messages")
    def messages() -> Response:
        openid = request.args.get("openid", "")
        with platform.state.begin() as db:
            phone.member(db, openid)
            lines = [line for line in chat.since(db, openid) if line["who"] != "member" and line["type"] != "system"]
        return jsonify(lines)

    @doors.get("/templates")
    def templates() -> Response:
        openid = request.args.get("openid", "")
        with platform.state.begin() as db:
            held = platform.templates_of(db, phone.member(db, openid)["account"])
            shown = [
                {
                    "id": one.id,
                    "title": one.title,
                    "fields": one.fields,
                    "credits": credits_of(db, openid, one.id),
                    "kept": kept_choice(db, openid, one.id),
                }
                for one in held.values()
                if one.kind == "notice"
            ]
        return jsonify(shown)


def _add_levers(doors: Blueprint, platform: Platform, knobs: Knobs) -> None:
    def clock() -> Response:
        if request.method == "POST":
            platform.advance(body().count("advance_seconds", 0))
        return jsonify(now=platform.now)

    def faults(number: int | None = None) -> Response:
        if request.method == "DELETE":
            knobs.clear(number)
        if request.method == "POST":
            knobs.turn(_knob(body()))
        return jsonify(knobs.listed())

    def presets() -> Response:
        return jsonify(presets=[one.shown() for one in PRESETS.values()], paths=PATHS)

    doors.add_url_rule("/clock", view_func=clock, methods=["GET", "POST"])
    doors.add_url_rule("/knobs", view_func=faults, methods=["GET", "POST", "DELETE"])
    doors.add_url_rule("/knobs/<int:number>", view_func=faults, methods=["DELETE"])
    doors.add_url_rule("/presets", view_func=presets)


def _add_admin(doors: Blueprint, platform: Platform) -> None:
    """What the account's admin is asked, and answers."""

    def waiting() -> Response:
        return jsonify(platform.mass_waiting())

    def answer(job: int) -> Response:
        if not platform.answer_mass(job, confirmed=body().flag("confirm", default=True)):
            raise NotPossible("no_mass", 404)
        return jsonify(platform.mass_waiting())

    doors.add_url_rule("/mass", view_func=waiting, endpoint="waiting")
    doors.add_url_rule("/mass/<int:job>", view_func=answer, methods=["POST"], endpoint="answer")


def _knob(body: Body) -> Knob:
    """The knob that was asked for: a preset's with other values, or one of its own."""
    preset = body.text("preset", "")
    if preset and preset not in PRESETS:
        raise NotPossible("bad_preset", 400)
    base = PRESETS[preset].knob if preset else Knob(path=body.text("path"), effect=body.text("effect"))
    knob = replace(
        base,
        title=PRESETS[preset].title if preset else base.effect,
        path=body.text("path", base.path),
        value=body.number("value", base.value),
        words=body.text("words", base.words),
        times=body.count("times", base.times),
        after=body.count("after", base.after),
    )
    for wrong, name in (
        (not knob.befalls & EFFECTS.get(knob.effect, frozenset()), "effect"),
        (knob.path not in {WEBHOOK, *PATHS, *(["*"] if knob.effect != "quota" else [])}, "path"),
        (not _makes_sense(knob), "value"),
    ):
        if wrong:
            raise NotPossible(f"bad_{name}", 400)
    return knob


def _makes_sense(knob: Knob) -> bool:
    """An errcode is a whole number and none of success; a wait is no longer than anybody would wait."""
    if knob.effect == "fail":
        return knob.value == int(knob.value) != 0
    return 0 <= knob.value <= (LONGEST_WAIT if knob.effect in {"delay", "hold"} else LARGEST_QUOTA)


def _add_broadcasts(doors: Blueprint, broadcasts: BroadcastDoor | None) -> None:
    def listed() -> Response:
        held = broadcasts.list() if broadcasts else ()
        return jsonify([{"key": key, "title": title} for key, title in held])

    def send() -> Response:
        if broadcasts is None:
            raise NotPossible("no_broadcasts", 404)
        return jsonify(said=broadcasts.send(body().text("key")))

    doors.add_url_rule("/broadcasts", view_func=listed, endpoint="broadcasts")
    doors.add_url_rule("/broadcasts", view_func=send, methods=["POST"], endpoint="broadcast")
