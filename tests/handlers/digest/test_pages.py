"""The digests in a phone's browser."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.content.builders import a_digest, write
from tests.handlers.digest.conftest import bind

# Every text against the nearest background behind it, by WCAG 2.1's formula; gives the worst ratio and its words.
pytestmark = pytest.mark.alike

WORST_CONTRAST = """() => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number)
    const channel = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4
    const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b)
    const behind = e => {
        for (; e; e = e.parentElement) {
            const colour = numbers(getComputedStyle(e).backgroundColor)
            if (colour[3] !== 0) return colour
        }
        return [255, 255, 255]
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    let worst = [99, '']
    while (walker.nextNode()) {
        const words = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement
        if (!words) continue
        const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))]
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
        if (ratio < worst[0]) worst = [ratio, words]
    }
    return worst
}"""


OURS = re.compile(r'<script defer src="/p/share.js" data-sdk="https://res.wx.qq.com/[\w/.-]+"></script>')


def without_ours(html: str) -> str:
    """A page without the one script that we put into it (tests/handlers/test_sharing.py)."""
    return OURS.sub("", html)


def titles(html: str) -> list[str]:
    return re.findall(r"<h2><a[^>]*>(.*?)</a></h2>", html)


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_list_has_what_is_out_and_public_the_newest_first(town):
    page = town.client.get("/p/digest")

    assert page.status_code == 200
    assert titles(page.text)[:3] == ["示例今日要闻", "示例规定", "示例要闻之11"]
    assert not {"示例明日要闻", "示例过期要闻", "示例内部政策"} & set(titles(page.text))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=policy", ["示例规定", "示例长文"]),
        ("kind=policy&topic=dangzhang", ["示例规定"]),
        ("topic=dangzhang&q=比例", ["示例规定"]),
        ("q=原文 第三句", ["示例规定"]),
        ("q=　示例　长文　", ["示例长文"]),
        ("kind=news&q=比例", []),
        ("q=内部", []),
        ("q=%3Cscript%3E", []),
    ],
)
def test_the_list_is_narrowed_by_kind_topic_and_words_together(town, query, expected):
    assert titles(town.client.get(f"/p/digest?{query}").text) == expected


def test_pages_are_turned_without_losing_what_was_asked_for(town, paper):
    for number in range(45):
        write(paper / "digests" / f"more{number:02}.md", a_digest("找得到", title=f"第{number}", topics="[dangzhang]"))
    town.house.shelf.look()
    town.house.shelf.look()

    first = town.client.get("/p/digest?kind=news&topic=dangzhang&q=找得到").text
    seen, address = titles(first), next_page(first)
    while address:
        page = town.client.get(address).text
        seen += titles(page)
        address = next_page(page)

    assert sorted(seen) == sorted(f"第{number}" for number in range(45))
    assert "第 1 页，共 3 页" in first
    assert "共 45 篇" in first


def next_page(html: str) -> str:
    found = re.search(r'rel="next" href="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=999999999999", "page=x", "q=%00", "q=" + "长" * 999, "k=v"]
)
def test_an_odd_address_is_still_a_page(town, query):
    assert town.client.get(f"/p/digest?{query}").status_code == 200


@pytest.mark.parametrize("query", ["kind=x", "topic=x", "kind=news&topic='"])
def test_a_kind_or_topic_that_is_not_there_has_no_page(town, query):
    assert town.client.get(f"/p/digest?{query}").status_code == 404


def test_only_topics_with_something_public_to_read_are_offered(town, paper):
    for file in paper.glob("digests/past-*.md"):
        file.unlink()
    (paper / "digests" / "rule.md").unlink()
    town.house.shelf.look()
    town.house.shelf.look()

    page = town.client.get("/p/digest").text

    assert "topic=yaowen" in page
    assert "topic=dangzhang" not in page


# -- one digest ------------------------------------------------------------------------------------------------------


def test_a_digest_says_what_it_is_where_it_is_from_and_of_which_day(town):
    page = town.client.get("/p/digest/rule").text

    assert "<h1>示例规定</h1>" in page
    assert '<a href="https://example.org/rule" rel="noopener noreferrer">示例来源</a>' in page
    assert "<dt>文号</dt><dd>示例〔2026〕1号</dd>" in page
    assert '<time datetime="2026-11-18">2026年11月18日</time>' in page
    assert '<time datetime="2026-11-20">2026年11月20日</time>' in page


def test_official_words_and_our_own_stand_apart_and_are_named(town):
    page = town.client.get("/p/digest/rule").text
    sections = re.findall(r'<section class="(\w+)"[^>]*>(.*?)</section>', page, re.DOTALL)

    assert [voice for voice, _ in sections] == ["report", "official", "report", "own", "official"]
    for voice, html in sections:
        assert ('<p class="voice">原文</p>' in html, "本号编写" in html) == (voice == "official", voice == "own")
        assert ("<blockquote>" in html) == (voice == "official")
    assert page.count("解读</h2>") == 1


def test_a_source_without_an_address_is_still_named(town):
    assert "<dd>示例来源</dd>" in town.client.get("/p/digest/today").text


@pytest.mark.parametrize("slug", ["tomorrow", "over", "within", "nothing", "../rule", "..%2frule", "长" * 300])
def test_what_is_not_public_now_has_no_page(town, slug):
    page = town.client.get(f"/p/digest/{slug}")

    assert page.status_code == 404
    assert "示例内部政策" not in page.text


def test_a_missing_page_says_so_in_chinese_and_leads_back(town):
    page = town.client.get("/p/digest/nothing").text

    assert "没有这一页" in page
    assert 'href="/p/digest"' in page


def test_a_page_comes_and_goes_with_its_days(town, paper):
    write(paper / "digests" / "brief.md", a_digest(publish_at="2026-11-23 13:00", expire_at="2026-11-23 14:00"))
    town.house.shelf.look()
    town.house.shelf.look()
    seen = []
    for _ in range(4):
        seen.append(town.client.get("/p/digest/brief").status_code)
        town.clock.forward(hours=1)

    assert seen == [404, 200, 404, 404]


def test_a_bound_member_needs_the_chat_for_what_is_not_public(town):
    town.phone().says("帮助")
    bind(town, "zhibu")

    assert town.client.get("/p/digest/within").status_code == 404


# -- how it travels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/p/digest", "/p/digest/rule"])
def test_what_has_not_changed_is_not_sent_again(town, path):
    first = town.client.get(path)
    again = town.client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert "no-cache" in first.headers["Cache-Control"]


def test_what_has_changed_is_sent_again(town, paper):
    first = town.client.get("/p/digest/today")
    write(paper / "digests" / "today.md", a_digest("另一篇正文。", title="示例今日要闻"))
    town.house.shelf.look()
    town.house.shelf.look()

    again = town.client.get("/p/digest/today", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 200
    assert "另一篇正文" in again.text


def test_nobodys_words_become_markup(town, paper):
    hostile = "<script>alert(1)</script>\"'>"
    write(
        paper / "digests" / "bad.md", a_digest(hostile, title="'<b>粗</b>'", summary="'<img src=x>'", source_name="<i>")
    )
    town.house.shelf.look()
    town.house.shelf.look()

    for path in ("/p/digest", "/p/digest/bad", f"/p/digest?q={hostile}"):
        page = without_ours(town.client.get(path).text)
        assert not re.search(r"<(script|img|i|b)\b", page), path
        assert 'value=""' not in page.replace('name="q" value=""', ""), path


def test_nothing_on_a_page_runs_or_comes_from_elsewhere(town):
    for path in ("/p/digest", "/p/digest/rule", "/p/digest/nothing"):
        page = town.client.get(path)
        own = without_ours(page.text)
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert not re.search(r"<script|\son\w+=|style=|src=", own), path


# -- looked at in a browser ------------------------------------------------------------------------------------------


class _Quiet(WSGIRequestHandler):
    def log(self, type, message, *args) -> None:  # noqa: A002 - the name is werkzeug's
        pass


@pytest.fixture
def address(town) -> Iterator[str]:
    """The town's pages on a port of their own."""
    server = make_server("127.0.0.1", 0, town.client.application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_pages_are_readable_on_a_phone_and_on_a_desk(address, browser, paper, town):
    wide = "| 一列 | 二列 |\n|---|---|\n| " + "很长的格子" * 20 + " | https://example.org/" + "x" * 200 + " |\n"
    write(paper / "digests" / "today.md", a_digest(f"> 原文\n\n{wide}\n## 解读\n\n{'x' * 300}", title="长" * 60))
    town.house.shelf.look()
    town.house.shelf.look()

    for width in (390, 1280):
        page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=True)
        for path in ("", "?q=比例", "?q=没有", "/rule", "/today", "/nothing"):
            page.goto(f"{address}/p/digest{path}")
            ratio, words = page.evaluate(WORST_CONTRAST)

            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, path)
            assert ratio >= 4.5, (width, path, words, ratio)
            assert 16 <= page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") <= 18
        page.close()


@pytest.mark.browser
def test_a_reader_searches_and_opens_without_scripts(address, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page.goto(f"{address}/p/digest")
    page.get_by_role("link", name="政策", exact=True).click()
    page.get_by_label("按词查找").fill("比例")
    page.get_by_role("button", name="搜索").click()
    page.get_by_role("link", name="示例规定").click()

    expect(page).to_have_url(f"{address}/p/digest/rule")
    expect(page.get_by_role("heading", level=1)).to_have_text("示例规定")
    page.close()
