"""The real client, spoken to the stand-in."""

from collections.abc import Callable
from datetime import datetime

from pydantic import SecretStr

from tests.fakes import Shelf
from wechat.api.jssdk import jsapi_ticket
from wechat.bulk import Bulk
from wechat.client import TencentWeChat
from wechat.sandbox.account import SandboxAccount
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token


def real(account: SandboxAccount, address: str, clock: Callable[[], datetime]) -> tuple[TencentWeChat, Bulk]:
    """Both ways to an account of the stand-in at `address`."""
    settings = AccountSettings(
        kind=account.kind,
        verified=account.verified,
        appid=account.appid,
        secret=SecretStr(account.secret),
        token=SecretStr(account.token),
        mode="plain",
        api_base=address,
    )
    tokens = Tokens(stable_token(settings), Shelf(), clock)
    tickets = Tokens(jsapi_ticket(settings, tokens), Shelf(), clock)
    return TencentWeChat(settings, tokens, tickets=tickets), Bulk(settings, tokens)
