"""Privacy: the notice, what members agree to and take back, a copy of their data, and what is wrong in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from pydantic import BaseModel, ConfigDict, Field

from content.models import Account
from handlers.feature import Feature, Keeps, in_turn, words_beside
from handlers.openapi import Effect
from handlers.privacy import admin, api, chat, engine, jobs, pages
from handlers.privacy.chat import Link
from handlers.privacy.engine import Period, Purpose
from handlers.privacy.service import For, Office
from scheduler.staff import Staff

__all__ = ["For", "Link", "Office", "Outside", "PrivacySettings", "Purpose", "feature", "periods"]


class PrivacySettings(BaseModel):
    """The table [handlers.privacy]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_corrections_days: int = Field(365, ge=30, le=3650)
    keep_join_tries_days: int = Field(7, ge=1, le=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world around: how a link is made, whose pages these are, how an organisation is called, an effect named."""

    link: Link | None
    account: Callable[[], Account]
    called: Callable[[str], str]
    effect: Effect
    periods: Sequence[Period]
    drop_tries: Callable[[date], object]
    drop_tries_of_the_gone: Callable[[date], object]


def periods(days: Mapping[str, int]) -> list[Period]:
    """How long what is kept, by the days that the configuration says under each key."""
    return engine.periods(words_beside(__file__)["period"], days)


def feature(
    office: Office,
    *,
    outside: Outside,
    staff: Staff,
    clock: Callable[[], datetime],
    zone: tzinfo,
    settings: PrivacySettings,
) -> Feature:
    """One's own data."""
    words = words_beside(__file__)
    desk = admin.Desk(office=office, staff=staff, called=outside.called, clock=clock, waiting=words["waiting"])
    reading = pages.Reading(office=office, account=outside.account, periods=outside.periods, zone=zone)
    counter = chat.Counter(office=office, say=office.say, link=outside.link)
    consents, corrections = office.consents, office.corrections
    return Feature(
        name="privacy",
        chat=chat.routes(counter),
        api=api.blueprint(api.Desk(office=office, clock=clock, effect=outside.effect)),
        pages_for_anyone=pages.for_anyone(reading),
        pages=pages.blueprint(reading),
        admin=admin.blueprint(desk),
        waits=desk.waits,
        queue=desk.queue,
        jobs=(
            jobs.tidy(
                corrections=(corrections.drop_settled, settings.keep_corrections_days),
                tries=(outside.drop_tries, settings.keep_join_tries_days),
                tries_of_the_gone=(outside.drop_tries_of_the_gone, 0),
                lines=office.people.drop_lines,
                zone=zone,
            ),
        ),
        keeps=Keeps(
            tables=("consents", "corrections"),
            show=office.shown,
            export=office.sheets,
            erase=in_turn(consents.erase, corrections.erase),
            unite=in_turn(consents.unite, corrections.unite),
        ),
    )
