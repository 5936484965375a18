"""The opinion box in a phone's browser: step by step without scripts, and a receipt that anyone may ask about."""

import html
import io
import random
import re
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from handlers.guessing import Bounds
from handlers.opinion.engine import receipts
from handlers.session import PAGE_COOKIE, PAGES
from storage.letterbox import letterbox
from storage.opinion import named_opinions
from tests.end_to_end.running import at_once
from tests.handlers.opinion.attack import VOICE
from tests.handlers.opinion.test_api import everything_but, rows
from tests.handlers.opinion.test_jobs import a_photo
from tests.handlers.opinion.world import World
from tests.handlers.opinion.world import receipt as receipt_in_chat
from tests.reader import Reader
from tests.storage.test_voices import MP3_FRAME

pytestmark = pytest.mark.variant

PAGE, ASK = "/p/opinion", "/p/opinion/receipt"
WORDS = "宿舍热水晚上九点就停\n能不能晚一些"
HOSTILE = "\"'><script>alert(1)</script>"


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys, anonymous_a_day=2)


@pytest.fixture
def reader(world):
    world.member("o-noise").opens_pages()
    return world.member("o-sender").opens_pages()


def chooses(reader: Reader, way: str = "anonymous") -> TestResponse:
    reader.get(PAGE)
    return reader.post(PAGE, {"step": "way", "way": way})


def writes(reader: Reader, **fields: object) -> TestResponse:
    return reader.post(PAGE, {"step": "look", "category": "生活困难", "words": WORDS, **fields})


def sends(reader: Reader) -> TestResponse:
    return reader.post(PAGE, {"step": "send"})


def whole(reader: Reader, way: str = "anonymous", **fields: object) -> TestResponse:
    chooses(reader, way)
    writes(reader, **fields)
    return sends(reader)


def receipt(page: TestResponse) -> str:
    found = re.search(r"<code>([0-9A-Z-]{14})</code>", page.text)
    assert found, page.text
    return found[1]


def fault(page: TestResponse) -> str:
    found = re.findall(r'role="alert"[^>]*>([^<]+)<', page.text)
    return found[0] if found else ""


def kept(world: World, page: TestResponse):
    return world.opinions.get(world.opinions.id_of(receipts.read(receipt(page))))


# -- without a name --------------------------------------------------------------------------------------------------


def test_an_anonymous_opinion_is_in_the_letterbox_and_nothing_else_is_written(world, reader, redis):
    before, remembered = everything_but(world, letterbox), set(redis.scan_iter())
    with capture_logs() as logged:
        sent = whole(reader)

    opinion = kept(world, sent)
    assert (opinion.words, opinion.category, opinion.named, opinion.person) == (WORDS, "生活困难", False, "")
    assert everything_but(world, letterbox) == before
    assert world.inbox.take_notes(now=world.clock()) == []
    assert {key.split(b":")[1] for key in set(redis.scan_iter()) - remembered} == {b"pace", b"opinions"}
    assert logged == []


def test_until_it_is_sent_nothing_is_kept_at_all(world, reader):
    before = everything_but(world)
    chooses(reader)
    writes(reader)
    reader.post(PAGE, {"step": "edit"})
    writes(reader)

    assert everything_but(world) == before


@pytest.mark.parametrize("way", ["anonymous", "named"])
def test_the_address_tells_neither_way_nor_step_and_nobody_keeps_a_page(reader, way):
    answers = [reader.get(PAGE), chooses(reader, way), writes(reader, name="张三"), sends(reader)]

    assert {answer.request.path + answer.request.query_string.decode() for answer in answers} == {PAGE}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("way", ["anonymous", "named"])
def test_the_same_form_sent_again_is_one_opinion_with_one_receipt(world, reader, way):
    chooses(reader, way)
    writes(reader, name="张三")
    form = {**reader.hidden, "step": "send"}
    first, again = reader.post(PAGE, form), reader.post(PAGE, form)

    assert receipt(first) == receipt(again)
    assert len(world.kept(named=False) + world.kept(named=True)) == 1


