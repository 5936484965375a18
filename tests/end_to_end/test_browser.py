"""Members and admins in a real Chromium, in front of the whole program."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import SIZES, a_page, faults
from tests.content.importers.making import xlsx
from tests.end_to_end.running import Program, within

pytestmark = [pytest.mark.alike, pytest.mark.browser]

ADMIN, PASSWORD = "值班员", "correct horse battery staple"
RECEIPT = re.compile(r"回执码：\s*([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")
RECEIPT_CODE = re.compile("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
LATE_SECONDS = 20  # on a busy machine; on an idle one a change of the pack is taken in two
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"  # Chromium's complaint


@pytest.fixture(scope="module")
def admin(program: Program) -> str:
    made = program.zhibu("admin", "create", ADMIN, "--password-stdin", said=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    return ADMIN


@pytest.fixture(scope="module")
def waiting(program: Program) -> str:
    """The key of a run that waits for its time."""
    planned = program.zhibu("broadcast", "plan", "weekly-policy", "--json")
    assert planned.returncode == 0, planned.stderr
    return str(json.loads(planned.stdout)["key"])


class Hand:
    """A member with the web phone in hand."""

    def __init__(self, page: Page, nickname: str) -> None:
        self.page = page
        self.said = ""
        page.get_by_label("新成员的昵称").fill(nickname)
        self.press("新建成员")
        self.press("关注公众号")
        expect(self.chat).to_contain_text("欢迎")

    @property
    def chat(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def last(self) -> Locator:
        """The newest thing the account said."""
        return self.chat.locator("li.theirs .said").last

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def says(self, words: str, answer: str) -> None:
        """Send words and wait until one more thing with `answer` in it was said."""
        if words == self.said:
            self.page.wait_for_timeout(1300)  # whoever says the same again sooner has tapped twice
        self.said = words
        before = self.chat.locator("li.theirs").count()
        if self.page.get_by_role("button", name="切换到键盘").is_visible():
            self.press("切换到键盘")
        self.page.get_by_role("textbox", name="消息").fill(words)
        self.press("发送")
        expect(self.chat.locator("li.theirs")).to_have_count(before + 1)
        expect(self.last).to_contain_text(answer)

    def receipt(self) -> str:
        found = RECEIPT.search(self.last.inner_text())
        assert found
        return found[1]


@contextmanager
def a_phone(browser: Browser, program: Program, nickname: str, size: str = "phone") -> Iterator[Hand]:
    with a_page(browser, f"{program.sandbox}/phone/", size) as page:
        yield Hand(page, nickname)


@contextmanager
def the_console(browser: Browser, program: Program, size: str = "desktop") -> Iterator[Page]:
    with a_page(browser, f"{program.web}/admin/", size) as page:
        expect(page).to_have_url(re.compile("/admin/login"))
        page.get_by_label("姓名").fill(ADMIN)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("navigation", name="主导航")).to_contain_text(ADMIN)
        yield page


@pytest.mark.parametrize("size", SIZES)
def test_a_member_follows_subscribes_and_answers_five_questions(browser, program, size):
    with a_phone(browser, program, "答题人", size) as hand:
        hand.says("订阅", "党建要闻")
        hand.says("5", "已订阅：党建要闻")
        hand.press("切换到菜单")
        hand.press("学习")
        hand.press("每日答题")
        expect(hand.last).to_contain_text("【1/5】")
        for number in range(2, 6):
            hand.says("A", f"【{number}/5】")
        hand.says("A", "5 题答对")

        right = hand.chat.locator(".said", has_text="✓ 答对了").count()
        assert f"5 题答对 {right} 题" in hand.last.inner_text()


def opened(hand: Hand, address: str) -> Page:
    """The tab that a link of the chat opens."""
    with hand.page.context.expect_page() as tab:
        hand.chat.locator(f"a[href*='{address}']").last.click()
    tab.value.wait_for_load_state()
    return tab.value


def test_a_member_comes_from_the_chat_to_the_page_does_a_round_there_and_reads_the_score(browser, program):
    with a_phone(browser, program, "网页人") as hand:
        hand.says("网页", "/p/login/link/")
        page = opened(hand, "/p/login/link/")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("登录")
        found = [faults(page)]
        page.get_by_role("button", name="登录").click()
        expect(heading).to_have_text("您已登录")
        page.get_by_role("link", name="每日答题").click()
        expect(heading).to_have_text("每日答题")
        found.append(faults(page))
        page.get_by_role("button", name="开始答题").click()
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("alert")).to_contain_text("还没有选")
        found.append(faults(page))
        right = 0
        for number in range(1, 6):
            expect(page.get_by_role("main")).to_contain_text(f"第 {number} 题，共 5 题")
            page.locator("input[name=chosen]").first.check()
            page.get_by_role("button", name="提交").click()
            going_on = page.get_by_role("link", name="看结果" if number == 5 else "下一题")
            expect(going_on).to_be_visible()
            right += "✓ 答对了" in heading.inner_text()
            found.append(faults(page))
            going_on.click()
        expect(heading).to_contain_text("做完了")
        score = heading.inner_text()
        found.append(faults(page))
        page.get_by_role("button", name="退出登录").click()
        expect(page.get_by_role("status")).to_have_text("已退出登录。")
        hand.says("答题", f"5 题答对 {right} 题")

        assert score == f"做完了：5 题答对 {right} 题"
        assert [each for each in found if each] == []


def test_a_link_on_the_phone_opens_a_members_page_as_theirs_and_forms_do_for_a_keyboard_on_a_narrow_screen(
    browser, program
):
    with a_phone(browser, program, "键盘人") as hand:
        hand.says("答题", "【1/5】")
        hand.says("A", "【2/5】")
        hand.says("退出", "先放下")
        hand.says(f"看看 {program.web}/p/quiz", "没听懂")
        page = opened(hand, "/p/quiz")
        page.set_viewport_size({"width": 320, "height": 640})
        expect(page.get_by_role("main")).to_contain_text("已做 1 题")
        page.get_by_role("button", name="接着做").press("Enter")
        for _ in range(4):
            expect(page.get_by_role("group")).to_be_visible()
            fits(page)
            page.locator("input[name=chosen]").first.press("Space")
            page.get_by_role("button", name="提交").press("Enter")
            expect(page.get_by_role("link", name=re.compile("下一题|看结果"))).to_be_visible()
            fits(page)
            page.get_by_role("link", name=re.compile("下一题|看结果")).press("Enter")
            expect(page.get_by_role("link", name=re.compile("下一题|看结果"))).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_contain_text("5 题答对")
        fits(page)


def fits(page: Page) -> None:
    """Nothing is cut off or sideways, in letters twice as large either."""
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.url, size)


def test_a_place_is_found_after_a_tap_and_a_yes_and_the_form_does_without(browser, program):
    with a_phone(browser, program, "有位置的人") as hand:
        hand.says("网页", "/p/login/link/")
        page = opened(hand, "/p/login/link/")
        page.get_by_role("button", name="登录").click()
        page.goto(f"{program.web}/p/opinion")
        page.get_by_role("button", name="实名").click()
        offer = page.get_by_role("group", name="附位置")
        offer.get_by_role("button", name="附上我现在的位置").click()
        expect(offer.get_by_role("status")).to_contain_text("没有附位置")
        found = [faults(page)]
        expect(page.get_by_role("checkbox")).to_have_count(0)
        page.context.set_geolocation({"latitude": 31.2304, "longitude": 121.4737, "accuracy": 34.6})
        page.context.grant_permissions(["geolocation"])
        offer.get_by_role("button", name="附上我现在的位置").click()
        expect(page.get_by_role("checkbox", name="附上位置（误差约 35 米）")).to_be_checked()
        found.append(faults(page))
        page.get_by_label("您的姓名").fill("张三")
        page.get_by_label("安全隐患").check()
        page.get_by_label("想说的话").fill("这一段路灯坏了，晚上看不见")
        page.get_by_role("button", name="下一步：看一遍").click()
        expect(page.get_by_role("main")).to_contain_text("误差约 35 米）（31.23040, 121.47370）")
        found.append(faults(page))
        page.get_by_role("button", name="提交").click()
        expect(page.locator("code")).to_have_text(RECEIPT_CODE)

        assert [each for each in found if each] == []


def test_a_snapshot_is_told_apart_and_without_scripts_everything_works(browser, program):
    with a_phone(browser, program, "快照人") as hand:
        hand.says("帮助", "网页")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{program.web}/p/quiz")
    page.get_by_role("link", name="以快照人看快照").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请先使用完整服务")
    page.get_by_role("link", name="再试一次").click()
    page.get_by_role("link", name="以快照人打开").click()
    page.get_by_role("button", name="开始答题").click()
    page.locator("input[name=chosen]").first.check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("答对")
    context.close()


def test_an_answer_reaches_the_named_member_by_itself_and_the_anonymous_one_by_receipt(browser, program, admin):
    with (
        a_phone(browser, program, "实名人") as named,
        a_phone(browser, program, "匿名人") as nameless,
        the_console(browser, program) as console,
    ):
        named.says("意见", "匿名")
        named.says("2", "姓名")
        named.says("李石榴", "属于哪一类")
        named.says("4", "请说吧")
        named.says("楼道的灯坏了三天，晚上看不见路。", "已经记下")
        named.says("好了", "请看一遍")
        named.says("1", "回执码")
        nameless.says("意见", "匿名")
        nameless.says("1", "属于哪一类")
        nameless.says("2", "请说吧")
        nameless.says("学习材料能不能早两天发给大家看。", "已经记下")
        nameless.says("好了", "请看一遍")
        nameless.says("1", "回执码")
        receipt = nameless.receipt()
        nameless.says(f"查询 {receipt}", "等待办理")

        answers(console, "楼道的灯坏了三天", "已经报修，明天下午换好。", sender="李**（未核实）")
        expect(named.chat).to_contain_text("已经报修，明天下午换好。")
        answers(console, "学习材料能不能早两天", "从下周起提前两天发。", sender="匿名")
        nameless.says(f"查询 {receipt}", "从下周起提前两天发。")

        assert "已答复" in nameless.last.inner_text()
        expect(nameless.chat.locator(".said", has_text="提前两天发。")).to_have_count(1)


def door(console: Page, name: str) -> Locator:
    """A door of the navigation, behind whose name stands how much waits there."""
    return console.get_by_role("navigation", name="主导航").get_by_role("link", name=re.compile(f"^{name}"))


def answers(console: Page, words: str, reply: str, *, sender: str) -> None:
    """Open the opinion that begins with `words` from the list, and answer it."""
    door(console, "意见").click()
    opinion = console.get_by_role("link").filter(has_text=words)
    expect(opinion).to_contain_text(sender)
    opinion.click()
    console.get_by_label("答复").fill(reply)
    console.get_by_role("button", name="答复", exact=True).click()
    expect(console.get_by_role("heading", level=1)).to_contain_text("已答复")


def test_a_push_arrives_live_and_the_console_counts_it(browser, program, admin):
    with a_phone(browser, program, "推送人", "desktop") as hand, the_console(browser, program) as console:
        hand.says("订阅 6", "学习提醒")
        hand.press("立即推送学习提醒")
        expect(hand.page.get_by_role("status")).to_contain_text("已开始推送：quiz-reminder")
        expect(hand.last).to_contain_text("今天的五道题已经准备好了")
        door(console, "推送").click()

        row = console.get_by_role("row").filter(has_text="quiz-reminder:")
        reloads(console, lambda: "已结束" in row.inner_text())  # it is written down after it has arrived
        sent = console.get_by_role("columnheader", name="已发").evaluate("cell => cell.cellIndex")
        assert row.get_by_role("cell").nth(sent).inner_text() == "1"


def test_a_run_s_page_follows_by_itself_and_a_link_does_without_scripts(browser, program, admin, waiting):
    with the_console(browser, program) as console, the_console(browser, program) as other:
        for page in (console, other):
            page.goto(f"{program.web}/admin/broadcasts/{waiting}")
        expect(console.locator("#state")).to_have_text("待发")
        expect(console.get_by_role("link", name="刷新")).to_be_hidden()
        other.get_by_role("button", name="暂停").click()
        expect(other.get_by_role("main")).to_contain_text("到点以前由管理员暂停")

        expect(console.locator("#state")).to_have_text("已暂停")  # nobody touched this page
        expect(console.get_by_role("button", name="继续发")).to_be_visible()
        console.get_by_role("button", name="继续发").click()
        expect(console.locator("#state")).to_have_text("待发")
        cookies = console.context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{program.web}/admin/broadcasts/{waiting}")
    page.get_by_role("link", name="刷新").click()
    expect(page.get_by_role("button", name="暂停")).to_be_visible()
    context.close()


def reloads(page: Page, fact: Callable[[], object]) -> None:
    """Reload a page that doesn't follow by itself, until it shows what has happened behind it."""

    def looks() -> object:
        page.reload()
        return fact()

    assert within(LATE_SECONDS, looks)


