"""Every page of the site and of the sandbox, for who sees little, types only, has a small phone or large letters."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from playwright.sync_api import Browser, FilePayload, Page, expect
from werkzeug.routing import MapAdapter

from content.workshop import mark
from handlers.session import PAGE_COOKIE, PAGES
from storage.admins import GENERAL, Grant
from storage.pack import Changes
from storage.roster import Entry
from storage.states import RunState
from tests.browser import faults
from tests.handlers.opinion.test_jobs import a_photo
from tests.house import PACK, hashed_at_no_cost
from tests.street import Street, a_street

pytestmark = [pytest.mark.alike, pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "a long enough password"
WORDS = "活动室的开放时间能不能写在门口，这样来的人就知道什么时候能进。"
SIZES = {"small phone": (320, 640), "desk": (1280, 800), "phone": (390, 844)}  # the walk goes on with the last one
GRAVE = {"serious", "critical"}
CUT_OFF = Path(__file__).parents[1] / "cut_off.js"
NO_PAGES = {  # what a browser gets and nobody reads
    "bootstrap.static",
    "bulletin_admin.document",
    "membership_admin.export",
    "trail_admin.workbook",
    "bulletin_admin.workbook",
    "usage.workbook",
    "console.live",
    "digest.atom",
    "digest.json_feed",
    "front.old_picture",
    "front.picture",
    "front.style",
    "health.alive",
    "health.counted",
    "health.ready",
    "opinion_admin.picture",
    "opinion_admin.voice",
    "opinion_open.picture",
    "opinion_pages.place_script",
    "pack.download",
    "pack.lines",
    "privacy_pages.as_json",
    "privacy_pages.as_workbook",
    "quiz_admin.export",
    "quiz_admin.workbook",
    "sharing.script",
    "sharing.signed",
    "signin.style",
}

DIGEST = "digests/2026-11-20-dangyuan-quanli.md"
CAREFUL = "careful:2026-11-23"
SENT = "quiz-reminder:2026-11-23-by-hand"


@dataclass(frozen=True)
class Walk:
    """Somebody who is signed in to the console, on the way through all pages."""

    street: Street
    page: Page
    seen: set[str] = field(default_factory=set)
    receipts: list[str] = field(default_factory=list)

    def pages(self) -> Iterator[str]:
        """Open one after the other, with all that belongs to it; each is named."""
        for part in (self._anyones, self._members, self._console, self._sandbox):
            for name in part():
                self.page.wait_for_load_state()
                yield name

    def _anyones(self) -> Iterator[str]:
        digest = next(iter(self.street.town.house.shelf.current().digests))
        for path in (
            "/",
            "/nothing",
            "/p/digest",
            "/p/digest?kind=policy&topic=dangzhang",
            "/p/digest?q=没有这样的词",
            f"/p/digest/{digest}",
            "/p/digest/nothing",
            "/p/digest?kind=x",
            "/p/bulletin",
            "/p/survey/results",
        ):
            yield self._goes(path)

    def _members(self) -> Iterator[str]:
        for path in ("/p/login", "/p/login/wechat", "/p/login/back", f"/p/login/link/{'0' * 32}", "/p/opinion/receipt"):
            yield self._goes(path)
        self.page.get_by_label("回执码").fill("4F7K-2MXP-90TD")
        self.page.get_by_role("button", name="查").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "a receipt with a slip"
        self.has_come_in()
        yield self._goes("/p/login")
        yield self._goes("/p/privacy/notice")
        yield self._goes("/p/privacy/data")
        yield from self.opinions()
        yield from self._quiz()
        yield from self._survey()

    def opinions(self) -> Iterator[str]:
        """Send one without a name and one with, and ask about the last."""
        for way in ("匿名提", "实名提"):
            yield from self._opinion(way)
        self.page.get_by_role("link", name="凭回执码查答复").click()
        self.page.get_by_label("回执码").fill(self.receipts[-1])
        self.page.get_by_role("button", name="查").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("已收到，等待办理")
        yield "what became of it"

    def _quiz(self) -> Iterator[str]:
        yield self._goes("/p/quiz")
        self.page.get_by_role("button", name="开始答题").click()
        self.page.get_by_role("button", name="提交").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "a question that was not answered"
        for number in range(5):
            self._has_seen(urlsplit(self.page.url).path)
            self.page.locator("input[name=chosen]").first.check()
            self.page.get_by_role("button", name="提交").click()
            onward = self.page.get_by_role("link", name="看结果" if number == 4 else "下一题")
            expect(onward).to_be_visible()
            self._has_seen(urlsplit(self.page.url).path)
            yield f"the verdict on question {number}"
            if number == 0:
                self.page.get_by_role("button", name="收藏").click()
                expect(self.page.get_by_role("button", name="已收藏")).to_be_visible()
            onward.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("5 题答对")
        yield "what the round came to"
        for path in (
            "/p/quiz",
            "/p/quiz/more",
            "/p/quiz/read/dangzhang",
            "/p/quiz/kept",
            "/p/quiz/study",
            "/p/quiz/exams",
            "/p/quiz/certificate",
        ):
            yield self._goes(path)
        self.page.get_by_label("证书编号").fill("0000")
        self.page.get_by_role("button", name="核对").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "a certificate's number with a slip"
        yield self._goes("/p/quiz/duels")
        self.page.get_by_label("邀请码", exact=True).fill("222222")
        self.page.get_by_role("button", name="应战").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "a duel's code with a slip"
        self.page.get_by_role("button", name="发起对战").click()
        expect(self.page.get_by_role("button", name="提交")).to_be_visible()
        yield "the first question of a duel, with its code"
        yield self._goes("/p/quiz/duels")

    def _survey(self) -> Iterator[str]:
        yield self._goes("/p/survey")
        self.page.locator("form.way button").first.click()
        expect(self.page.get_by_role("button", name="提交")).to_be_visible()
        yield "a survey's questions"
        for group in self.page.get_by_role("group").all():
            group.get_by_role("radio").first.check()
        self.page.get_by_role("button", name="提交").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("交上了，谢谢您")
        yield "handed in"
        yield self._goes("/p/appointment")

    def _opinion(self, way: str) -> Iterator[str]:
        yield self._goes("/p/opinion")
        self.page.get_by_role("button", name=way).click()
        expect(self.page.get_by_label("想说的话")).to_be_visible()
        yield f"{way}: to be written"
        self.page.get_by_label("想说的话").fill("短")
        self.page.get_by_label("工作建议").check()
        if way == "实名提":
            self.page.get_by_label("您的姓名").fill("王海棠")
            picture = FilePayload(name="a.png", mimeType="image/png", buffer=a_photo())
            self.page.get_by_label("附图片").set_input_files(picture)
        self.page.get_by_role("button", name="下一步").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield f"{way}: too short"
        self.page.get_by_label("想说的话").fill(WORDS * 5)
        self.page.get_by_role("button", name="下一步").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("请看一遍")
        yield f"{way}: to be looked through"
        self.page.get_by_role("button", name="提交").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("收到了，谢谢您")
        self.receipts.append(self.page.locator("code").inner_text())
        yield f"{way}: sent"

    def has_come_in(self) -> None:
        """Be a member from here on."""
        cookie = self.street.town.reader().client.get_cookie(PAGE_COOKIE, path=PAGES)
        assert cookie
        self.page.context.add_cookies(
            [{"name": PAGE_COOKIE, "value": cookie.value, "domain": "127.0.0.1", "path": PAGES}]
        )

    def _console(self) -> Iterator[str]:
        yield self._goes("/admin/login")
        self._signs_in("a wrong password")
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "signing in went wrong"
        self._signs_in(PASSWORD)
        expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()
        for path in (
            "/admin/",
            "/admin/broadcasts",
            "/admin/broadcasts/quiz-reminder/send",
            "/admin/broadcasts/nothing/send",
            f"/admin/broadcasts/{CAREFUL}",
            f"/admin/broadcasts/{CAREFUL}/approve",
            f"/admin/broadcasts/{SENT}/correct",
            "/admin/own",
            "/admin/search?q=党员",
            "/admin/content?kind=digests&q=党",
            "/admin/content/history",
            "/admin/content/new",
            "/admin/content/new?kind=digests",
            "/admin/quiz/",
            "/admin/quiz/participation",
            "/admin/quiz/exams",
            "/admin/quiz/banks/dangzhang",
            "/admin/quiz/banks/dangzhang/dangzhang-01",
            "/admin/opinion/?state=answered&whose=-&tag=没有",
            "/admin/appointment/",
            "/admin/privacy/",
            "/admin/bulletin/",
            "/admin/bulletin/trends",
            "/admin/subscription/",
            "/admin/measure/",
            "/admin/survey/",
            "/admin/opinion/",
        ):
            yield self._goes(path)
        yield from self._pack()
        yield from self._proposed()
        yield from self._decision()
        self._goes("/admin/opinion/")
        opinions = self.page.locator("a.list-group-item")
        for number in range(opinions.count()):
            self._goes("/admin/opinion/")
            opinions.nth(number).click()
            expect(self.page.get_by_label("答复")).to_be_visible()
            self._has_seen(self.page.url.removeprefix(self.street.web))
            yield f"opinion {number}"
        yield from self._accounts()

    def _accounts(self) -> Iterator[str]:
        """One's own, and what the three administrators have."""
        (member,) = self.street.town.house.roster.rows()
        ones = ("/admin/task/", "/admin/task/board", "/admin/grant/lent", "/admin/account/")
        for path in ("/admin/membership/", f"/admin/membership/{member.id}", *ones):
            yield self._goes(path)
        yield from self._roster()
        self._goes("/admin/account/")
        self.page.get_by_role("button", name="打开验证器").click()
        self._has_seen("/admin/account/scan")
        self.page.get_by_label("验证码").fill("000000")
        self.page.get_by_role("button", name="打开").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "a first code with a slip"
        theirs = {
            "系统员": ["/admin/accounts/"],
            "安全员": ["/admin/grant/", "/admin/unlock/"],
            "审计员": ["/admin/trail/", "/admin/trail/chain"],
        }
        for name, paths in theirs.items():
            self.page.get_by_role("button", name="退出登录").click()
            self._signs_in(PASSWORD, name=name)
            expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()
            for path in paths:
                yield self._goes(path)

    def _roster(self) -> Iterator[str]:
        """A list with a fault in it, then one that can be taken in, and it is."""
        where = next(iter(self.street.town.house.shelf.current().organisations))
        heads = {"nowhere": "导入党员名册", where: "会这样改名册"}
        for organisation, heading in heads.items():
            yield self._goes("/admin/membership/import")
            table = f"姓名,组织,职务\n赵新来,{organisation},组织委员\n".encode()
            self.page.get_by_label("名册文件").set_input_files(
                FilePayload(name="名册.csv", mimeType="text/csv", buffer=table)
            )
            self.page.get_by_role("button", name="看看结果").click()
            expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
            yield f"a list of members: {heading}"
        self.page.get_by_role("button", name="写进名册").click()
        expect(self.page.get_by_role("status")).to_contain_text("新增 1 人")
        yield "members were taken in"

    def _decision(self) -> Iterator[str]:
        """Written down for the first organisation that there is."""
        yield self._goes("/admin/decision/new")
        where = next(iter(self.street.town.house.shelf.current().organisations))
        yield self._goes(f"/admin/decision/new?organisation={where}")
        said = {"meeting": "第 6 次支部党员大会", "day": "2026-11-20", "matter": "换一间活动室"}
        for name, value in (said | dict.fromkeys(("entitled", "present", "approve"), "3")).items():
            self.page.locator(f"[name={name}]").fill(value)
        self.page.locator("[name=kind]").last.check()
        self.page.get_by_label("由谁提出").select_option("支部委员会")
        for name in ("against", "abstain"):
            self.page.locator(f"[name={name}]").fill("0")
        self.page.get_by_role("button", name="记下").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("待核")
        self._has_seen(urlsplit(self.page.url).path)
        yield "a decision"
        yield self._goes("/admin/decision/")

    def _pack(self) -> Iterator[str]:
        """A digest with a fault in it, mended, shown, asked for and looked at by the second; nothing is taken."""
        for change in ("kind: policy", "kind: x", "kind: policy"):
            if change == "kind: policy" and "changes" not in self.page.url:
                yield self._goes(f"/admin/content/files/{DIGEST}")
            text = self.page.get_by_label("内容", exact=True)
            text.fill(re.sub("kind: .+", change, text.input_value()).replace("\nsummary: ", "\nsummary: 新的"))
            self.page.get_by_role("button", name="检查，看看效果").click()
            expect(self.page.get_by_role("heading", level=1)).to_contain_text("改")
            self._has_seen(at := self.page.url.removeprefix(self.street.web))
            yield f"a change: {change}"
        yield self._goes(f"{at}/page")
        yield self._goes("/admin/content/asked")
        asked = self._asked_by_another()
        yield self._goes(f"/admin/content/asked/{asked}")
        yield self._goes(f"/admin/content/asked/{asked}/page")

    def _proposed(self) -> Iterator[str]:
        """A document is sent in, and what is proposed of it is looked at."""
        yield self._goes("/admin/content/from-file/")
        text = FilePayload(name="通知.txt", mimeType="text/plain", buffer=f"关于开会的通知\n{WORDS}\n".encode())
        self.page.get_by_label("文件").set_input_files(text)
        self.page.get_by_role("button", name="看看建议").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("通知.txt")
        self._has_seen(self.page.url.removeprefix(self.street.web))
        yield "digests that are proposed"
        self.page.get_by_role("button", name="做成草稿").click()
        expect(self.page.get_by_role("alert")).to_be_visible()
        yield "no digest was chosen"

    def _asked_by_another(self) -> str:
        """A change of the digest that waits for a second admin."""
        town = self.street.town
        changes, now, lies = Changes(town.house.db), town.clock(), (PACK / DIGEST).read_bytes()
        after = lies.replace(b"title: ", "title: 新".encode())
        change = changes.begin(DIGEST, before=mark(lies), after=after, by="王海棠", now=now, lies=lies)
        changes.ask(change, after=mark(after), by="王海棠", now=now)
        return change

    def _sandbox(self) -> Iterator[str]:
        at = self.street.platform
        self.page.goto(f"{at}/phone/")
        expect(self.page.get_by_role("button", name="新建成员")).to_be_enabled()
        yield "the phone before anybody is there"
        self.page.get_by_label("账号").select_option("official")
        self.page.get_by_label("新成员的昵称").fill("小同志")
        self.page.get_by_role("button", name="新建成员").click()
        expect(self.page.get_by_role("button", name="关注公众号")).to_be_visible()
        yield "the phone of a stranger"
        self.page.get_by_role("button", name="关注公众号").click()
        expect(self.page.get_by_role("log")).to_contain_text("您好")
        yield "the phone in a talk"
        if self.page.get_by_role("button", name="更多操作").is_visible():
            self.page.get_by_role("button", name="更多操作").click()
        yield "more on the phone"
        self.page.get_by_role("button", name="扫一扫").click()
        expect(self.page.get_by_role("dialog", name="扫一扫")).to_be_visible()
        yield "scanning"
        self.page.goto(f"{at}/panel/")
        self.page.locator("#presets summary").first.click()
        expect(self.page.locator("#presets details[open]")).to_be_visible()
        yield "the panel"
        self.page.goto(f"{at}/panel/wire")
        expect(self.page.locator("#entries li").first).to_be_visible()
        yield "the wire"
        self.page.locator("#entries button").first.click()
        expect(self.page.get_by_role("region", name="详情")).to_be_visible()
        yield "a detail of the wire"

    def _goes(self, path: str) -> str:
        self.page.goto(self.street.web + path)
        self._has_seen(path)
        return path

    def _signs_in(self, password: str, *, name: str = "值班员") -> None:
        self.page.get_by_label("姓名").fill(name)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()

    def _has_seen(self, path: str) -> None:
        path, _, query = path.partition("?")
        if self._map.test(path, "GET"):
            self.seen.add(str(self._map.match(path, "GET", query_args=query)[0]))

    @property
    def _map(self) -> MapAdapter:
        return self.street.town.client.application.url_map.bind("")


