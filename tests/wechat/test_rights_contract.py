"""The fake and the real client over HTTP refuse the same calls to the same kinds of account."""

import pytest

from tests.fakes import FakeWeChat
from tests.wechat.contracts.rights import KINDS, RightsContract
from tests.wechat.real import real
from tests.wechat.sandbox.stage import Clock, a_stage, an_account, served
from wechat.bulk import Bulk
from wechat.sandbox.account import TEMPLATES

ACCOUNTS = {
    (kind, verified): an_account(name=f"{kind}-{verified}", appid=f"wx-{kind}-{verified}", kind=kind, verified=verified)
    for kind, verified in KINDS
}


class TestTheFake(RightsContract):
    @pytest.fixture
    def account(self):
        return lambda kind, verified: FakeWeChat(Clock(), kind=kind, verified=verified)


class TestTheRealOne(RightsContract):
    @pytest.fixture
    def account(self, tmp_path):
        opened: list[Bulk] = []

        def account(kind, verified):
            wechat, bulk = real(ACCOUNTS[kind, verified], address, stage.clock)
            opened.append(bulk)
            return wechat

        with a_stage(tmp_path, *ACCOUNTS.values(), templates=TEMPLATES) as stage, served(stage.app) as address:
            yield account
            for bulk in opened:
                bulk.close()
