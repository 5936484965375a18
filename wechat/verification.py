"""The GET by which the platform verifies a webhook (§1.2), made by ourselves: whoever answers knows our token."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from wechat.envelope import sign
from wechat.settings import AccountSettings
from wechat.webhook import PATH
from wechat.wire import Wire

_BYTES = 8


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back: the HTTP status, and whether the body was our own word and nothing else."""

    status: int
    is_ours: bool


def knock(base: str, name: str, account: AccountSettings, *, now: datetime) -> Echo:
    """Ask the webhook of the account called `name` under the address `base`; raise `Retryable` if nobody answers."""
    timestamp, nonce, word = str(int(now.timestamp())), secrets.token_hex(_BYTES), secrets.token_hex(_BYTES)
    signature = sign(account.token.get_secret_value().encode(), timestamp, nonce)
    query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": word}
    answer = Wire(base).call("GET", f"{PATH}{name}", params=query)
    return Echo(answer.status, answer.status == HTTPStatus.OK and answer.content == word.encode())
