"""The platform's API: which paths there are, who may call them, and how a call is let in, done and written down."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import perf_counter
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from wechat.sandbox import (
    articles,
    blacklist,
    bodies,
    chat,
    diagnosis,
    followers,
    jssdk,
    mass,
    materials,
    media,
    menus,
    miniprogram,
    notices,
    qrcodes,
    quota,
    rules,
    service,
    sns,
    tags,
    templates,
    tokens,
    wirelog,
)
from wechat.sandbox.account import SandboxAccount, Template
from wechat.sandbox.call import Answer, Call, Push, Request
from wechat.sandbox.clock import MovedClock
from wechat.sandbox.errors import ApiError
from wechat.sandbox.knobs import Hit, Knobs
from wechat.sandbox.sender import Outcome, Settle
from wechat.sandbox.state import State


class Endpoint(NamedTuple):
    """A path of the API: its function, the methods it takes, and the class of accounts that may call it."""

    run: Callable[[Call], Answer]
    methods: frozenset[str]
    callers: str


GET, POST = frozenset({"GET"}), frozenset({"POST"})

TOKENS: dict[str, tuple[tokens.Issue, frozenset[str]]] = {
    "/cgi-bin/token": (tokens.classic, GET),
    "/cgi-bin/stable_token": (tokens.stable, POST),
}

ENDPOINTS: dict[str, Endpoint] = {
    "/cgi-bin/getcallbackip": Endpoint(diagnosis.addresses, GET, "everyone"),
    "/cgi-bin/get_api_domain_ip": Endpoint(diagnosis.addresses, GET, "everyone"),
    "/cgi-bin/callback/check": Endpoint(diagnosis.check_callback, POST, "everyone"),
    "/cgi-bin/openapi/rid/get": Endpoint(diagnosis.past_call, POST, "everyone"),
    "/cgi-bin/clear_quota": Endpoint(quota.clear, POST, "everyone"),
    "/cgi-bin/openapi/quota/get": Endpoint(quota.get, POST, "everyone"),
    "/cgi-bin/openapi/quota/clear": Endpoint(quota.clear_one, POST, "everyone"),
    "/cgi-bin/menu/create": Endpoint(menus.create, POST, "menu"),
    "/cgi-bin/menu/get": Endpoint(menus.get, GET, "menu"),
    "/cgi-bin/menu/delete": Endpoint(menus.delete, GET, "menu"),
    "/cgi-bin/menu/addconditional": Endpoint(menus.add_conditional, POST, "conditional menu"),
    "/cgi-bin/menu/delconditional": Endpoint(menus.delete_conditional, POST, "conditional menu"),
    "/cgi-bin/menu/trymatch": Endpoint(menus.try_match, POST, "conditional menu"),
    "/cgi-bin/get_current_selfmenu_info": Endpoint(menus.current, GET, "menu"),
    "/cgi-bin/user/get": Endpoint(followers.page, GET, "people"),
    "/cgi-bin/user/info": Endpoint(followers.info, GET, "people"),
    "/cgi-bin/user/info/batchget": Endpoint(followers.info_of_many, POST, "people"),
    "/cgi-bin/user/info/updateremark": Endpoint(followers.set_remark, POST, "people"),
    "/cgi-bin/tags/members/getblacklist": Endpoint(blacklist.page, POST, "people"),
    "/cgi-bin/tags/members/batchblacklist": Endpoint(blacklist.put_on, POST, "people"),
    "/cgi-bin/tags/members/batchunblacklist": Endpoint(blacklist.take_off, POST, "people"),
    "/cgi-bin/user/tag/get": Endpoint(followers.tagged_page, POST, "people"),
    "/cgi-bin/tags/create": Endpoint(tags.create, POST, "people"),
    "/cgi-bin/tags/get": Endpoint(tags.get, GET, "people"),
    "/cgi-bin/tags/update": Endpoint(tags.update, POST, "people"),
    "/cgi-bin/tags/delete": Endpoint(tags.delete, POST, "people"),
    "/cgi-bin/tags/members/batchtagging": Endpoint(tags.put_on, POST, "people"),
    "/cgi-bin/tags/members/batchuntagging": Endpoint(tags.take_off, POST, "people"),
    "/cgi-bin/tags/getidlist": Endpoint(tags.of_member, POST, "people"),
    "/cgi-bin/ticket/getticket": Endpoint(jssdk.ticket, GET, "pages with the JS-SDK"),
    "/cgi-bin/qrcode/create": Endpoint(qrcodes.create, POST, "codes"),
    "/cgi-bin/message/custom/send": Endpoint(service.send, POST, "talk"),
    "/cgi-bin/message/custom/typing": Endpoint(service.typing, POST, "talk"),
    "/cgi-bin/message/template/send": Endpoint(notices.send_template, POST, "notice"),
    "/cgi-bin/message/subscribe/bizsend": Endpoint(notices.send_notice, POST, "notice"),
    "/cgi-bin/message/subscribe/send": Endpoint(notices.send_mini_notice, POST, "mini notice"),
    "/cgi-bin/template/get_all_private_template": Endpoint(templates.private, GET, "notice"),
    "/wxaapi/newtmpl/gettemplate": Endpoint(templates.added, GET, "template list"),
    "/cgi-bin/template/del_private_template": Endpoint(templates.delete_private, POST, "notice"),
    "/wxaapi/newtmpl/getcategory": Endpoint(templates.categories, GET, "template list"),
    "/wxaapi/newtmpl/getpubtemplatetitles": Endpoint(templates.titles, GET, "template list"),
    "/wxaapi/newtmpl/getpubtemplatekeywords": Endpoint(templates.keywords, GET, "template list"),
    "/wxaapi/newtmpl/addtemplate": Endpoint(templates.add, POST, "template list"),
    "/wxaapi/newtmpl/deltemplate": Endpoint(templates.delete, POST, "template list"),
    "/cgi-bin/media/upload": Endpoint(media.upload, POST, "talk"),
    "/cgi-bin/media/get": Endpoint(media.download, GET, "talk"),
    "/cgi-bin/media/uploadimg": Endpoint(materials.upload_picture, POST, "material"),
    "/cgi-bin/material/add_material": Endpoint(materials.add, POST, "material"),
    "/cgi-bin/material/get_material": Endpoint(materials.get, POST, "material"),
    "/cgi-bin/material/del_material": Endpoint(materials.delete, POST, "material"),
    "/cgi-bin/material/get_materialcount": Endpoint(materials.count, GET, "material"),
    "/cgi-bin/material/batchget_material": Endpoint(materials.page, POST, "material"),
    "/cgi-bin/draft/add": Endpoint(articles.add, POST, "material"),
    "/cgi-bin/draft/get": Endpoint(articles.get, POST, "material"),
    "/cgi-bin/draft/update": Endpoint(articles.update, POST, "material"),
    "/cgi-bin/draft/delete": Endpoint(articles.delete, POST, "material"),
    "/cgi-bin/draft/count": Endpoint(articles.count, GET, "material"),
    "/cgi-bin/draft/batchget": Endpoint(articles.page, POST, "material"),
    "/cgi-bin/freepublish/submit": Endpoint(articles.submit, POST, "publish"),
    "/cgi-bin/freepublish/get": Endpoint(articles.publication, POST, "publish"),
    "/cgi-bin/freepublish/getarticle": Endpoint(articles.article, POST, "publish"),
    "/cgi-bin/freepublish/batchget": Endpoint(articles.published_page, POST, "publish"),
    "/cgi-bin/freepublish/delete": Endpoint(articles.unpublish, POST, "publish"),
    "/cgi-bin/message/mass/sendall": Endpoint(mass.send_all, POST, "mass"),
    "/cgi-bin/media/uploadvideo": Endpoint(mass.upload_video, POST, "mass"),
    "/cgi-bin/message/mass/send": Endpoint(mass.send, POST, "mass to a list"),
    "/cgi-bin/message/mass/preview": Endpoint(mass.preview, POST, "mass"),
    "/cgi-bin/message/mass/get": Endpoint(mass.get, POST, "mass"),
    "/cgi-bin/message/mass/delete": Endpoint(mass.delete, POST, "mass"),
    "/cgi-bin/message/mass/speed/get": Endpoint(mass.speed, POST, "mass"),
    "/cgi-bin/message/mass/speed/set": Endpoint(mass.set_speed, POST, "mass"),
    "/wxa/business/getuserphonenumber": Endpoint(miniprogram.phone_number, POST, "mini-program of an entity"),
    "/wxa/checksession": Endpoint(miniprogram.check_session, GET, "mini-program"),
    "/wxa/resetusersessionkey": Endpoint(miniprogram.reset_session, GET, "mini-program"),
    "/wxa/msg_sec_check": Endpoint(miniprogram.check_text, POST, "mini-program"),
    "/wxa/media_check_async": Endpoint(miniprogram.check_media, POST, "mini-program"),
    "/wxa/getwxacodeunlimit": Endpoint(miniprogram.unlimited_code, POST, "mini-program"),
    "/wxa/generate_urllink": Endpoint(miniprogram.url_link, POST, "mini-program of an entity"),
    "/wxa/generatescheme": Endpoint(miniprogram.scheme, POST, "mini-program of an entity"),
    "/sns/jscode2session": Endpoint(sns.code_to_session, GET, "mini-program"),
    "/sns/oauth2/access_token": Endpoint(sns.page_token, GET, "pages"),
}

SECRET: dict[str, Endpoint] = {  # called with the account's secret instead of a token
    "/cgi-bin/clear_quota/v2": Endpoint(quota.clear, POST, "everyone"),
}
UPLOADS = frozenset({"/cgi-bin/media/upload", "/cgi-bin/media/uploadimg", "/cgi-bin/material/add_material"})
# Called with a form; with JSON too, as programs report (C).
FORMS = frozenset({"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate"})
WITH_SECRET = frozenset({"/sns/jscode2session", "/sns/oauth2/access_token"})  # called with it instead of a token


class Platform:
    """The rules over the state; `send` is handed every push once what caused it is committed."""

    def __init__(
        self,
        state: State,
        accounts: Sequence[SandboxAccount],
        given_templates: Sequence[Template],
        *,
        clock: MovedClock,
        send: Callable[[Push, Settle], Future[Outcome]],
        knobs: Knobs,
        record: Callable[[wirelog.Entry], None],
    ) -> None:
        self.state = state
        self.accounts = {account.name: account for account in accounts}
        self._templates = {template.id: template for template in given_templates}
        self._clock = clock
        self._send = send
        self._knobs = knobs
        self._record = record
        with state.begin() as db:
            chat.give_up_unsettled(db)

    @property
    def now(self) -> float:
        """The platform's time in seconds."""
        return self._clock().timestamp()

    def advance(self, seconds: int) -> float:
        """Let time pass for windows, tokens, media and quotas, and for the program, which reads the same clock."""
        now = self._clock.advance(seconds).timestamp()
        with self.state.begin() as db:
            late = mass.too_late(db, self.accounts.values(), now)
        for push in late:
            self.push(push)
        return now

    def mass_waiting(self) -> list[dict[str, Any]]:
        """The mass sends that wait for an admin."""
        with self.state.begin() as db:
            return mass.waiting(db)

    def answer_mass(self, job: int, *, confirmed: bool) -> bool:
        """Let the admin of its account confirm or refuse one; False where it waits for nobody."""
        with self.state.begin() as db:
            row = db.execute("select account from mass where id = ?", (job,)).fetchone()
            account = self.accounts.get(row["account"]) if row else None
            ends = mass.answered(db, account, job, self.now, confirmed=confirmed) if account else []
        for push in ends:
            self.push(push)
        return bool(ends)

    def api(self, request: Request, hit: Hit = MappingProxyType({})) -> Answer | None:
        """Answer a call of the API; a refusal is an answer too, and None is a connection that broke before the work.

        `hit` are the faults that befall this call.
        """
        started, now = perf_counter(), self.now
        name, answer = self._done(request, hit, now)
        self._write_down(request, answer, name, now, started)
        return answer

    def _done(self, request: Request, hit: Hit, now: float) -> tuple[str, Answer | None]:
        name = ""
        try:
            if "drop_before" in hit:
                return name, None
            account = self._let_in(request, hit, now)
            name = account.name
            return name, self._do(account, request, hit, now)
        except ApiError as refusal:
            return name, refusal.answer(_rid(now))

    def _let_in(self, request: Request, hit: Hit, now: float) -> SandboxAccount:
        if "fail" in hit:
            raise ApiError(int(hit["fail"].value), hit["fail"].words)
        methods = _methods(request.path)
        if request.method not in methods:
            raise ApiError(43002 if methods == POST else 43001)
        if "revoke" in hit:
            self._revoke(request.query.get("access_token", ""), now)
        with self.state.begin() as db:
            account = self._caller(db, request, now)
            quota.spend(db, account, request.path, now, daily=self._daily())
        return account

    def _caller(self, db: sqlite3.Connection, request: Request, now: float) -> SandboxAccount:
        """Whose call it is, by the credentials that its path asks for."""
        if request.path in TOKENS:
            return tokens.account_of(self.accounts, tokens.credentials(request))
        if request.path in SECRET:
            account = tokens.owner(self.accounts, tokens.credentials(request), under="appsecret")
        elif request.path in WITH_SECRET:
            account = sns.account_of(self.accounts, request.query)
        else:
            account = tokens.holder(db, self.accounts, request.query.get("access_token", ""), now)
        _may_call(account, request.path)
        return account

    def _revoke(self, token: str, now: float) -> None:
        """As when somebody else asks for a new token: the one in use is no longer the latest (40001)."""
        with self.state.begin() as db, suppress(ApiError):
            tokens.revoke(db, tokens.holder(db, self.accounts, token, now), now)

    def _daily(self) -> Mapping[str, int]:
        return rules.DAILY | self._knobs.quotas()

    def _do(self, account: SandboxAccount, request: Request, hit: Hit, now: float) -> Answer:
        if request.path in TOKENS:
            with self.state.begin() as db:
                return TOKENS[request.path][0](db, account, tokens.credentials(request), now)
        with self.state.begin() as db:
            call = Call(
                account=account,
                db=db,
                now=now,
                request=request,
                body=_json(request),
                templates=self.templates_of(db, account.name),
                daily=self._daily(),
                hit=hit,
            )
            answer = _endpoint(request.path).run(call)
        for push in call.pushes:
            self.push(push)
        return answer

    def templates_of(self, db: sqlite3.Connection, account: str) -> Mapping[str, Template]:
        """The templates that an account has by now."""
        return templates.held(db, account, self._templates)

    def push(self, push: Push) -> Future[Outcome]:
        """Send a push on its way; the member sees what comes of it."""
        return self._send(push, self._settle)

    def _settle(self, push: Push, outcome: Outcome) -> None:
        with self.state.begin() as db:
            if push.line is not None:
                chat.settle(db, push.line, "sent")
            if push.answered and (body := self._seen(db, push, outcome)):
                who = "system" if body["type"] in {"fault", "transfer_customer_service"} else "account"
                chat.add(db, push.openid, at=self.now, who=who, via="reply", body=body)

    def _seen(self, db: sqlite3.Connection, push: Push, outcome: Outcome) -> Mapping[str, Any] | None:
        """What the member sees: the reply, the platform's apology, or nothing; a reply reaches nobody who left."""
        member = db.execute("select followed from members where openid = ?", (push.openid,)).fetchone()
        if not member["followed"] and push.account.kind != "miniprogram":
            return None
        dead = outcome.said and "media_id" in outcome.said and not media.lives(db, push.account, outcome.said, self.now)
        return chat.APOLOGY if outcome.fault or dead else outcome.said

    def _write_down(self, request: Request, answer: Answer | None, account: str, now: float, started: float) -> None:
        path, sent = wirelog.asked(request)
        status, shown = wirelog.answered(answer)
        millis = round((perf_counter() - started) * 1000)
        openid = wirelog.recipient(request)
        self._record(wirelog.Entry(now, "in", account, request.method, path, status, millis, sent, shown, openid))


def _methods(path: str) -> frozenset[str]:
    if path in TOKENS:
        return TOKENS[path][1]
    return _endpoint(path).methods


def _endpoint(path: str) -> Endpoint:
    found = ENDPOINTS.get(path) or SECRET.get(path)
    if found is None:
        raise ApiError(40066)
    return found


def _may_call(account: SandboxAccount, path: str) -> None:
    if (account.kind, account.verified) not in rules.CLASSES[_endpoint(path).callers]:
        raise ApiError(48001)


def _json(request: Request) -> Mapping[str, Any]:
    if request.method == "GET" or request.path in UPLOADS:
        return {}
    if not request.body:
        raise ApiError(44002)
    if request.path in FORMS and not request.body.startswith(b"{"):
        return _form(request.body)
    try:
        body = bodies.loaded(request.body)
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def _form(body: bytes) -> Mapping[str, Any]:
    """A form's fields; what is a list is one of numbers."""
    fields = parse_qs(body.decode(errors="replace"))
    kids = [int(kid) if kid.isdecimal() else kid for kid in fields.pop("kidList", ())]
    return {**{name: values[0] for name, values in fields.items()}, "kidList": kids}


def _rid(now: float) -> str:
    return f"{int(now):x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
