"""What is told of opinions: 办理公开 in numbers for everybody, 简报 without names for those above."""

from collections.abc import Callable, Collection, Sequence
from datetime import date

from content.models import Account
from content.roles import Reach
from handlers.bulletin import admin, pages
from handlers.bulletin.engine import Case
from handlers.bulletin.service import Reports
from handlers.feature import Feature, words_beside
from scheduler.workdays import Workdays

__all__ = ["feature"]


def feature(
    *,
    cases: Callable[[Collection[date], Reach], Sequence[Case]],
    alike: Callable[[str, str], bool],
    names: Callable[[], Collection[str]],
    workdays: Workdays,
    today: Callable[[], date],
    account: Callable[[], Account],
) -> Feature:
    """Its pages; `cases` are the opinions of some days within a reach, and `alike` says which two mean the same."""
    words = words_beside(__file__)["bulletin"]
    reports = Reports(cases=cases, alike=alike, names=names, workdays=workdays, today=today, mask=words["mask"])
    return Feature(
        name="bulletin",
        pages_for_anyone=pages.blueprint(reports, account),
        admin=admin.blueprint(admin.Editor(reports=reports, words=words)),
    )
