"""The stand-in with a clock in hand, and a small bot for it to talk to."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from flask import Flask, Response, request
from wechatpy.crypto import WeChatCrypto
from werkzeug.serving import make_server

from wechat.sandbox.account import SandboxAccount, Template
from wechat.sandbox.sender import Patience
from wechat.sandbox.server import create_app
from wechat.sandbox.state import State

NOWHERE = "http://127.0.0.1:9"
TEMPLATES = (
    Template(id="study", title="学习提醒", content="内容：{{thing1.DATA}}\n时间：{{time2.DATA}}"),
    Template(id="result", title="办理结果", content="事项：{{thing1.DATA}}", kind="message"),
    Template(
        id="old", title="旧模板", content="{{first.DATA}}\n事项：{{keyword1.DATA}}\n{{remark.DATA}}", kind="message"
    ),
)


def an_account(**other: Any) -> SandboxAccount:
    plain = {"name": "official", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "token": "AAAAA"}
    return SandboxAccount(**{**plain, "encoding_aes_key": "A" * 43, **other})


class Clock:
    """A clock that stands at noon in Beijing until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, **by: float) -> None:
        self.now += timedelta(**by)


class Stage:
    """The stand-in behind Flask's test client, spoken to as a bot's program and as a member's hands."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.http = app.test_client()
        self.token = ""

    def get(self, path: str, **query: object) -> Any:
        return self.http.get(path, query_string={"access_token": self.token, **query}).get_json()

    def post(self, path: str, body: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return self.http.post(path, query_string={"access_token": self.token}, data=raw).get_json()

    def upload(
        self, path: str, content: bytes, name: str = "a.jpg", form: Mapping[str, str] | None = None, **query: str
    ) -> Any:
        data = {"media": (BytesIO(content), name, "image/jpeg"), **(form or {})}
        response = self.http.post(path, query_string={"access_token": self.token, **query}, data=data)
        response.request.environ["wsgi.input"].close()  # the test client leaves a large body's temporary file open
        return response.get_json()

    def code(self, path: str, body: Any) -> int:
        return int(self.post(path, body).get("errcode", 0))

    def stable(self, **more: Any) -> Any:
        asked = {"grant_type": "client_credential", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, **more}
        return self.http.post("/cgi-bin/stable_token", data=json.dumps(asked)).get_json()

    def signs_in(self) -> None:
        self.token = self.stable()["access_token"]

    def phone(self, action: str, **body: Any) -> Any:
        return self.http.post(f"/sandbox/{action}", json=body).get_json()

    def begins_anew(self) -> None:
        """The clock stands at noon again and nothing is out of order; what accounts have done stays."""
        self.clock.now = Clock().now
        self.http.delete("/sandbox/knobs")

    def a_member(self, account: str = "official") -> str:
        return str(self.phone("members", account=account)["openid"])

    def a_follower(self) -> str:
        openid = self.a_member()
        self.phone("follow", openid=openid)
        return openid

    def seen(self, openid: str) -> list[Any]:
        listed: list[Any] = self.http.get("/sandbox/messages", query_string={"openid": openid}).get_json()
        return listed

    def texts(self, openid: str) -> list[str]:
        """What was sent to the member; these tests have no bot, whose silence is not what they are about."""
        return [line["text"] for line in self.seen(openid) if line["type"] != "fault"]

    def says_to(self, openid: str, content: str = "你好") -> int:
        return self.code("/cgi-bin/message/custom/send", a_text(openid, content))


def a_text(openid: str, content: str = "你好") -> dict[str, Any]:
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


@contextmanager
def a_stage(
    folder: Path,
    *accounts: SandboxAccount,
    webhook: str = NOWHERE,
    patience: Patience | None = None,
    broadcasts: Any = None,
    clock: Clock | None = None,
    templates: tuple[Template, ...] = TEMPLATES,
) -> Iterator[Stage]:
    clock = clock or Clock()
    app = create_app(
        folder,
        accounts or (an_account(),),
        clock=clock,
        webhook_base=webhook,
        templates=templates,
        patience=patience or Patience(seconds=10, attempts=1, threads=2),
        broadcasts=broadcasts,
    )
    try:
        yield Stage(app, clock)
    finally:
        app.extensions["sandbox"]()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Told = dict[str, Any]


class Bot:
    """A bot written with wechatpy's crypto; `answer` gets the fields of a push and returns a body or words."""

    def __init__(self, account: SandboxAccount, answer: Callable[[Told], bytes | str | Response]) -> None:
        self.account = account
        self.answer = answer
        self.told: list[Told] = []
        self.queries: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    def app(self) -> Flask:
        web = Flask("bot")
        web.add_url_rule(f"/wechat/{self.account.name}", view_func=self._receive, methods=["POST"])
        return web

    def _receive(self) -> Any:
        self.queries.append(request.args.to_dict())
        self.bodies.append(request.get_data())
        told = self._open(request.get_data())
        self.told.append(told)
        said = self.answer(told)
        return self.seal(a_reply(told, said)) if isinstance(said, str) else said

    def _open(self, body: bytes) -> Told:
        if "msg_signature" not in request.args:
            return fields_of(body)
        outer = fields_of(body)
        words = (request.args["msg_signature"], request.args["timestamp"], request.args["nonce"])
        return fields_of(self.crypto().decrypt_message({"Encrypt": outer["Encrypt"]}, *words).encode())

    def seal(self, body: str) -> str:
        if self.account.mode == "plain":
            return body
        return str(self.crypto().encrypt_message(body, "n0nce", "1700000000"))

    def crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self.account.token, self.account.encoding_aes_key, self.account.appid)


def fields_of(body: bytes) -> Told:
    if body.startswith(b"{"):
        return dict(json.loads(body))
    return {child.tag: _inner(child) for child in fromstring(body)}


def _inner(element: Element) -> Any:
    if len(element):
        return {child.tag: _inner(child) for child in element}
    return element.text or ""


def a_reply(told: Told, content: str, kind: str = "text", inner: str = "") -> str:
    head = f"<ToUserName>{told['FromUserName']}</ToUserName><FromUserName>{told['ToUserName']}</FromUserName>"
    body = inner or f"<Content><![CDATA[{content}]]></Content>"
    return f"<xml>{head}<CreateTime>1700000000</CreateTime><MsgType>{kind}</MsgType>{body}</xml>"


def spend(folder: Path, path: str, calls: int) -> None:
    """Let the account have made so many calls on the day the clock stands at."""
    state = State(folder / "sandbox.sqlite3")
    with state.begin() as db:
        db.execute("insert into usage values ('official', ?, '2026-11-23', ?)", (path, calls))
    state.close()
