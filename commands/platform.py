"""The ways to WeChat of all accounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from commands.settings import Settings
from handlers import login
from scheduler import worker as workers
from storage import leases
from storage.redis import Redis
from storage.refusals import Refusals
from storage.sealing import Keys
from storage.speeds import Speeds
from storage.tokens import RedisTokenStore
from wechat.api import jssdk
from wechat.bulk import Bulk
from wechat.capabilities import Capability, may
from wechat.client import TencentWeChat
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token

Clock = Callable[[], datetime]
UPLOAD_SECONDS = 60.0  # longer than the platform may take for a picture


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The ways to WeChat, by account: one call at a time, or many sends in flight. One token for the whole fleet."""

    accounts: Mapping[str, AccountSettings]
    clients: Mapping[str, TencentWeChat]
    bulks: Mapping[str, Bulk]
    refusals: Refusals
    speeds: Speeds
    turn: Callable[[str], leases.Lease]  # what one of the fleet does at a time

    @classmethod
    def of(cls, settings: Settings, keys: Keys, memory: Redis, clock: Clock) -> Self:
        """The clients of every account."""
        accounts = settings.accounts
        tokens = {
            name: Tokens(stable_token(account), RedisTokenStore(memory, keys, account=name), clock)
            for name, account in accounts.items()
        }
        tickets = {
            name: Tokens(
                jssdk.jsapi_ticket(account, tokens[name]),
                RedisTokenStore(memory, keys, account=name, of="ticket"),
                clock,
            )
            for name, account in accounts.items()
        }
        clients = {
            name: TencentWeChat(account, tokens[name], tickets=tickets[name]) for name, account in accounts.items()
        }
        return cls(
            accounts=accounts,
            clients=clients,
            bulks={
                name: Bulk(
                    account,
                    tokens[name],
                    quota=clients[name].quota,
                    in_flight=workers.THREADS * settings.push.in_flight,
                )
                for name, account in accounts.items()
            },
            refusals=Refusals(memory),
            speeds=Speeds(memory, a_second=settings.push.a_second),
            turn=partial(leases.Lease, memory, seconds=UPLOAD_SECONDS),
        )

    @property
    def minis(self) -> Mapping[str, TencentWeChat]:
        """The mini-programs."""
        return {name: self.clients[name] for name, each in self.accounts.items() if each.kind == "miniprogram"}

    @property
    def followed(self) -> Mapping[str, TencentWeChat]:
        """The accounts that can say by whom they are followed."""
        can = {name for name, each in self.accounts.items() if may(each, Capability.PEOPLE)}
        return {name: self.clients[name] for name in self.clients if name in can}

    def opens_pages(self, *, anywhere: bool) -> login.WeChatWay | None:
        """The way to learn who opens a page: of several accounts that may say it, the first."""
        name = next((name for name, each in self.accounts.items() if may(each, Capability.OAUTH)), None)
        return login.WeChatWay(account=name, asks=self.clients[name], anywhere=anywhere) if name else None

    async def close(self) -> None:
        """Let go of the connections that sends keep open."""
        for bulk in self.bulks.values():
            await bulk.aclose()
