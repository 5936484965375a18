"""Pulse surveys: a few questions, answered once by whoever likes, without a name, and told of when they are over."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from content.models import Account
from content.surveys import Survey
from handlers.conversation import Say
from handlers.feature import Feature
from handlers.survey import admin, api, chat, pages
from handlers.survey.service import Booth
from scheduler.job import Job
from storage.survey import Slip, Surveys

__all__ = ["feature"]


def feature(
    *,
    surveys: Surveys,
    pack: Callable[[], Mapping[str, Survey]],
    post: Callable[[Slip], bool],
    leave: Callable[[Slip], None],
    say: Say,
    account: Callable[[], Account],
    clock: Callable[[], datetime],
    zone: tzinfo,
) -> Feature:
    """Surveys of the pack. `post` returns when a slip is kept, or raises NotKept; `leave` waits for nothing."""
    booth = Booth(
        surveys=surveys,
        pack=pack,
        post=post,
        leave=leave,
        clock=clock,
        zone=zone,
        none=lambda: say("survey.nobody"),
    )

    def close(now: datetime) -> None:  # noqa: ARG001 - a job
        booth.close()

    counter = pages.Counter(booth=booth, account=account)
    return Feature(
        name="survey",
        chat=chat.routes(chat.Pollster(booth=booth, say=say)),
        api=api.blueprint(api.Counter(booth=booth), say),
        pages=pages.blueprint(counter),
        pages_for_anyone=pages.for_anyone(counter),
        admin=admin.blueprint(admin.Board(booth=booth)),
        jobs=(Job(id="survey.close", cron="25 * * * *", run=close),),
    )
