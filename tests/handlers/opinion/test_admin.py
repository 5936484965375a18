"""Opinions as admins see and answer them."""

import html
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from storage.checks import WORDS
from storage.phone import Phone
from tests.handlers.opinion.attack import VOICE
from tests.handlers.opinion.world import World, receipt
from tests.storage.test_voices import MP3_FRAME
from wechat.messages import Kind, Location


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


@pytest.fixture
def browser(world):
    return world.console()


def sent(world: World, words: str = "宿舍热水晚上九点就停", *, way: tuple[str, ...] = ("1",)) -> str:
    return receipt(world.member().says("意见", *way, "4", words, "好了", "1"))


def links(page: str) -> list[str]:
    return re.findall(r'href="(/admin/opinion/[\w-]{40,})"', page)


def looks(browser, link: str, page: str = ""):
    """Press 核过了 on the page as it is, or as it was."""
    seen = re.findall(r'name="seen" value="([^"]+)"', page or browser.get(link).text)
    return browser.post(f"{link}/review", data={"seen": seen}, follow_redirects=True)


def the_page(browser) -> str:
    (link,) = links(browser.get("/admin/opinion/").text)
    return link


def test_the_list_shows_who_said_what_and_how_far_it_is(world, browser):
    sent(world, "走廊的灯坏了 <b>三天</b>", way=("2", "张三"))
    sent(world)
    page = browser.get("/admin/opinion/").text

    assert "走廊的灯坏了 &lt;b&gt;三天&lt;/b&gt;" in page
    assert "张**（未核实）" in page
    assert "张三" not in page
    assert "匿名" in page
    assert page.count("已收到") == 3  # the filter and two rows


def test_the_list_is_filtered_by_the_state_in_the_address(world, browser):
    sent(world)
    browser.post(f"{the_page(browser)}/state", data={"state": "in_hand"})

    assert links(browser.get("/admin/opinion/?state=received").text) == []
    assert len(links(browser.get("/admin/opinion/?state=in_hand").text)) == 1


def test_what_is_overdue_is_marked_and_can_be_filtered_by_the_address(world, browser):
    sent(world)
    world.clock.passes(days=7)
    sent(world, "走廊的灯坏了三天", way=("2", "张三"))
    before = browser.get("/admin/opinion/?due=overdue").text
    world.clock.passes(days=16)
    late, everything = browser.get("/admin/opinion/?due=overdue").text, browser.get("/admin/opinion/").text
    browser.post(f"{links(late)[0]}/answer", data={"reply": "改到十一点停。"})

    assert links(before) == []
    assert (len(links(late)), len(links(everything))) == (1, 2)
    assert "宿舍热水" in late
    assert "超期 1 个工作日" in late
    assert "还有 4 个工作日" in everything
    assert links(browser.get("/admin/opinion/?due=overdue").text) == []


def test_older_days_are_on_the_next_page(world, browser):
    for _ in range(16):
        sent(world)
        world.clock.passes(days=1)
    first = browser.get("/admin/opinion/").text
    (older,) = [html.unescape(link) for link in re.findall(r'href="([^"]*before=[^"]*)"', first)]

    assert len(links(first)) == 14
    assert len(links(browser.get(older).text)) == 2
    assert "更早的" not in browser.get(older).text


def test_the_address_of_an_opinion_is_another_one_each_time(world, browser):
    sent(world)
    first, second = the_page(browser), the_page(browser)

    assert first != second
    assert browser.get(first).text.count("宿舍热水晚上九点就停") == 1
    assert browser.get(second).status_code == 200


@pytest.mark.parametrize("name", ["x", "A" * 70, "..", "é", "=" * 8])
def test_a_made_up_address_is_not_found(world, browser, name):
    assert browser.get(f"/admin/opinion/{name}").status_code in {404, 308}


