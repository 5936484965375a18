"""Login: signing in to the mini-program with what the platform says, and the devices that are signed in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from handlers.conversation import Say
from handlers.feature import Feature, Keeps
from handlers.login import api, jobs
from handlers.login.api import Asks, Meet
from storage.paces import Paces
from storage.sessions import Sessions

__all__ = ["Asks", "LoginSettings", "feature"]


AT_ONCE = 4  # who signs in waits for the platform: at most half of a worker's threads do


class LoginSettings(BaseModel):
    """The table [handlers.login]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_days: int = Field(7, ge=1, le=90)
    requests_a_minute: int = Field(120, ge=10, le=100_000)


def feature(
    *,
    accounts: Mapping[str, Asks],
    meet: Meet,
    sessions: Sessions,
    paces: Paces,
    say: Say,
    clock: Callable[[], datetime],
    zone: ZoneInfo,
    settings: LoginSettings,
) -> Feature:
    """Signing in to these mini-programs."""
    desk = api.Desk(
        accounts=accounts,
        meet=meet,
        sessions=sessions,
        paces=paces,
        clock=clock,
        zone=zone,
        days=settings.token_days,
        room=BoundedSemaphore(AT_ONCE),
    )

    def show(person: str) -> list[str]:
        devices = sessions.of(person, now=clock())
        return [say("login.kept", names=[each.name for each in devices])] if devices else []

    return Feature(
        name="login",
        api_for_anyone=api.for_anyone(desk, say),
        api=api.blueprint(desk, say),
        jobs=(jobs.drop_ended(sessions),),
        keeps=Keeps(tables=(), show=show, erase=sessions.erase, unite=sessions.unite),
    )
