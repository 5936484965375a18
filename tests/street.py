"""A program and the stand-in for its platform, each at the other's address, with members between them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import sqlalchemy as sa

from tests.driver import Phone
from tests.end_to_end.running import within
from tests.house import Clock, Town, a_town
from tests.mini import Mini
from tests.wechat.sandbox.stage import Stage, a_stage, an_account, served
from wechat.sandbox.account import TEMPLATES
from wechat.sandbox.sender import Patience

OFFICIAL = {"kind": "service", "appid": "wx0123456789abcdef", "secret": "s" * 32, "token": "BBBBB", "mode": "plain"}
MINI = {"kind": "miniprogram", "appid": "wxfedcba9876543210", "secret": "s" * 32, "token": "AAAAA", "mode": "plain"}
SEND = "/cgi-bin/message/custom/send"
LATE = 15.0  # on a busy machine
PATIENT = Patience(seconds=5, attempts=1, threads=2)  # as the platform: words without a name wait for their round


@dataclass
class Street:
    """A program and its platform, each at the other's address."""

    town: Town
    stage: Stage
    web: str  # where the program's pages are
    platform: str  # and the platform's

    def member(self) -> "Member":
        return Member(self, self.stage.a_member("mini"))

    def goes_on(self, **span: float) -> None:
        self.town.clock.forward(**span)
        self.stage.clock.goes_on(**span)

    def phone(self, member: "Member", *, form: str = "json") -> Phone:
        """The same member's phone, past the stand-in: to push what it would not."""
        account = self.town.settings.accounts["mini"]
        return Phone(self.town.client, account, member.openid, self.town.clock, name="mini", form=form)

    def mini(self, member: "Member") -> Mini:
        """The same member's mini-program, signed in by the platform's code."""
        code = self.code(member, "login")
        token = Mini(self.town.client).post("/login", {"account": "mini", "code": code}).body["token"]
        return Mini(self.town.client, token, member.openid)

    def code(self, member: "Member", purpose: str, scope: str = "") -> str:
        """What the phone gets from the platform for the program."""
        return str(self.stage.phone("codes", openid=member.openid, scope=scope, **{"for": purpose})["code"])

    def known(self, member: "Member") -> bool:
        return self.town.house.people.find(account="mini", openid=member.openid).known

    def kept(self) -> int:
        """How many lines SQL keeps that were not given yet."""
        with self.town.house.db.read() as connection:
            lines = connection.execute(sa.text("SELECT count(*) FROM kept_lines WHERE given IS NULL"))
            return int(lines.scalar() or 0)

    def sends(self, path: str = SEND) -> list[Any]:
        """What the program has asked of a door of the platform, refused or not."""
        wire = self.stage.http.get("/sandbox/wire").get_json()
        entries = wire["entries"] if isinstance(wire, dict) else wire
        return [each for each in entries if each["path"].startswith(path)]

    def breaks(self, code: int, *, times: int, path: str = SEND) -> None:
        self.stage.phone("knobs", path=path, effect="fail", value=code, times=times)


@dataclass
class Member:
    """Somebody in the talk of the mini-program."""

    street: Street
    openid: str

    def says(self, words: str) -> None:
        self.street.goes_on(seconds=2)
        self.street.stage.phone("say", openid=self.openid, text=words, wait=True)

    def enters(self) -> None:
        self.street.stage.phone("enter", openid=self.openid, wait=True)

    @property
    def lines(self) -> list[Any]:
        return self.street.stage.seen(self.openid)

    def heard(self, number: int) -> list[str]:
        """All that was said to them, once there are so many."""
        assert within(LATE, lambda: len(self.lines) >= number), self.lines
        return [line["text"] or line["type"] for line in self.lines]

    @property
    def window(self) -> Any:
        self.street.town.house.pushes.windows.flush(self.street.town.clock())
        return self.street.town.house.people.find(account="mini", openid=self.openid).window


@contextmanager
def a_street(
    folder: Path, *, redis: Any, redis_url: str, mode: str = "plain", official: bool | str = False, **tables: Any
) -> Iterator[Street]:
    """Both, running; `tables` are a town's.

    With `official` (its kind; True is a service account) that account is there too, all of it is the sandbox, and its
    pages are at home where the program is.
    """
    platform = folder / "platform"
    platform.mkdir()
    programs: list[Any] = []
    keys = {"mode": mode, "encoding_aes_key": "A" * 43}
    theirs = {**OFFICIAL, **({"kind": official} if isinstance(official, str) else {})}
    known = {"mini": {**MINI, **keys}, **({"official": theirs} if official else {})}

    def later_there(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return programs[0](environ, start_response)  # type: ignore[no-any-return]

    with ExitStack() as open_doors:
        web = open_doors.enter_context(served(later_there))  # type: ignore[arg-type] # any WSGI application
        accounts = [an_account(name="mini", appid=MINI["appid"], kind="miniprogram", **keys)]
        if official:
            accounts.append(an_account(name="official", page_domain=urlsplit(web).hostname or "", **theirs))
        stage = open_doors.enter_context(
            a_stage(platform, *accounts, webhook=web, templates=TEMPLATES, patience=PATIENT)
        )
        address = open_doors.enter_context(served(stage.app))
        if official:
            tables["sandbox"] = {"enabled": True, "host": "127.0.0.1", "port": urlsplit(address).port}
            tables["web"] = {"host": "127.0.0.1", "port": urlsplit(web).port}
        town = a_town(
            folder,
            redis=redis_url,
            clock=Clock(redis=redis),
            accounts={name: {**account, "api_base": address} for name, account in known.items()},
            **{"web": {"public_url": web}, **tables},
        )
        programs.append(town.client.application)
        yield Street(town, stage, web=web, platform=address)
        town.house.close()