def test_an_anonymous_sender_reads_the_answer_with_the_code(world, browser):
    code = sent(world)
    answered = browser.post(f"{the_page(browser)}/answer", data={"reply": "改到十一点停。"})

    assert answered.status_code == 303
    assert "改到十一点停。" in world.member("oMember-2").says(f"查询 {code}")
    assert world.told == []


def test_a_named_sender_is_told_at_once_and_again_when_the_answer_is_mended(world, browser):
    sent(world, way=("2", "张三"))
    browser.post(f"{the_page(browser)}/answer", data={"reply": "改到十点停。"})
    browser.post(f"{the_page(browser)}/answer", data={"reply": "改到十点停。"})
    browser.post(f"{the_page(browser)}/answer", data={"reply": "改到十一点停。"})

    assert [line for _, line, _ in world.told] == [
        "您11月23日提的“生活困难”有答复了：\n改到十点停。\n回复“查询”加回执码，可以说说解决了没有。",
        "您11月23日提的“生活困难”有答复了：\n改到十一点停。\n回复“查询”加回执码，可以说说解决了没有。",
    ]
    assert len({key for _, _, key in world.told}) == 2


@pytest.mark.parametrize("reply", ["", "  ", "字" * 501], ids=["empty", "blank", "long"])
def test_an_answer_without_words_or_too_long_is_not_kept(world, browser, reply):
    code = sent(world)
    answered = browser.post(f"{the_page(browser)}/answer", data={"reply": reply})

    assert answered.status_code == 422
    assert "答复没有保存：请写 1 到 500 个字。" in answered.text
    assert "已收到" in world.member().says(f"查询 {code}")


def test_only_a_state_that_may_follow_is_taken(world, browser):
    sent(world)
    browser.post(f"{the_page(browser)}/close", data={"reason": "已经转给后勤处。"})
    refused = [browser.post(f"{the_page(browser)}/state", data={"state": each}) for each in ("received", "nonsense")]
    asked = browser.post(f"{the_page(browser)}/ask", data={"question": "哪一栋？"})

    assert [each.status_code for each in (*refused, asked)] == [422] * 3
    assert "这条意见现在是“已办结”" in asked.text
    assert "改为“办理中”" in asked.text


@pytest.mark.parametrize("state", ["answered", "partly", "asked", "closed", "reopened"])
def test_no_state_that_comes_with_words_is_had_without_them(world, browser, state):
    sent(world)

    assert browser.post(f"{the_page(browser)}/state", data={"state": state}).status_code == 422
    assert len(links(browser.get("/admin/opinion/?state=received").text)) == 1


def test_a_closed_opinion_shows_its_answer_and_no_form_for_another(world, browser):
    sent(world)
    browser.post(f"{the_page(browser)}/answer", data={"reply": "改到十一点停。"})
    browser.post(f"{the_page(browser)}/close", data={"reason": "已经改了。"})
    page = browser.get(the_page(browser)).text

    assert "改到十一点停。" in page
    assert 'name="reply"' not in page
    assert browser.post(f"{the_page(browser)}/answer", data={"reply": "再说"}).status_code == 422


