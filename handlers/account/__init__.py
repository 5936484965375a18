"""Account: an admin's own password, second factor and sessions, and the accounts that an administrator looks after."""

from collections.abc import Callable
from datetime import tzinfo

from content.models import Account
from handlers.account import admin, jobs
from handlers.entrance import Entrance
from handlers.feature import Feature, words_beside

__all__ = ["feature"]


def feature(*, entrance: Entrance, account: Callable[[], Account], zone: tzinfo) -> Feature:
    """The pages of accounts; `account` is the one whose name authenticators show, and no password is made of."""
    words = words_beside(__file__)

    def site() -> str:
        return account().name

    return Feature(
        name="account",
        admin=admin.blueprint(
            admin.Own(entrance=entrance, site=site, zone=zone, words=words),
            admin.Others(entrance=entrance, words=words),
        ),
        jobs=(jobs.drop_ended(entrance),),
    )
