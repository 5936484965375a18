"""The stand-in over HTTP: the API at the root, the pages under /phone and /panel, the control API under /sandbox."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from wechat.sandbox import browser, control, media, oauth, pages, qrcodes, records, robots
from wechat.sandbox.account import TEMPLATES, SandboxAccount, Template
from wechat.sandbox.call import Answer, Binary, Request
from wechat.sandbox.clock import MovedClock
from wechat.sandbox.control import BroadcastDoor
from wechat.sandbox.knobs import Knobs
from wechat.sandbox.member import Phone
from wechat.sandbox.platform import Platform
from wechat.sandbox.robots import SandboxGroup
from wechat.sandbox.sender import Patience, Sender
from wechat.sandbox.state import State
from wechat.sandbox.wirelog import Wirelog

LARGEST_REQUEST = 11 * 1024 * 1024


def create_app(
    folder: Path,
    accounts: Sequence[SandboxAccount],
    *,
    clock: Callable[[], datetime],
    webhook_base: str,
    templates: Sequence[Template] = TEMPLATES,
    broadcasts: BroadcastDoor | None = None,
    groups: Sequence[SandboxGroup] = (),
    patience: Patience | None = None,
) -> Flask:
    """The whole stand-in as one WSGI application for one process with several threads.

    State is kept in `folder`, and there too by how much the panel has moved `clock`. Pushes go to
    `{webhook_base}/wechat/<account>`; `broadcasts` puts 立即推送 on the phone; `groups`
    are chats of other platforms with a robot in each.
    `app.extensions["sandbox"]` is what ends it: a function that delivers what is queued and closes the file.
    """
    state, knobs, moved = State(folder / "sandbox.sqlite3"), Knobs(), MovedClock(folder, clock)

    wire = Wirelog(state, [secret for one in accounts for secret in (one.secret, one.encoding_aes_key)])
    sender = Sender(webhook_base, patience=patience or Patience(), knobs=knobs, clock=moved, record=wire.write)
    platform = Platform(state, accounts, templates, clock=moved, send=sender.submit, knobs=knobs, record=wire.write)

    phone = Phone(platform)

    def close() -> None:
        sender.close()
        state.close()

    web = Flask(__name__, static_folder=None)
    web.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    web.json.sort_keys = False  # type: ignore[attr-defined] # what was read stays in its order
    web.extensions["sandbox"] = close
    web.register_blueprint(control.blueprint(platform, phone, knobs, broadcasts))
    web.register_blueprint(oauth.blueprint(platform))
    web.register_blueprint(records.blueprint(platform, phone, wire))
    web.register_blueprint(browser.blueprint(platform))
    web.register_blueprint(robots.blueprint(robots.Groups(state, groups, clock=moved), knobs))
    _add_api(web, platform, knobs)
    _add_pictures(web, state)
    web.add_url_rule("/healthz", view_func=lambda: jsonify(ok=True), endpoint="healthz")
    web.add_url_rule("/", view_func=lambda: redirect("/phone/"), endpoint="root")
    web.register_blueprint(pages.articles(state))
    for page in pages.blueprints():
        web.register_blueprint(page)
    web.add_url_rule("/favicon.ico", view_func=lambda: redirect("/look/static/icon.svg"), endpoint="favicon")
    return web


def _add_api(web: Flask, platform: Platform, knobs: Knobs) -> None:
    def api(rest: str) -> AnyResponse:  # noqa: ARG001 (the whole path is what counts)
        hit = knobs.take(request.path)
        if "delay" in hit:
            time.sleep(hit["delay"].value)
        answer = platform.api(_asked(), hit)
        if answer is None:
            return _cut_off(b"")
        response = _respond(answer)
        return _cut_off(response.get_data()) if "drop_after" in hit else response

    for root in ("cgi-bin", "wxaapi", "wxa", "sns"):
        web.add_url_rule(f"/{root}/<path:rest>", view_func=api, methods=["GET", "POST"], endpoint=root)


def _add_pictures(web: Flask, state: State) -> None:
    @web.get("/cgi-bin/showqrcode")
    def code() -> AnyResponse:
        with state.begin() as db:
            drawn = qrcodes.picture(db, request.args.get("ticket", ""))
        return Response(drawn, mimetype="image/png") if drawn else Response(status=404)

    @web.get("/mmbiz/<media_id>")
    def picture(media_id: str) -> AnyResponse:
        with state.begin() as db:
            row = media.shown(db, media_id)
        if row is None:
            return Response(status=404)
        return Response(row["content"], mimetype=row["content_type"], headers=_INERT)


_INERT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


def _asked() -> Request:
    asked = Request(
        method=request.method, path=request.path, root=request.url_root.rstrip("/"), query=request.args.to_dict()
    )
    if request.mimetype != "multipart/form-data":
        return replace(asked, body=request.get_data())
    file, form = request.files.get("media"), request.form.to_dict()
    return replace(asked, upload=control.taken(file) if file else None, form=form)


def _respond(answer: Answer) -> AnyResponse:
    """A file as it is, else JSON with words as they are; the status is 200 for refusals too (§2.4)."""
    if isinstance(answer, Binary):
        named = {"Content-Disposition": f'attachment; filename="{answer.filename}"'}
        return Response(answer.content, mimetype=answer.content_type, headers=named)
    return Response(json.dumps(answer, ensure_ascii=False), mimetype="application/json")


def _cut_off(whole: bytes) -> AnyResponse:
    """Promise the whole answer and hang up in the middle of it."""

    def half() -> Iterator[bytes]:
        yield whole[: len(whole) // 2]

    promised = {"Content-Length": str(max(len(whole), 1)), "Content-Type": "application/json"}
    return Response(half(), headers=promised)