def has_told(program: Program, nickname: str, event: str) -> bool:
    """Whether the program has answered to an event of this member: the phone shows what it does at once."""
    members = program.http.get(f"{program.sandbox}/sandbox/members", timeout=10).json()
    (openid,) = (each["openid"] for each in members if each["nickname"] == nickname)
    query = {"q": event, "openid": openid, "direction": "out"}
    wire = program.http.get(f"{program.sandbox}/sandbox/wire", params=query, timeout=10).json()
    return any(each["status"] == "ok" for each in wire)


def test_a_notice_that_was_agreed_to_arrives_as_a_card(browser, program):
    with a_phone(browser, program, "通知人", "desktop") as hand:
        hand.says("订阅 5", "党建要闻")
        agree = hand.page.get_by_role("button", name=re.compile("^同意")).first
        agree.click()
        expect(hand.page.get_by_role("complementary", name="更多操作")).to_contain_text("还可接收 1 条")
        assert within(LATE_SECONDS, lambda: has_told(program, "通知人", "subscribe_msg_popup_event"))
        hand.press("立即推送每日摘要")

        expect(hand.chat.locator(".card")).to_be_visible()
        expect(hand.page.get_by_role("complementary", name="更多操作")).to_contain_text("还可接收 0 条")


@pytest.mark.parametrize("size", SIZES)
def test_a_workbook_of_questions_is_looked_at_and_taken_in_and_undone(browser, program, admin, tmp_path, size):
    rows = [
        ("题干", "选项A", "选项B", "答案", "出处"),
        ("第一问（ ）", "甲", "乙", "A", "党章"),
        ("坏的", "甲", "乙", "C", "党章"),
    ]
    book = tmp_path / f"新题-{size}.xlsx"
    book.write_bytes(xlsx(rows))

    with the_console(browser, program, size) as console:
        door(console, "题库").click()
        assert faults(console) == []
        console.get_by_label("文件").set_input_files(book)
        console.get_by_label("新题库的主题").select_option("党章党规")
        console.get_by_role("button", name="看看结果").click()
        expect(console.get_by_role("heading", name="不能收的（1）")).to_be_visible()
        assert faults(console) == []
        console.get_by_label("先把好的收进来").check()
        console.get_by_role("button", name="写进题库").click()
        expect(console.get_by_role("status")).to_contain_text("新增 1 道")
        reloads(console, lambda: f"新题-{size}\n1 题" in console.get_by_role("main").inner_text())
        console.get_by_role("button", name="撤销").first.click()
        expect(console.get_by_role("status")).to_contain_text("恢复成导入以前的样子了")


