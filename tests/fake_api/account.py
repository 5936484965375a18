"""The account itself on the fake platform."""

from tests.fake_api.line import FakeLine
from wechat import errors
from wechat.api.account import Quota


class FakeAccount(FakeLine):
    def quota(self, path: str) -> Quota:
        if path != "/cgi-bin/message/custom/send":
            raise errors.from_code(76021, "cgi_path not found")
        limit, used = 500_000, self._used[path]
        return Quota(limit, used, limit - used)

    def callback_addresses(self) -> list[str]:
        self._called("/cgi-bin/getcallbackip")
        return ["127.0.0.1"]