@pytest.fixture
def street(tmp_path: Path, database_url: str, redis: object, redis_url: str) -> Iterator[Street]:
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url, official=True) as street:
        yield street


@pytest.fixture
def walk(street: Street, browser: Browser) -> Iterator[Callable[[str], Walk]]:
    """Set out at a size of the screen."""
    for name, role in (("值班员", GENERAL), ("系统员", "system"), ("安全员", "security"), ("审计员", "audit")):
        street.town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD), grants=[Grant(role)])
    lived_in(street)
    opened = []

    def begin(size: str) -> Walk:
        width, height = SIZES[size]
        page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", reduced_motion="reduce")
        opened.append(page)
        return Walk(street, page)

    yield begin
    for page in opened:
        page.close()


def lived_in(street: Street) -> None:
    """An opinion with a name, one to be looked at first, a push that was sent, and one that waits for two admins."""
    entry = Entry(organisation="zhibu-1", name="王海棠", number="1024")
    street.town.house.roster.take_in([entry], expires_at=street.town.clock() + timedelta(days=30))
    phone = street.town.phone()
    for words in ("意见", "2", "王海棠", "1", WORDS, "好了", "1", "订阅", "全部"):
        street.goes_on(seconds=2)
        phone.says(words)
    phone.says("更正 我没有答过那道题")
    mini = street.mini(street.member())
    street.breaks(-1, times=9, path="/wxa/msg_sec_check")
    sent = mini.post("/opinion", {"way": "named", "name": "李石榴", "category": "其他", "words": WORDS})
    assert sent.status == 201, sent.body
    desk, store, now = street.town.house.pushes.desk, street.town.house.pushes.store, street.town.clock()
    run = desk.send_now("quiz-reminder", now=now, at_night=True)
    store.open_run(replace(run, key=CAREFUL, four_eyes=True, state=RunState.PLANNED))
    store.approve(CAREFUL, admin="另一位", content=run.content, now=now)