@pytest.mark.on_servers
def test_a_form_sent_twice_at_once_is_one_opinion(world, reader):
    chooses(reader)
    writes(reader)
    form, other = reader.hidden, world.member("o-sender").opens_pages()
    other.get(PAGE)
    forms = [(each, {**form, "step": "send", "csrf_token": each.hidden["csrf_token"]}) for each in (reader, other)]
    pages = at_once([partial(each.client.post, PAGE, data=said) for each, said in forms])

    assert len({receipt(page) for page in pages}) == 1
    assert len(world.kept(named=False)) == 1


def test_going_back_to_mend_it_and_sending_both_is_two_opinions(world, reader):
    chooses(reader)
    writes(reader)
    form = {**reader.hidden, "step": "send"}
    reader.post(PAGE, {"step": "edit"})
    writes(reader, words="另外一件事：食堂太远")
    second = sends(reader)
    first = reader.post(PAGE, form)

    assert receipt(first) != receipt(second)
    assert len(world.kept(named=False)) == 2


def test_a_named_one_that_is_changed_after_it_was_sent_is_said_to_be_and_can_be_sent(world, reader):
    chooses(reader, "named")
    writes(reader, name="张三")
    form = {**reader.hidden, "step": "edit"}
    first = sends(reader)
    reader.post(PAGE, form)
    changed = {"name": "张三", "words": "另外一件事：食堂太远"}
    writes(reader, **changed)
    refused = sends(reader)
    writes(reader, **changed)
    second = sends(reader)

    assert refused.status_code == 409
    assert receipt(first) != receipt(second)
    assert len(world.kept(named=True)) == 2


def test_what_no_round_carried_says_so_and_is_sent_once_by_the_same_button(world, reader):
    chooses(reader)
    writes(reader)
    world.next_round = lambda: None
    unsure = sends(reader)
    world.next_round = world.postman.round
    sent = sends(reader)

    assert unsure.status_code == 503
    assert "请再提交一次" in fault(unsure)
    assert WORDS.split("\n", maxsplit=1)[0] in unsure.text
    assert kept(world, sent).words == WORDS
    assert len(world.kept(named=False)) == 1


def test_after_todays_anonymous_ones_the_way_is_closed_and_the_other_is_open(world, reader):
    for number in range(2):
        whole(reader, words=f"{WORDS}{number}")
    first, chosen = reader.get(PAGE), chooses(reader)

    assert "disabled" in first.text
    assert "今天的匿名意见已经提满了" in fault(chosen)
    assert receipt(whole(reader, "named", name="张三"))


def test_what_was_written_before_the_days_last_was_sent_is_not_lost(world, reader):
    whole(reader)
    chooses(reader)
    writes(reader, words="食堂的队排得太长")
    form = {**reader.hidden, "step": "send"}
    whole(reader, words="走廊的灯坏了")
    refused = reader.post(PAGE, form)

    assert refused.status_code == 429
    assert "今天的匿名意见已经提了 2 条" in fault(refused)
    assert "食堂的队排得太长" in refused.text


def test_no_picture_and_no_name_goes_with_it_whatever_a_form_says(world, reader):
    picture = world.pictures.take_in(a_photo(), day=world.clock().date())
    chooses(reader)
    page = writes(reader, name="张三", picture=picture, new_picture=(io.BytesIO(a_photo()), "a.png"))
    opinion = kept(world, sends(reader))

    assert "张三" not in page.text
    assert (opinion.name, opinion.pictures) == ("", ())
    assert 'type="file"' not in chooses(reader).text


# -- under a name ----------------------------------------------------------------------------------------------------


def test_a_named_opinion_hangs_on_its_sender(world, reader):
    opinion = kept(world, whole(reader, "named", name=" 张 三 "))

    assert (opinion.name, opinion.verified, opinion.named) == ("张三", False, True)
    assert opinion.person == world.member("o-sender").person


def test_whoever_is_bound_is_asked_for_no_name(world, reader):
    person = world.member("o-sender").person
    world.people.rename(person, name="王海棠", verified=True)
    page = chooses(reader, "named")
    look = writes(reader, name="别人")
    opinion = kept(world, sends(reader))

    assert 'name="name"' not in page.text
    assert "以“王海棠”的名义提" in page.text
    assert "实名：王海棠" in look.text
    assert (opinion.name, opinion.verified) == ("王海棠", True)


