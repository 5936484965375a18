"""Login: signing in to the mini-program and to the phone pages, and the devices that are signed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers.feature import Feature, Keeps, Sheet
from handlers.login import api, chat, jobs, pages
from handlers.login.api import Asks, Meet
from handlers.login.pages import AsksWho, Find, WeChatWay
from handlers.session import PageGate
from storage.paces import Paces
from storage.passes import Passes
from storage.sessions import Sessions

__all__ = ["Asks", "AsksWho", "Browsers", "LoginSettings", "Programs", "WeChatWay", "feature"]


AT_ONCE = 4  # who signs in waits for the platform: at most half of a worker's threads do


class LoginSettings(BaseModel):
    """The table [handlers.login]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_days: int = Field(7, ge=1, le=90)
    page_hours: int = Field(12, ge=1, le=24)
    requests_a_minute: int = Field(120, ge=10, le=100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How the mini-programs come in."""

    accounts: Mapping[str, Asks]
    meet: Meet
    sessions: Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsers:
    """How browsers come in; without a `public_url` no phone reaches the pages, and nothing is said of them."""

    gate: PageGate
    links: Passes
    tries: Passes
    find: Find
    wechat: WeChatWay | None
    public_url: str


def linking(links: Passes, public_url: str) -> Callable[..., str]:
    """What makes a link of the chat that leads to one page."""

    def link(contact: str, *, to: str, now: datetime) -> str:
        return f"{public_url}{chat.PATH}{links.give(f'{contact} {to}', now=now)}"

    return link


def feature(
    *,
    programs: Programs,
    browsers: Browsers,
    paces: Paces,
    shelf: Shelf,
    clock: Callable[[], datetime],
    zone: ZoneInfo,
    settings: LoginSettings,
) -> Feature:
    """Signing in to these mini-programs, and to the pages."""
    room, say, sessions = BoundedSemaphore(AT_ONCE), shelf.say, programs.sessions
    desk = api.Desk(
        accounts=programs.accounts,
        meet=programs.meet,
        sessions=sessions,
        paces=paces,
        clock=clock,
        zone=zone,
        days=settings.token_days,
        room=room,
    )
    entrance = pages.Entrance(
        ways=pages.Ways(
            links=browsers.links,
            tries=browsers.tries,
            wechat=browsers.wechat,
            public_url=browsers.public_url,
            room=room,
        ),
        gate=browsers.gate,
        sessions=browsers.gate.sessions,
        find=browsers.find,
        paces=paces,
        shelf=shelf,
        clock=clock,
        zone=zone,
        hours=settings.page_hours,
    )

    def show(person: str) -> list[str]:
        devices = sessions.of(person, now=clock())
        return [say("login.kept", names=[each.name for each in devices])] if devices else []

    def export(person: str) -> list[Sheet]:
        rows = [(each.name, each.since, each.expires_at) for each in sessions.of(person, now=clock())]
        return [Sheet.of(say("login.devices_table"), rows)]

    return Feature(
        name="login",
        chat=chat.routes(give=browsers.links.give, say=say, public_url=browsers.public_url)
        if browsers.public_url
        else None,
        api_for_anyone=api.for_anyone(desk, say),
        api=api.blueprint(desk, say),
        pages_for_anyone=pages.blueprint(entrance),
        jobs=(jobs.drop_ended(sessions),),
        keeps=Keeps(tables=(), show=show, export=export, erase=sessions.erase, unite=sessions.unite),
    )
