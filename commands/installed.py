"""What an installation has and where it lies, by its settings: opened by whoever asks."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from commands import valkey
from commands.settings import Settings
from content.agreement import Known
from content.compiled import Compiled
from content.faults import BadContent
from content.intake import Intake
from content.library import Library
from content.shelf import Shelf
from content.workshop import Workshop
from handlers import opinion
from scheduler import reasons
from scheduler.channels.customer_service import CustomerServiceChannel
from scheduler.channels.groups import robots
from scheduler.channels.mass import MassChannel, to_all_only
from scheduler.channels.next_visit import NextVisitChannel
from scheduler.channels.notice import MiniNoticeChannel, NoticeChannel
from scheduler.channels.template_message import TemplateMessageChannel
from scheduler.workdays import LAST_YEAR
from storage import db
from wechat import limits

Clock = Callable[[], datetime]
KNOWN = Known(
    channels=frozenset(
        {
            NoticeChannel.name,
            MiniNoticeChannel.name,
            CustomerServiceChannel.name,
            TemplateMessageChannel.name,
            MassChannel.name,
            NextVisitChannel.name,
        }
    ),
    notice_fault=reasons.notice_fault,
    service_channels=frozenset({TemplateMessageChannel.name}),
    most_text_bytes=limits.TEXT_BYTES,
    most_address_bytes=limits.URL_BYTES,
    last_work_year=LAST_YEAR,
    categories_in=opinion.categories_in,
    menu_keys=frozenset(
        {
            "about",
            "appointment.start",
            "help",
            "digest.news",
            "digest.policy",
            "membership.join",
            "opinion.query",
            "opinion.start",
            "quiz.challenge",
            "quiz.daily",
            "quiz.duel",
            "quiz.exams",
            "quiz.kept",
            "quiz.read",
            "quiz.sequence",
            "quiz.study",
            "quiz.topics",
            "quiz.wrong",
            "subscription.mine",
            "subscription.topics",
            "survey.start",
        }
    ),
)


def now() -> datetime:
    """The true time."""
    return datetime.now(UTC)


def read(config: Path) -> Settings:
    """The configuration of a file and of this process's environment."""
    return Settings.load(config, os.environ)


def queue_name(settings: Settings) -> str:
    """One of its own for each installation: two on the same broker must not take each other's work."""
    mark = settings.keys.mark("queue")
    return f"push-{mark('push')[:8]}"


def database_url(settings: Settings) -> str:
    """Where SQL is."""
    given = settings.storage.database
    return db.embedded_url(settings.storage.folder) if given == "embedded" else given


def redis_url(settings: Settings) -> str:
    """Where Redis is; raises `valkey.NoValkey` when the embedded one isn't running."""
    given = settings.storage.redis
    return valkey.url(settings.storage.folder) if given == "embedded" else given


def spare_content(settings: Settings) -> Path:
    """Where the last good pack is kept."""
    return settings.storage.folder / "last-good-pack.zip"


def compiled_banks(settings: Settings) -> Compiled:
    """Where large banks are kept as they are quick to open."""
    return Compiled(settings.storage.folder / "compiled")


def known(settings: Settings, clock: Clock) -> Known:
    """What the content is checked against: the program's own names, and those of this installation."""
    return replace(
        KNOWN,
        accounts=frozenset(settings.accounts),
        to_all_only=to_all_only(settings.accounts),
        groups=frozenset(settings.groups),
        group_fault=lambda name, words: robots.too_long(settings.groups, name, words),
        today=lambda: clock().astimezone(settings.zone).date(),
    )


def open_shelf(settings: Settings, clock: Clock, previous: Library | None = None) -> Shelf:
    """The content; raises `BadContent` where there is nothing good."""
    return Shelf(
        settings.content.folder,
        zone=settings.zone,
        clock=clock,
        known=known(settings, clock),
        spare=spare_content(settings),
        compiled=compiled_banks(settings),
        previous=previous,
    )


def good_pack(settings: Settings, clock: Clock) -> Library | None:
    """What would be served of the content now; None where there is nothing good."""
    try:
        return open_shelf(settings, clock).current()
    except BadContent:
        return None


def intake_of(settings: Settings, clock: Clock, previous: Callable[[], Library | None] = lambda: None) -> Intake:
    """The way of question banks into the pack and out of it; what `previous` has needn't be read again."""
    return Intake(
        folder=settings.content.folder,
        kept=settings.storage.folder / "imports",
        zone=settings.zone,
        clock=clock,
        previous=previous,
    )


def workshop_of(settings: Settings, clock: Clock, shelf: Shelf) -> Workshop:
    """Where the console changes the files of the pack that is on the shelf."""
    return Workshop(
        folder=settings.content.folder,
        zone=settings.zone,
        known=known(settings, clock),
        shelf=shelf,
        compiled=compiled_banks(settings),
    )