def test_pictures_go_with_it_and_can_be_taken_off_again(world, reader):
    chooses(reader, "named")
    files = [(io.BytesIO(a_photo(color)), f"{color}.png") for color in ("red", "blue")]
    look = writes(reader, name="张三", new_picture=files)
    again = reader.post(PAGE, {"step": "edit", "picture": ids(look)})
    kept_one = ids(again)[:1]
    writes(reader, name="张三", picture=kept_one)
    opinion = kept(world, sends(reader))

    assert "2 张" in look.text
    assert len(ids(look)) == len(ids(again)) == 2
    assert list(opinion.pictures) == kept_one
    assert world.pictures.get(kept_one[0]).startswith(b"\xff\xd8")


def ids(page: TestResponse) -> list[str]:
    return re.findall(r'name="picture" value="(\w+)"', page.text)


def test_what_is_no_picture_is_refused_and_the_words_stay(world, reader):
    chooses(reader, "named")
    page = writes(reader, name="张三", new_picture=(io.BytesIO(b"%PDF-"), "a.png"))

    assert (page.status_code, "不是能看的图片" in fault(page)) == (422, True)
    assert "能不能晚一些" in page.text
    assert 'value="张三"' in page.text


def test_voices_go_with_it_and_can_be_taken_off_again(world, reader):
    chooses(reader, "named")
    files = [(io.BytesIO(VOICE), "a.amr"), (io.BytesIO(MP3_FRAME * 2), "b.mp3")]
    look = writes(reader, name="张三", words="", new_voice=files)
    found = re.findall(r'name="voice" value="(\w+)"', look.text)
    reader.post(PAGE, {"step": "edit", "voice": found})
    writes(reader, name="张三", words="", voice=found[1:])
    opinion = kept(world, sends(reader))

    assert "<dt>语音</dt><dd>2 段</dd>" in look.text
    assert "（只有语音）" in look.text
    assert opinion.voices == (found[1],)
    assert world.pictures.get(found[1]) == MP3_FRAME * 2


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [(b"RIFF____WAVE", 422, "这不是收得下的语音"), (VOICE[:6] + bytes(3 << 20), 413, "有一段语音太大")],
)
def test_what_is_no_voice_is_refused_and_the_words_stay(world, reader, file, status, said):
    chooses(reader, "named")
    page = reader.client.post(PAGE, **a_form(reader, file, of="new_voice"))

    assert page.status_code == status
    assert said in page.text
    assert "能不能晚一些" in page.text
    assert not world.kept(named=True)


def test_no_voice_goes_with_a_form_that_has_no_name(world, reader):
    voice = world.pictures.take_in(VOICE, day=world.clock().date())
    form = chooses(reader)
    writes(reader, voice=voice, new_voice=[(io.BytesIO(VOICE), "a.amr")])
    opinion = kept(world, sends(reader))

    assert "new_voice" not in form.text
    assert (opinion.voices, opinion.place) == ((), "")


HERE, HERE_TOLD = "31.23040,121.47370,35", "浏览器定位（WGS-84 坐标，误差约 35 米）（31.23040, 121.47370）"


def test_a_place_that_the_browser_knew_goes_with_a_name_and_can_be_taken_off_again(world, reader):
    form = chooses(reader, "named")
    look = writes(reader, name="张三", place=HERE)
    edited = reader.post(PAGE, {"step": "edit"})
    kept_with = kept(world, sends_again(reader, place=HERE))
    chooses(reader, "named")
    writes(reader, name="张三", place=HERE)
    reader.post(PAGE, {"step": "edit"})
    kept_without = kept(world, sends_again(reader))

    assert 'id="place" hidden' in form.text
    assert f"<dd>{HERE_TOLD}</dd>" in look.text
    assert f'name="place" value="{HERE}" checked> 附上位置：{HERE_TOLD}' in edited.text
    assert (kept_with.place, kept_without.place) == (HERE_TOLD, "")