def test_a_picture_is_shown_and_nothing_else_can_be_had_in_its_place(world, browser):
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(photo, "PNG")
    world.platform.pictures["media-1"] = photo.getvalue()
    member = world.member()
    member.says("意见", "1", "4", "宿舍热水晚上九点就停")
    member.shows("media-1")
    member.says("好了", "1")
    waiting = browser.get(the_page(browser)).text
    world.clock.passes(days=1)
    world.runs("opinion.pictures")
    page = the_page(browser)
    (source,) = re.findall(r'src="([^"]+)"', browser.get(page).text)
    shown = browser.get(source)

    assert "还有 1 个图片或语音留在微信，过了当天才去取。" in waiting
    assert (shown.mimetype, shown.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert Image.open(io.BytesIO(shown.data)).size == (40, 30)
    assert browser.get(f"{page}/pictures/1").status_code == 404


@pytest.mark.parametrize(
    ("voice", "mime", "suffix", "plays"),
    [(VOICE, "audio/amr", "amr", False), (MP3_FRAME * 3, "audio/mpeg", "mp3", True)],
)
def test_a_voice_is_heard_as_a_file_of_sound_and_the_place_is_read(world, browser, voice, mime, suffix, plays):
    world.platform.pictures["media-1"] = voice
    member = world.member()
    member.says("意见", "2", "张三", "4")
    member.sends(Kind.VOICE, media_id="media-1")
    member.sends(Kind.LOCATION, detail=Location(latitude=31.2, longitude=121.4, label="<b>楼下"))
    member.says("好了", "1")
    world.runs("opinion.pictures")
    page = the_page(browser)
    shown, listed = browser.get(page).text, browser.get("/admin/opinion/").text
    (source,) = re.findall(r'href="([^"]+/voices/0)"', shown)
    heard = browser.get(source)

    assert (heard.mimetype, heard.data) == (mime, voice)
    assert heard.headers["X-Content-Type-Options"] == "nosniff"
    assert heard.headers["Content-Disposition"] == f"attachment; filename=voice-1.{suffix}"
    assert browser.get(source, headers={"Range": "bytes=0-3"}).data == voice[:4]
    assert ("<audio" in shown) == plays
    assert "位置：&lt;b&gt;楼下（31.20000, 121.40000）" in shown
    assert "（只有语音）" in shown
    assert "（只有语音）" in listed
    assert "语音 1 段" in listed
    assert browser.get(f"{page}/voices/1").status_code == 404


def test_the_forms_carry_a_token(world, browser):
    sent(world)
    page = browser.get(the_page(browser)).text

    assert page.count("<form") == page.count('name="csrf_token"') == 7


@pytest.mark.parametrize(
    ("review", "why", "in_list"),
    [
        ("risky", "微信提示这段话有风险", False),
        ("review", "微信拿不准", True),
        ("watched", "有词表里的词", True),
        ("unchecked", "没能请微信核对", True),
    ],
)
def test_words_to_be_looked_at_are_marked_and_a_person_takes_the_mark_off(world, browser, review, why, in_list):
    code = sent(world, "走廊的灯坏了三天", way=("2", "张三"))
    world.opinions.change(world.opinions.id_of(code.replace("-", "")), lambda now: replace(now, review=review))
    listed = browser.get("/admin/opinion/").text
    link = the_page(browser)
    page = browser.get(link).text
    after = looks(browser, link).text

    assert ">待核</span>" in listed
    assert ("走廊的灯" in listed) is in_list
    assert why in page
    assert "走廊的灯" in page
    assert "走廊的灯" in after
    assert why not in after
    assert ">待核</span>" not in browser.get("/admin/opinion/").text


def test_who_agreed_to_be_called_back_can_be_and_an_anonymous_sender_cannot(world, browser):
    sent(world, "走廊的灯坏了三天", way=("2", "张三"))
    sent(world)
    (named,) = [each for each in world.opinions.of_days([world.clock().date()]) if each.named]
    world.phones |= {named.person: Phone("13800138000", world.clock().date()), "": Phone("1", world.clock().date())}
    pages = [browser.get(link).text for link in links(browser.get("/admin/opinion/").text)]

    assert sorted("同意回电" in page for page in pages) == [False, True]
    assert any("138****8000" in page for page in pages)
    assert not any("13800138000" in page for page in pages)


def test_a_number_is_shown_for_a_reason_and_that_stays_in_the_trail(world, browser):
    sent(world, "走廊的灯坏了三天", way=("2", "张三"))
    (named,) = world.kept(named=True)
    world.phones[named.person] = Phone("13800138000", world.clock().date())
    link = the_page(browser)
    without = browser.post(f"{link}/number", data={"why": " "})
    before = world.audit.head()[0]
    shown = browser.post(f"{link}/number", data={"why": "回电话约时间修灯"})
    (entry,) = world.audit.entries(most=1)

    assert (without.status_code, "13800138000" in without.text) == (422, False)
    assert 'href="tel:13800138000"' in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert (entry.sequence, entry.act, entry.kind, entry.reason) == (before + 1, "reveal", "phone", "回电话约时间修灯")


def with_pictures(world: World, *, doubted: dict[int, str]) -> None:
    """A named opinion with two pictures, some of them doubted."""
    mini = world.member().signs_in()
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(photo, "PNG")
    ids = [mini.sends_picture(photo.getvalue()).body["id"] for _ in range(2)]
    said = {"way": "named", "category": "生活困难", "words": "走廊的灯坏了三天", "name": "张三", "pictures": ids}
    code = mini.post("/opinion", said).body["receipt"]
    marks = tuple((ids[at], why) for at, why in doubted.items())
    world.opinions.change(world.opinions.id_of(code.replace("-", "")), lambda now: replace(now, doubted=marks))


@pytest.mark.parametrize(
    ("review", "why", "folded"),
    [
        ("risky", "微信提示第 2 张图片有风险", 1),
        ("review", "微信拿不准第 2 张图片", 0),
        ("unchecked", "没能请微信核对第 2 张图片", 0),
    ],
)
def test_a_picture_to_be_looked_at_is_named_and_a_risky_one_is_opened_by_hand(world, browser, review, why, folded):
    with_pictures(world, doubted={1: review})
    listed = browser.get("/admin/opinion/").text
    link = the_page(browser)
    page = browser.get(link).text
    after = looks(browser, link).text

    assert ">待核</span>" in listed
    assert "走廊的灯" in listed
    assert why in page
    assert "第 1 张图片" not in page
    assert page.partition('name="reply"')[0].count("<details") == folded
    assert page.count("<img") == after.count("<img") == 2
    assert why not in after
    assert ">待核</span>" not in browser.get("/admin/opinion/").text


@pytest.mark.parametrize(
    ("before", "since"), [({0: "review"}, {0: "review", 1: "risky"}), ({0: "unchecked"}, {0: "risky"})]
)
def test_what_was_found_since_the_page_was_opened_is_not_taken_off_unseen(world, browser, before, since):
    with_pictures(world, doubted=before)
    (opinion,) = world.kept(named=True)
    link = the_page(browser)
    page = browser.get(link).text
    marks = tuple((opinion.pictures[at], why) for at, why in since.items())
    world.opinions.change(opinion.id, lambda now: replace(now, doubted=marks, review="risky"))
    pressed = looks(browser, link, page)
    (after,) = world.kept(named=True)

    assert pressed.status_code == 409
    assert "微信又说了别的" in pressed.text
    assert (after.review, dict(after.doubted)[opinion.pictures[max(since)]]) == ("risky", "risky")
    assert looks(browser, link).status_code == 200
    assert world.kept(named=True)[0].doubted == ()


def test_what_the_platform_still_looks_at_is_said_until_a_person_has(world, browser):
    with_pictures(world, doubted={})
    (opinion,) = world.kept(named=True)
    until = world.clock() + timedelta(hours=2)
    with world.db.begin() as connection:
        world.checks.due(opinion.id, [WORDS, *opinion.pictures], account="official", until=until)(connection)
    listed, link = browser.get("/admin/opinion/").text, the_page(browser)
    world.opinions.change(opinion.id, lambda now: replace(now, doubted=((opinion.pictures[0], "unchecked"),)))
    page = browser.get(link).text
    after = looks(browser, link).text

    assert "核对中" in listed
    assert "正在请微信核对这段话和 2 张图片，有疑问会标在这里。" in page
    assert "正在请微信" not in after
    assert "核对中" not in browser.get("/admin/opinion/").text
