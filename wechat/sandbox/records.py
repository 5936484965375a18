"""The doors of the transcript under /sandbox: search it, open an exchange, do it again, take it along, play it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, jsonify, request

from wechat.sandbox import dialog, tokens, transcript
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.acts import Again, is_report
from wechat.sandbox.call import Push, Request
from wechat.sandbox.control import WAIT_SECONDS, body, group
from wechat.sandbox.member import NotPossible, Phone
from wechat.sandbox.platform import GET, TOKENS, Platform
from wechat.sandbox.player import Played, Player
from wechat.sandbox.steps import Step
from wechat.sandbox.wirelog import Search, Wirelog

PATIENCE_SECONDS = 20.0
LARGEST_FILE = 10_000_000


def blueprint(platform: Platform, phone: Phone, wire: Wirelog) -> Blueprint:
    """Every door of the transcript."""
    doors = group("records")
    _add_views(doors, wire)
    _add_again(doors, platform, phone, wire)
    _add_replay(doors, platform, phone)
    return doors


def _add_views(doors: Blueprint, wire: Wirelog) -> None:
    def listed() -> Response:
        return jsonify(wire.find(_search()))

    def one(number: int) -> Response:
        return jsonify(_existing(wire, number))

    def exported() -> Response:
        return _file(transcript.write(wire.find(_search())), "transcript.jsonl", "application/jsonl")

    def as_dialog() -> Response:
        search = _search()
        if not search.openid:
            raise NotPossible("bad_openid", 400)
        entries = wire.find(search)
        about = f"{entries[0]['nickname']}, {entries[0]['at'][:10]}" if entries else "nothing was said"
        return _file(dialog.write(entries, about=about), "dialog.txt", "text/plain")

    doors.add_url_rule("/wire", view_func=listed)
    doors.add_url_rule("/wire/<int:number>", view_func=one)
    doors.add_url_rule("/transcript", view_func=exported)
    doors.add_url_rule("/dialog", view_func=as_dialog)


def _search() -> Search:
    asked = request.args
    return Search(
        q=asked.get("q", "").strip(),
        account=asked.get("account", ""),
        openid=asked.get("openid", ""),
        direction=asked.get("direction", ""),
        troubled=asked.get("troubled", "") not in {"", "0"},
        after=asked.get("after", 0, type=int),
        before=asked.get("before", 2**62, type=int),
        limit=asked.get("limit", -1, type=int),
    )


def _existing(wire: Wirelog, number: int) -> dict[str, Any]:
    entry = wire.one(number)
    if entry is None:
        raise NotPossible("no_entry", 404)
    return entry


def _file(text: str, name: str, kind: str) -> Response:
    return Response(text, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _add_again(doors: Blueprint, platform: Platform, phone: Phone, wire: Wirelog) -> None:
    def again(number: int) -> Response:
        """With `fresh` a push is a new message; else the same one comes again, as the platform repeats it."""
        fresh, entry = body().flag("fresh", default=False), _existing(wire, number)
        before = wire.find(Search(limit=1))[-1]["id"]
        if entry["direction"] == "in":
            _called(platform, entry)
        elif fresh:
            _told(Again(phone, _base()), entry)
        else:
            _pushed(platform, entry)
        made = wire.find(Search(after=before, direction=entry["direction"], openid=entry["openid"]))
        return jsonify(made[-1] if made else None)

    doors.add_url_rule("/wire/<int:number>/again", view_func=again, methods=["POST"])


def _base() -> str:
    return request.url_root.rstrip("/")


def _account(platform: Platform, entry: Mapping[str, Any]) -> SandboxAccount:
    if entry["account"] not in platform.accounts:
        raise NotPossible("no_account", 404)
    return platform.accounts[entry["account"]]


def _called(platform: Platform, entry: Mapping[str, Any]) -> None:
    """Make the call once more, with the account's own credentials, which a transcript does not hold."""
    account, address = _account(platform, entry), urlsplit(entry["path"])
    sent, query = entry["sent"], dict(parse_qsl(address.query, keep_blank_values=True))
    if sent.startswith("<"):
        raise NotPossible("not_kept")
    if address.path in TOKENS:
        held = {"appid": account.appid, "secret": account.secret}
        if TOKENS[address.path][1] == GET:
            query |= held
        else:
            sent = json.dumps({**(entry["sent_fields"] or {}), **held})
    else:
        with platform.state.begin() as db:
            query["access_token"] = tokens.own(db, account, platform.now)
    platform.api(Request(method=entry["method"], path=address.path, query=query, body=sent.encode()))


def _told(again: Again, entry: Mapping[str, Any]) -> None:
    told = entry["sent_fields"]
    if not isinstance(told, Mapping) or is_report(told):
        raise NotPossible("not_said_by_anybody")
    again.do(entry["openid"], told).result(timeout=WAIT_SECONDS)


def _pushed(platform: Platform, entry: Mapping[str, Any]) -> None:
    push = Push(
        account=_account(platform, entry),
        openid=entry["openid"],
        fields={},
        body=entry["sent"].encode(),
        answered=False,
    )
    platform.push(push).result(timeout=WAIT_SECONDS)


def _add_replay(doors: Blueprint, platform: Platform, phone: Phone) -> None:
    alone = Lock()

    def replay() -> Response:
        """Play the file in the body; a line of JSON for what is to come, for each step, and for the end."""
        account = request.args.get("account") or next(iter(platform.accounts))
        if account not in platform.accounts:
            raise NotPossible("no_account", 404)
        steps = _steps(request.get_data(as_text=True))
        patience = request.args.get("patience", PATIENCE_SECONDS, type=float)
        player = Player(platform, Again(phone, _base()), account=account, patience=patience)
        if alone.locked():
            raise NotPossible("playing")
        return Response(_told_line_by_line(player, steps, alone), mimetype="application/jsonl")

    doors.add_url_rule("/replay", view_func=replay, methods=["POST"])


def _steps(text: str) -> Sequence[Step]:
    try:
        return transcript.read(text).steps if transcript.is_one(text) else dialog.read(text)
    except (dialog.BadDialog, transcript.BadTranscript) as fault:
        raise NotPossible("bad_file", 400, str(fault)) from None


def _told_line_by_line(player: Player, steps: Sequence[Step], alone: Lock) -> Iterator[str]:
    def line(**fields: Any) -> str:
        return json.dumps(fields, ensure_ascii=False) + "\n"

    played: list[Played] = []
    with alone:
        yield line(steps=len(steps))
        for each in player.play(steps):
            played.append(each)
            yield line(**each.shown())
        yield line(done=len(played), different=sum(not each.same for each in played))