def grave(page: Page) -> list[str]:
    """What axe calls serious or critical on a page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations'], preload: false}).then(told => told.violations)")
    return [
        f"{each['id']}: {node['html'][:120]}" for each in found if each["impact"] in GRAVE for node in each["nodes"]
    ]


def enlarged(page: Page) -> list[str]:
    """What can't be read when the reader's letters are twice as large, the page's own among them."""
    letters = page.evaluate("""() => {  // in one go: a page that lives changes in between
        const shown = [...document.querySelectorAll('h1, p, label, button, small')].filter(e => e.checkVisibility())
        const size = (e) => parseFloat(getComputedStyle(e).fontSize)
        const before = shown.map(size)
        document.documentElement.style.fontSize = '200%'
        return shown.map((e, at) => [e.outerHTML.slice(0, 60), before[at], size(e)])
    }""")
    small = [what for what, before, after in letters if after < before * 1.9]
    found: list[str] = page.evaluate(CUT_OFF.read_text()) + [f"does not grow: {what}" for what in small]
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found


def test_on_any_page_axe_finds_nothing_serious_letters_of_twice_the_size_are_there_and_nothing_is_cut(walk):
    """One walk for all sizes: each page is opened once, and looked at on a desk, a phone and the smallest of them."""
    way = walk("phone")
    found = {(name, size): on(way.page, size) for name in way.pages() for size in SIZES}

    assert {where: each for where, each in found.items() if each} == {}
    assert way.seen == pages_of(way.street)


def on(page: Page, size: str) -> list[str]:
    """What is wrong with a page at a size of the screen."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    if size == "small phone":
        narrow: list[str] = page.evaluate(CUT_OFF.read_text())
        return narrow + faults(page)
    return grave(page) + enlarged(page)


def pages_of(street: Street) -> set[str]:
    """The name of every page of the site."""
    rules = street.town.client.application.url_map.iter_rules()
    return {rule.endpoint for rule in rules if "GET" in (rule.methods or ())} - NO_PAGES


def test_a_digest_is_found_and_read_without_scripts(street, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page.goto(f"{street.web}/")
    page.get_by_role("link", name="政策", exact=True).click()
    title = page.locator(".digests a").first.inner_text()
    page.get_by_role("link", name=title, exact=True).click()

    assert page.get_by_role("heading", level=1).inner_text() == title
    assert re.search("出处", page.get_by_role("main").inner_text())
    page.close()


def test_opinions_are_sent_and_asked_about_without_scripts(street, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    way = Walk(street, page)
    way.has_come_in()
    steps = list(way.opinions())
    page.close()

    assert len(way.receipts) == len(set(way.receipts)) == 2
    assert steps[-1] == "what became of it"