def sends_again(reader: Reader, **fields: object) -> TestResponse:
    """What is ticked in the form goes along, and nothing else."""
    writes(reader, name="张三", **fields)
    return sends(reader)


@pytest.mark.parametrize(
    "place", ["91.00000,121.00000,5", "31.2,121.4,5", "here", f"{HERE}\n", '"><b>', "1.00000,181.00000,5"]
)
def test_what_is_no_place_is_not_kept_and_loses_nothing_else(world, reader, place):
    chooses(reader, "named")
    writes(reader, name="张三", place=place)
    opinion = kept(world, sends(reader))

    assert (opinion.place, opinion.words) == ("", WORDS)


def test_no_place_goes_with_a_form_that_has_no_name(world, reader):
    form = chooses(reader)
    look = writes(reader, place=HERE)
    opinion = kept(world, sends(reader))

    assert "place" not in re.sub("placeholder", "", form.text)
    assert "121.47370" not in look.text
    assert (opinion.named, opinion.place) == (False, "")


def test_the_script_that_asks_for_a_place_comes_from_here_and_only_where_a_name_is_given(reader):
    anonymous, named = chooses(reader).text, chooses(reader, "named").text
    script = reader.get("/p/opinion/place.js")

    assert "<script" not in anonymous
    assert re.findall(r'<script[^>]* src="([^"]+)"', named) == ["/p/opinion/place.js"]
    assert (script.status_code, script.mimetype) == (200, "text/javascript")


def test_more_pictures_than_there_is_room_for_are_refused(world, reader):
    chooses(reader, "named")
    files = [(io.BytesIO(a_photo()), f"{number}.png") for number in range(11)]
    page = writes(reader, name="张三", new_picture=files)

    assert (page.status_code, fault(page)) == (422, "最多 9 张图片。")
    assert rows(world, named_opinions) == 0


def a_form(reader: Reader, *files: bytes, of: str = "new_picture", **fields: str) -> dict[str, object]:
    """A whole form, by hand: the test client leaves a large one's temporary file open."""
    given = {**reader.hidden, "step": "look", "name": "张三", "category": "生活困难", "words": WORDS, **fields}
    parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in given.items()]
    head = f'form-data; name="{of}"; filename="p"\r\n\r\n'.encode()
    parts += [head + file for file in files]
    body = b"".join(b"--edge\r\nContent-Disposition: " + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=edge"}


def a_large_photo() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (800, 800), random.Random(1).randbytes(3 * 800 * 800)).save(out, "PNG")
    return out.getvalue()


def test_pictures_may_be_larger_than_other_forms(world, reader):
    chooses(reader, "named")
    photo = a_large_photo()
    page = reader.client.post(PAGE, **a_form(reader, photo, photo))

    assert len(photo) > 1024 * 1024
    assert (page.status_code, len(ids(page))) == (200, 2)


def test_of_pictures_one_of_which_is_too_large_the_others_and_the_words_stay(world, reader):
    chooses(reader, "named")
    page = reader.client.post(PAGE, **a_form(reader, a_photo(), b"x" * (4 * 1024 * 1024 + 1)))

    assert (page.status_code, fault(page)) == (413, "有一张图片太大，没有收下：每张不能超过 4 MB。")
    assert (len(ids(page)), "能不能晚一些" in page.text) == (1, True)


def test_more_than_a_form_may_hold_is_not_read(world, reader):
    chooses(reader, "named")
    page = reader.client.post(PAGE, **a_form(reader, b"x" * (13 * 1024 * 1024)))

    assert page.status_code == 413
    assert WORDS[:5] not in page.text


# -- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": "短"}, "还太短"),
        ({"words": "长" * 1001}, "超过 1000 字"),
        ({"words": "长" * 9000}, "超过 1000 字"),
        ({"category": "没有的"}, "请从列出的几项里选一项"),
        ({"category": ""}, "请从列出的几项里选一项"),
        ({"name": "123"}, "不像姓名"),
        ({"name": ""}, "不像姓名"),
    ],
)
def test_what_is_not_taken_says_why_and_all_that_was_written_stays(world, reader, changed, said):
    chooses(reader, "named")
    fields = {"name": "张三", "words": WORDS, "category": "生活困难", **changed}
    page = writes(reader, **fields)
    again = {"step": "look", **fields}

    assert page.status_code == 422
    assert said in fault(page)
    assert 'aria-invalid="true"' in page.text
    assert fields["words"] in page.text
    assert f'value="{fields["name"]}"' in page.text
    assert reader.post(PAGE, {**again, "name": "张三", "words": WORDS, "category": "生活困难"}).status_code == 200
    assert rows(world, named_opinions) == 0


