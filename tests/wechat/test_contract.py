"""The fake and the real client over HTTP keep one contract."""

from itertools import count

import pytest

from tests.fakes import FakeBulk, FakeWeChat
from tests.wechat.contracts.account import AccountContract
from tests.wechat.contracts.articles import ArticlesContract
from tests.wechat.contracts.bulk import BulkContract
from tests.wechat.contracts.customer_service import CustomerServiceContract
from tests.wechat.contracts.jssdk import JsSdkContract
from tests.wechat.contracts.mass import MassContract
from tests.wechat.contracts.materials import MaterialsContract
from tests.wechat.contracts.media import MediaContract
from tests.wechat.contracts.menus import MenusContract
from tests.wechat.contracts.notices import NoticesContract
from tests.wechat.contracts.people import PeopleContract
from tests.wechat.contracts.qrcodes import QrCodesContract
from tests.wechat.contracts.tags import TagsContract
from tests.wechat.contracts.templates import TemplatesContract
from tests.wechat.real import real
from tests.wechat.sandbox.stage import Clock, Stage, a_stage, an_account, served
from wechat.bulk import Bulk
from wechat.client import WeChat
from wechat.sandbox.account import TEMPLATES, SandboxAccount


class Contract(
    CustomerServiceContract,
    NoticesContract,
    TemplatesContract,
    BulkContract,
    MenusContract,
    PeopleContract,
    TagsContract,
    QrCodesContract,
    JsSdkContract,
    MediaContract,
    MaterialsContract,
    ArticlesContract,
    MassContract,
    AccountContract,
):
    """All of it, section by section."""


class FakeWorld:
    def __init__(self) -> None:
        self._clock = Clock()
        self._names = (f"oFAKE{number:023}" for number in count())
        self._fake = FakeWeChat(self._clock)
        self.wechat: WeChat = self._fake
        self.bulk: Bulk | FakeBulk = FakeBulk(self._fake)
        self.leaves = self._fake.leaves
        self.publishing_ends = self._fake.publishing_ends
        self.protects_mass = self._fake.protects_mass
        self.answers_mass = self._fake.answers_mass
        self.fails_mass = self._fake.fails_mass
        self.scans = self._fake.scans
        self.opens = self._fake.opens
        self.speaks = self._fake.acts
        self.refuses_messages = self._fake.refuses_messages

    def joins(self, scene="", name=""):
        return self._fake.joins(self.knows(name), scene=scene)

    def knows(self, name=""):
        openid = self._fake.knows(next(self._names))
        self._fake.names |= {name: openid} if name else {}
        return openid

    def consents(self, openid, template_id="notice-study-update"):
        self._fake.consents(openid, template_id)

    def passes(self, seconds):
        self._clock.goes_on(seconds=seconds)

    def shown_to(self, openid):
        return len(self._fake.shown_to(openid))


class TestTheFake(Contract):
    @pytest.fixture
    def world(self):
        return FakeWorld()


class SandboxWorld:
    def __init__(self, stage: Stage, account: SandboxAccount, address: str) -> None:
        self._stage = stage
        self._account = account.name
        self.wechat: WeChat
        self.bulk: Bulk | FakeBulk
        self.wechat, self.bulk = real(account, address, stage.clock)

    def joins(self, scene="", name=""):
        openid = self.knows(name)
        self._stage.phone("follow", openid=openid, scene=scene)
        return openid

    def knows(self, name="") -> str:
        return str(self._stage.phone("members", account=self._account, nickname=name)["openid"])

    def scans(self, openid, ticket):
        return "error" not in self._stage.phone("scan", openid=openid, code=ticket)

    def opens(self, url, *, nonce, timestamp, signature):
        shown = {"url": url, "nonceStr": nonce, "timestamp": str(timestamp), "signature": signature}
        return self._stage.phone("signatures", account=self._account, **shown)["ok"]

    def publishing_ends(self, state):
        self._stage.phone("knobs", path="/cgi-bin/freepublish/submit", effect="undelivered", words=str(int(state)))

    def protects_mass(self):
        self._stage.phone("knobs", preset="mass_confirm")

    def answers_mass(self, sent, *, confirmed):
        self._stage.phone(f"mass/{sent}", confirm=confirmed)

    def fails_mass(self):
        self._stage.phone("knobs", preset="mass_failed")

    def leaves(self, openid):
        self._stage.phone("unfollow", openid=openid)

    def speaks(self, openid):
        self._stage.phone("say", openid=openid, text="在吗")

    def refuses_messages(self, openid):
        self._stage.phone("receive", openid=openid, on=False)

    def consents(self, openid, template_id="notice-study-update"):
        self._stage.phone("consent", openid=openid, template_id=template_id, accept=True)

    def passes(self, seconds):
        self._stage.clock.goes_on(seconds=seconds)

    def shown_to(self, openid):
        return len(self._stage.texts(openid))


# To start the stand-in takes longer than most tests: it is started once, and each test has an account of its own there.
ACCOUNTS = tuple(an_account(name=f"official-{number}", appid=f"wx{number:016}") for number in range(400))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with (
        a_stage(tmp_path_factory.mktemp("sandbox"), *ACCOUNTS, templates=TEMPLATES) as stage,
        served(stage.app) as address,
    ):
        yield stage, address, iter(ACCOUNTS)


class TestTheRealOne(Contract):
    @pytest.fixture
    def world(self, sandbox):
        stage, address, accounts = sandbox
        stage.begins_anew()
        world = SandboxWorld(stage, next(accounts), address)
        yield world
        world.bulk.close()