def test_a_fault_in_the_pack_is_shown_until_it_is_mended(browser, program, admin):
    account = program.pack / "account.toml"
    good = account.read_text("utf-8")
    with the_console(browser, program) as console:
        door(console, "内容").click()
        expect(console.get_by_role("main")).to_contain_text("改动换上后两秒内生效")
        account.write_text(f"{good}\nsurprise = 1\n", "utf-8")
        try:
            shows(console, "新改的内容有 1 处要改")
            expect(console.get_by_role("alert")).to_contain_text("会员看到的还是上一版")
            assert "欢迎" in program.member().follows()
        finally:
            account.write_text(good, "utf-8")

        shows(console, "改动换上后两秒内生效")


def shows(console: Page, words: str) -> None:
    """Reload until every web worker says so."""
    main = console.get_by_role("main")
    expect(main).to_be_visible()
    latest = time.monotonic() + LATE_SECONDS
    in_a_row = 0
    while in_a_row < 5:
        assert time.monotonic() < latest, f"it never said: {words}"
        console.reload()
        in_a_row = in_a_row + 1 if words in main.inner_text() else 0
        console.wait_for_timeout(60)


@pytest.mark.parametrize("size", SIZES)
def test_every_page_can_be_read_by_everyone(browser, program, admin, waiting, size, tmp_path):
    talker = program.member("看页面的人")
    talker.follows()
    talker.says("意见")
    for words in ("2", "王海棠", "1", "活动室的开放时间能不能写在门口，这样来的人就知道什么时候能进。", "好了", "1"):
        talker.says(words)
    found: dict[str, list[str]] = {}

    def looks(page: Page, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        found[name] = faults(page)

    with a_page(browser, f"{program.web}/admin/", size) as page:
        looks(page, "signin")
    with a_page(browser, f"{program.web}/", size) as page:
        looks(page, "home")
    with a_page(browser, f"{program.web}/nothing", size, expected=[NOT_FOUND]) as page:
        looks(page, "missing")
    with a_page(browser, f"{program.web}/p/digest", size) as page:
        looks(page, "digests")
        page.goto(urljoin(page.url, page.locator(".digests a").first.get_attribute("href") or ""))
        looks(page, "digest")
    with the_console(browser, program, size) as console:
        looks(console, "overview")
        for name, title in {"sendings": "推送", "content": "内容", "opinions": "意见"}.items():
            door(console, title).click()
            looks(console, name)
            if name == "sendings":
                console.get_by_role("link", name="现在就发").first.click()
                looks(console, "send")
                console.goto(f"{program.web}/admin/broadcasts/{waiting}")
                looks(console, "run")
                console.goto(f"{program.web}/admin/broadcasts/{waiting}/correct")
                looks(console, "correct")
                console.goto(f"{program.web}/admin/")
        console.get_by_role("link").filter(has_text="活动室的开放时间").first.click()
        looks(console, "opinion")
    with a_phone(browser, program, "小同志", size) as hand:
        looks(hand.page, "chat")
        hand.says("帮助", "可以这样")
        hand.says("要闻", "1")
        looks(hand.page, "news")
        if size == "phone":
            hand.press("更多操作")
            looks(hand.page, "more")

    assert {name: faults for name, faults in found.items() if faults} == {}