def test_words_with_a_receipt_in_them_are_not_taken(world, reader):
    code = receipt(whole(reader))
    chooses(reader)

    assert "里面有一个回执码" in fault(writes(reader, words=f"我上次的 {code} 怎么样了"))


def test_what_somebody_writes_is_never_markup(world, reader):
    chooses(reader, "named")
    pages = [
        writes(reader, words=f"{HOSTILE}说五个字", name=HOSTILE),
        writes(reader, words=f"{HOSTILE}说五个字", name="张三"),
    ]

    assert [page.status_code for page in pages] == [422, 200]
    assert not any("<script>" in page.text for page in pages)
    assert kept(world, sends(reader)).words == f"{HOSTILE}说五个字"


@pytest.mark.parametrize("fields", [{}, {"step": "send"}, {"step": "x", "way": "named"}, {"step": "send", "way": "x"}])
def test_a_form_that_fits_no_step_begins_anew(world, reader, fields):
    reader.get(PAGE)
    token = {"csrf_token": reader.hidden["csrf_token"]}
    page = reader.client.post(PAGE, data={**token, **fields})

    assert (page.status_code, "想怎么提" in page.text) == (200, True)
    assert world.kept(named=False) == []


def test_a_form_whose_token_has_had_its_time_is_given_back_with_all_that_was_written(world, reader):
    chooses(reader)
    page = writes(reader, csrf_token="that of another day")
    writes(reader)

    assert page.status_code == 400
    assert "写的都在下面：请再按一次" in fault(page)
    assert WORDS in page.text
    assert world.kept(named=False) == []
    assert kept(world, sends(reader)).words == WORDS


@pytest.mark.parametrize(("state", "waits"), [("received", True), ("in_hand", True), ("closed", False)])
def test_whoever_asks_is_told_the_promised_day_only_where_an_answer_may_still_come(world, reader, state, waits):
    code = receipt(whole(reader))
    world.opinions.change(world.opinions.id_of(receipts.read(code)), lambda now: replace(now, state=state))
    reader.get(ASK)
    page = reader.post(ASK, {"receipt": code})

    assert page.status_code == 200
    assert ("2126年12月13日</time>以前" in page.text) is waits
    assert "现在晚了" not in page.text


def test_what_is_late_is_said_to_be_late(world, reader):
    page = whole(reader)
    reader.get(ASK)
    world.clock.passes(days=21)
    asked = reader.post(ASK, {"receipt": receipt(page)})

    assert '最迟<time datetime="2126-12-13">2126年12月13日</time>答复（那时的放假安排还没公布' in page.text
    assert "2126年12月13日</time>以前，现在晚了，还在办" in asked.text


def test_what_was_sent_before_there_were_promises_is_answered_some_day(world, reader):
    code = receipt(whole(reader))
    world.opinions.change(world.opinions.id_of(receipts.read(code)), lambda now: replace(now, due=None))
    reader.get(ASK)

    assert "过几天再来看看" in reader.post(ASK, {"receipt": code}).text


def test_another_sites_form_sends_nothing(world, reader):
    form = {"way": "anonymous", "category": "生活困难", "words": WORDS, "step": "send"}

    assert reader.forges(PAGE, form).status_code == 400
    assert reader.forges(ASK, {"receipt": "4F7K-2MXP-90TC"}).status_code == 400
    assert world.kept(named=False) == []


