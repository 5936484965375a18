"""A healthy account for the doctor to look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from pydantic import SecretStr, TypeAdapter

from commands.accounts import Account
from content.menus import Menu
from tests.fakes import FakeWeChat
from tests.wechat.sandbox.stage import Clock, served
from wechat import webhook
from wechat.settings import AccountSettings
from wechat.tokens import Fetched

SETTINGS = AccountSettings(
    kind="service", appid="wxba5fad812f8e6fb9", secret=SecretStr("s" * 32), token=SecretStr("AAAAA"), mode="plain"
)
MENU = TypeAdapter(Menu).validate_python({"button": [{"name": "答题", "type": "click", "key": "quiz"}]})


def true_time() -> datetime:
    return datetime.now(UTC)


@contextmanager
def a_door(settings: AccountSettings, clock: Callable[[], datetime]) -> Iterator[str]:
    """The address of a site with the webhook of an account called `official`, and nothing else."""
    site = Flask("site")
    site.wsgi_app = webhook.in_front_of(  # type: ignore[method-assign,assignment]
        site.wsgi_app, {"official": settings}, lambda _: b"", clock=clock
    )
    with served(site) as base:
        yield base


def an_account(base: str, **other: Any) -> Account:
    """One whose webhook is at `base`; by default it speaks to the fake."""
    wechat = FakeWeChat(Clock(), kind="service", verified=True)
    wechat.create_menu(MENU.payload())
    plain: dict[str, Any] = {
        "name": "official",
        "settings": SETTINGS,
        "wechat": wechat,
        "token": lambda _: Fetched("token-1", timedelta(hours=2), true_time()),
        "menu": MENU,
        "broadcasts": (),
        "refused": dict,
        "base": base,
        "is_public": False,
        "clock": Clock(),
        "now": true_time,
    }
    return Account(**{**plain, **other})
