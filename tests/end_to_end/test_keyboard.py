"""The console by the keyboard alone: what is wanted is reached, seen and pressed, in the order of the page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import a_page
from tests.end_to_end.running import Program

pytestmark = [pytest.mark.alike, pytest.mark.browser]

ADMIN, PASSWORD = "键盘员", "correct horse battery staple"
WORDS = "三楼的扶手松了，上下楼要小心。"
MOST_PRESSES = 120
# What has the focus: what it is called, how it shows that, whether it is on the screen once the page has scrolled (as
# soon as the machine lets it), and whether it comes after what had it before.
LOOK = """async () => {
  const at = document.activeElement, style = getComputedStyle(at), before = window.focusedBefore;
  const isOnScreen = () => {
    const box = at.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
  };
  const until = performance.now() + 5000;
  while (!isOnScreen() && performance.now() < until) await new Promise(requestAnimationFrame);
  window.focusedBefore = at;
  return {
    name: (at.ariaLabel || at.labels?.[0]?.innerText || at.innerText || at.value || "").trim(),
    isBody: at === document.body,
    isSeen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none",
    isOnScreen: isOnScreen(),
    isInOrder: !before?.isConnected || before === at
      || Boolean(before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING),
  };
}"""


@pytest.fixture(scope="module")
def admin(program: Program) -> None:
    made = program.zhibu("admin", "create", ADMIN, "--password-stdin", said=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr


class Keys:
    """A keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, name: str) -> None:
        """Go on by Tab until what is called so has the focus; whatever has it on the way shows that."""
        passed: list[str] = []
        for _ in range(MOST_PRESSES):
            self.press("Tab")
            found = self.page.evaluate(LOOK)
            if found["isBody"]:
                continue  # the browser's own, between the end of the page and its beginning
            assert found["isSeen"], f"the focus isn't seen: {found['name']}"
            assert found["isOnScreen"], f"what has the focus isn't on the screen: {found['name']}"
            assert found["isInOrder"], f"out of order: {found['name']}, after {passed[-1:]}"
            passed.append(found["name"])
            if re.match(name, found["name"]):
                return
        raise AssertionError(f"no way to {name}: {passed}")

    def into(self, name: str, key: str = "Enter") -> None:
        """Go to something and press it: another page comes."""
        self.to(name)
        with self.page.expect_navigation():
            self.press(key)


def the_words_have_come(program: Program) -> None:
    member = program.member("说话的人")
    member.follows()
    for said in ("意见", "1", "2", WORDS, "好了", "1"):
        member.says(said)


def test_an_admin_signs_in_answers_filters_and_signs_out_by_the_keyboard_alone(browser, program, admin):
    the_words_have_come(program)
    refused = (
        "Failed to load resource: the server responded with a status of 401 (Unauthorized)"  # Chromium's complaint
    )
    with a_page(browser, f"{program.web}/admin/", "desktop", expected=[refused]) as page:
        keys, heading = Keys(page), page.get_by_role("heading", level=1)
        expect(page.get_by_label("姓名")).to_be_focused()
        page.keyboard.type(ADMIN)
        keys.to("密码")
        page.keyboard.type("not the password")
        with page.expect_navigation():
            keys.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("姓名或密码不对")
        expect(page.get_by_label("密码")).to_be_focused()  # the name is there already
        page.keyboard.type(PASSWORD)
        with page.expect_navigation():
            keys.press("Enter")
        expect(heading).to_have_text("总览")

        keys.to("跳到正文")
        keys.press("Enter")
        keys.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")

        page.reload()
        keys.into("意见")
        expect(heading).to_have_text("意见")
        keys.to("期限")
        keys.press("ArrowDown")
        expect(page.get_by_label("期限")).to_have_value("waiting")
        keys.into("筛选", "Space")
        expect(page.get_by_label("期限")).to_have_value("waiting")
        keys.to("跳到正文")
        keys.press("Enter")
        keys.into(f"(?s).*{WORDS[:8]}")
        expect(page.get_by_role("main")).to_contain_text(WORDS)

        keys.to("答复")
        page.keyboard.type("明天上午就修。")
        keys.into("答复$", "Space")
        expect(heading).to_contain_text("已答复")
        expect(page.get_by_role("status")).to_be_visible()
        keys.to("跳到正文")  # a page that comes begins at its beginning
        keys.into("退出登录", "Space")
        expect(heading).to_have_text("支部管理台")
        expect(page.get_by_label("姓名")).to_be_focused()


def test_a_form_on_a_phone_is_reached_by_the_keyboard_too(browser, program, admin):
    with a_page(browser, f"{program.web}/admin/", "phone") as page:
        keys = Keys(page)
        expect(page.get_by_label("姓名")).to_be_focused()
        page.keyboard.type(ADMIN)
        keys.to("密码")
        page.keyboard.type(PASSWORD)
        with page.expect_navigation():
            keys.press("Enter")
        keys.into("党员$")
        keys.to("跳到正文")
        keys.press("Enter")
        keys.into("从表格导入")
        keys.to("跳到正文")
        keys.press("Enter")
        keys.to("名册文件")
        keys.to("看看结果")