def test_a_stranger_is_sent_to_sign_in_and_nothing_is_read(world):
    answer = Reader(world.site).forges(PAGE, {"way": "anonymous", "words": WORDS, "step": "send"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/login?to=/p/opinion")
    assert world.kept(named=False) == []


# -- the receipt -----------------------------------------------------------------------------------------------------


def asks(world: World, code: str) -> TestResponse:
    anyone = Reader(world.site)
    anyone.get(ASK)
    return anyone.post(ASK, {"receipt": code})


def test_whoever_holds_a_receipt_reads_what_became_of_it_without_signing_in(world, reader):
    code = receipt(whole(reader))
    before = asks(world, code.lower().replace("-", " "))
    answer = "已经报修\n明天就好 <b>"
    opinion = world.opinions.get(world.opinions.id_of(receipts.read(code)))
    changed = {"state": "answered", "reply": answer, "answered_on": world.clock().date()}
    world.opinions.change(opinion.id, lambda now: replace(now, **changed))
    after = asks(world, code)

    assert "已收到，等待办理" in before.text
    assert "已经报修<br>明天就好 &lt;b&gt;" in after.text
    assert WORDS.split("\n", maxsplit=1)[0] not in before.text + after.text
    assert {before.headers["Cache-Control"], after.headers["Cache-Control"]} == {"no-store"}
    assert code not in before.request.url + after.request.url


def test_a_receipt_from_the_chat_is_good_here(world):
    said = world.member().says("意见", "1", "4", "宿舍热水晚上九点就停", "好了", "1")
    assert "已收到" in asks(world, receipt_in_chat(said)).text


@pytest.mark.on_servers
@pytest.mark.parametrize(
    ("code", "status", "said"),
    [("4F7K-2MXP-90TD", 422, "好像有一位不对"), ("", 422, "好像有一位不对"), ("长" * 500, 422, "好像有一位不对")],
)
def test_a_receipt_with_a_slip_says_so_and_stays_to_be_mended(world, code, status, said):
    page = asks(world, code)

    assert (page.status_code, said in fault(page)) == (status, True)
    assert f'value="{code[:64]}"' in page.text


def test_a_receipt_that_was_never_given_leads_nowhere(world):
    page = asks(world, receipts.drawn(lambda below: 3 % below))

    assert (page.status_code, "没有找到这个回执码" in fault(page)) == (404, True)


def test_guesses_are_few_a_minute(world):
    codes = [asks(world, "4F7K-2MXP-90TD").status_code for _ in range(Bounds().most + 1)]
    world.clock.passes(seconds=60)

    assert codes == [422] * Bounds().most + [429]
    assert asks(world, "4F7K-2MXP-90TD").status_code == 422


# -- written for too long ----------------------------------------------------------------------------------------------

OURS = {"Origin": "http://localhost"}


def after_the_session(world, reader, **headers: str) -> TestResponse:
    """Words that were handed in when nobody was signed in any more."""
    chooses(reader)
    world.clock.passes(days=8)
    out: TestResponse = reader.post(PAGE, {"step": "look", "category": "生活困难", "words": WORDS}, headers=headers)
    return out


def test_what_was_written_until_the_session_was_over_is_sent_after_the_sign_in(world, reader):
    out = after_the_session(world, reader, **OURS)
    token = world.member("o-sender").opens_pages().client.get_cookie(PAGE_COOKIE, path=PAGES).value
    reader.client.set_cookie(PAGE_COOKIE, token, path=PAGES)
    looked = reader.post(PAGE)

    assert (out.status_code, fault(out)) == (401, "登录过期了，刚才的还没有交。您写的还在这一页，别处没有留下。")
    assert WORDS in html.unescape(out.text)
    assert out.headers["Cache-Control"] == "no-store"
    assert "请看一遍" in looked.text
    assert kept(world, sends(reader)).words == WORDS


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {**OURS, "Sec-Fetch-Site": "cross-site"}])
def test_what_another_site_made_up_is_not_shown_as_ones_own(world, reader, headers):
    out = after_the_session(world, reader, **headers)

    assert (out.status_code, WORDS in html.unescape(out.text)) == (303, False)


def test_of_what_is_too_large_to_be_shown_again_the_sign_in_is_all(world, reader):
    chooses(reader)
    world.clock.passes(days=8)
    large = reader.post(PAGE, {"step": "look", "words": "字" * 600_000}, headers=OURS)

    assert large.status_code == 303
