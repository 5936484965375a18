"""Grant: who has which role in which organisation, and which duty somebody lends to another for some days."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from content.library import Library
from handlers.feature import Feature, words_beside
from handlers.grant import admin
from handlers.grant.service import Missing, nobodys
from scheduler.staff import Staff
from storage.admins import Admins
from storage.loans import Loans

__all__ = ["feature", "nobodys"]


def feature(
    *,
    features: Callable[[], Sequence[Feature]],
    admins: Admins,
    loans: Loans,
    staff: Staff,
    library: Callable[[], Library],
    clock: Callable[[], datetime],
    zone: tzinfo,
) -> Feature:
    """The security administrator's page, and one's own of what is lent; what of all `features` waits for nobody."""
    words = words_beside(__file__)
    office = admin.Office(
        admins=admins,
        loans=loans,
        staff=staff,
        library=library,
        today=lambda: clock().astimezone(zone).date(),
        words=words,
    )
    missing = Missing(features=features, staff=staff, library=library, words=words)
    return Feature(name="grant", admin=admin.blueprint(office), warns=missing.warns)
