"""The real client against a platform that makes trouble."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes import Shelf
from tests.wechat.strict import Call, Platform, Say, serving
from wechat.api.account import Quota
from wechat.api.customer_service import Choice
from wechat.api.people import User
from wechat.client import TencentWeChat
from wechat.errors import AlreadyDone, BadRequest, Misconfigured, RecipientGone, Retryable, StaleToken, Unsure
from wechat.messages import Music, News, Notice, Video
from wechat.settings import AccountSettings
from wechat.tokens import Fetched, Tokens, stable_token

OPENID = "oABCD1234567890abcdefGHIJKLM"
SECRET = "s3cret-of-the-account"
ACCOUNT = {"kind": "service", "appid": "wx01", "secret": SECRET, "token": "AAAAA", "mode": "plain"}
JPG = b"\xff\xd8\xff\xe0" + bytes(5000)


def a_client(
    address: str, *, kind: str = "service", timeouts: tuple[float, float] = (1, 0.4), **more: str
) -> TencentWeChat:
    account = AccountSettings.model_validate(ACCOUNT | {"kind": kind, "api_base": address, **more})
    tokens = Tokens(stable_token(account, timeouts=timeouts), Shelf(), lambda: datetime.now(UTC))
    return TencentWeChat(account, tokens, timeouts=timeouts)


@pytest.fixture
def platform():
    with serving() as platform:
        yield platform


@pytest.fixture
def wechat(platform):
    return a_client(platform.address)


def the_call(platform: Platform) -> Call:
    assert len(platform.calls) == 1
    return platform.calls[0]


def a_notice(**more: str) -> Notice:
    return Notice(openid=OPENID, template_id="t-1", data={"thing1": "好"}, **more)


# -- what is sent

KF = "/cgi-bin/message/custom/send"
DATA = {"thing1": {"value": "好"}}
MINI = {"miniprogram_appid": "wx02", "miniprogram_path": "pages/a"}
CARD = News("题", "述", "https://a.example/", "https://a.example/p.jpg")


@pytest.mark.parametrize(
    ("act", "path", "body"),
    [
        (lambda w: w.send_text(OPENID, "好"), KF, {"msgtype": "text", "text": {"content": "好"}}),
        (lambda w: w.send_image(OPENID, "m"), KF, {"msgtype": "image", "image": {"media_id": "m"}}),
        (lambda w: w.send_voice(OPENID, "m"), KF, {"msgtype": "voice", "voice": {"media_id": "m"}}),
        (
            lambda w: w.send_video(OPENID, Video("m", "题", "述")),
            KF,
            {"msgtype": "video", "video": {"media_id": "m", "title": "题", "description": "述"}},
        ),
        (
            lambda w: w.send_music(OPENID, Music("题", "述", "u", "h", "t")),
            KF,
            {
                "msgtype": "music",
                "music": {
                    "title": "题",
                    "description": "述",
                    "musicurl": "u",
                    "hqmusicurl": "h",
                    "thumb_media_id": "t",
                },
            },
        ),
        (
            lambda w: w.send_news(OPENID, CARD),
            KF,
            {
                "msgtype": "news",
                "news": {
                    "articles": [
                        {
                            "title": "题",
                            "description": "述",
                            "url": "https://a.example/",
                            "picurl": "https://a.example/p.jpg",
                        }
                    ]
                },
            },
        ),
        (
            lambda w: w.send_article(OPENID, "a"),
            KF,
            {"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "a"}},
        ),
        (
            lambda w: w.send_choices(OPENID, "头", [Choice("1", "甲")], "尾"),
            KF,
            {
                "msgtype": "msgmenu",
                "msgmenu": {"head_content": "头", "list": [{"id": "1", "content": "甲"}], "tail_content": "尾"},
            },
        ),
        (
            lambda w: w.send_page(OPENID, "题", appid="wx02", path="pages/a", thumb_media_id="t"),
            KF,
            {
                "msgtype": "miniprogrampage",
                "miniprogrampage": {"title": "题", "appid": "wx02", "pagepath": "pages/a", "thumb_media_id": "t"},
            },
        ),
        (lambda w: w.typing(OPENID), "/cgi-bin/message/custom/typing", {"command": "Typing"}),
        (lambda w: w.typing(OPENID, on=False), "/cgi-bin/message/custom/typing", {"command": "CancelTyping"}),
        (
            lambda w: w.send_notice(a_notice(page="https://a.example/")),
            "/cgi-bin/message/subscribe/bizsend",
            {"template_id": "t-1", "page": "https://a.example/", "data": DATA},
        ),
        (
            lambda w: w.send_notice(a_notice(**MINI)),
            "/cgi-bin/message/subscribe/bizsend",
            {"template_id": "t-1", "miniprogram": {"appid": "wx02", "pagepath": "pages/a"}, "data": DATA},
        ),
        (
            lambda w: w.send_template(a_notice(page="https://a.example/"), client_msg_id="k-1"),
            "/cgi-bin/message/template/send",
            {"template_id": "t-1", "url": "https://a.example/", "data": DATA, "client_msg_id": "k-1"},
        ),
    ],
)
def test_each_message_has_its_body(platform, wechat, act, path, body):
    act(wechat)
    call = the_call(platform)

    assert (call.method, call.path, call.json) == ("POST", path, {"touser": OPENID, **body})


def test_a_mini_programs_notice_goes_its_own_way_and_gives_an_id(platform):
    platform.script.append(Say.fields(errcode=0, errmsg="ok", msgid=294402298110051942))

    assert a_client(platform.address, kind="miniprogram").send_notice(a_notice()) == "294402298110051942"
    call = the_call(platform)

    assert call.path == "/cgi-bin/message/subscribe/send"
    assert (call.json["miniprogram_state"], call.json["lang"]) == ("formal", "zh_CN")


def test_a_mini_programs_notice_opens_the_version_and_language_of_its_account(platform):
    platform.script.append(Say.fields(errcode=0, errmsg="ok", msgid=1))
    a_client(platform.address, kind="miniprogram", miniprogram_state="trial", lang="zh_HK").send_notice(a_notice())
    call = the_call(platform)

    assert (call.json["miniprogram_state"], call.json["lang"]) == ("trial", "zh_HK")


def test_words_are_sent_as_they_are_and_not_as_escapes(platform, wechat):
    wechat.send_text(OPENID, "党建 👍\ud800"[:-1])
    call = the_call(platform)

    assert "党建 👍".encode() in call.body
    assert b"\\u" not in call.body
    assert call.headers["content-type"] == "application/json; charset=utf-8"
    assert call.query == {"access_token": "token-1"}


def test_a_menu_is_sent_without_escapes_too(platform, wechat):
    wechat.create_menu({"button": [{"type": "click", "name": "答题", "key": "quiz"}]})

    assert "答题".encode() in the_call(platform).body


def test_what_breaks_a_rule_is_never_sent(platform, wechat):
    acts: tuple[Callable[[], object], ...] = (
        lambda: wechat.send_text(OPENID, ""),
        lambda: wechat.send_news(OPENID, News("", "", "")),
        lambda: wechat.send_choices(OPENID, "长" * 700, []),
        lambda: wechat.send_notice(Notice(openid=OPENID, template_id="t", data={"thing1": "长" * 21})),
        lambda: wechat.send_template(a_notice(), client_msg_id="k" * 33),
        lambda: wechat.create_menu({}),
        lambda: wechat.create_tag("长" * 11),
        lambda: wechat.rename_tag(100, ""),
        lambda: wechat.upload("image", b"<svg/>"),
    )
    for act in acts:
        with pytest.raises(BadRequest):
            act()

    assert (platform.calls, platform.fetches) == ([], [])


@pytest.mark.parametrize(
    ("act", "path"),
    [
        (lambda sdk: sdk.customservice.get_session(OPENID), "/customservice/kfsession/getsession"),
        (lambda sdk: sdk.wxa.release(), "/wxa/release"),
        (lambda sdk: sdk.get("https://elsewhere.example/cgi-bin/x"), "/cgi-bin/x"),
    ],
    ids=["whole address", "a base of its own", "another host"],
)
def test_every_address_of_the_sdk_is_asked_of_our_platform(platform, wechat, act, path):
    act(wechat._sdk)

    assert the_call(platform).path == path


# -- what comes back

BODY_LOST = [
    (Say(b"<html>502</html>", 502, "text/html"), "HTTP 502"),
    (Say(b"<html>hello</html>", 200, "text/html"), "the answer can't be read"),
    (Say(b"[1, 2]"), "the answer can't be read"),
    (Say(b'{"errcode": "soon"}'), "the answer can't be read"),
    (Say(b"\xff\xfe"), "the answer can't be read"),
    (Say(hang_up=True), "the connection broke"),
    (Say(after_seconds=0.6), "no answer in time"),
]
LOST_IDS = ["gateway", "html", "list", "odd code", "bytes", "hung up", "late"]


@pytest.mark.parametrize(("said", "words"), BODY_LOST, ids=LOST_IDS)
def test_a_send_whose_answer_is_lost_is_unsure_and_not_repeated(platform, wechat, said, words):
    platform.script.append(said)

    with pytest.raises(Unsure, match=words):
        wechat.send_text(OPENID, "好")
    assert len(platform.calls) == 1


@pytest.mark.parametrize(("said", "words"), BODY_LOST, ids=LOST_IDS)
@pytest.mark.parametrize(
    "act",
    [
        lambda w: w.send_template(a_notice(), client_msg_id="k-1"),
        lambda w: w.create_menu({"button": [{"type": "click", "name": "答题", "key": "quiz"}]}),
        lambda w: w.user(OPENID),
    ],
    ids=["a key against doubles", "safe to repeat", "only asked"],
)
def test_a_call_that_may_be_repeated_is_retryable_when_its_answer_is_lost(platform, wechat, said, words, act):
    platform.script.append(said)

    with pytest.raises(Retryable, match=words):
        act(wechat)
    assert len(platform.calls) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda w: w.user(OPENID),
        lambda w: list(w.users([OPENID])),
        lambda w: list(w.followers()),
        lambda w: w.tags(),
        lambda w: w.create_tag("一支部"),
        lambda w: w.tags_of(OPENID),
        lambda w: w.menu(),
        lambda w: w.quota("/cgi-bin/menu/get"),
        lambda w: w.notice_templates(),
        lambda w: w.callback_addresses(),
        lambda w: w.upload("image", JPG),
    ],
)
def test_an_answer_of_another_shape_is_a_lost_one(platform, wechat, ask):
    platform.script.append(Say.fields(data=7, tags=[7], menu=7, user_info_list=[7], quota=7))

    with pytest.raises(Retryable, match="can't be read"):
        ask(wechat)


@pytest.mark.parametrize("number", [int, str])
def test_what_is_left_of_a_call_is_a_number_however_it_is_written(platform, wechat, number):
    left = {"daily_limit": number(100_000), "used": number(100_000), "remain": number(0)}
    platform.script.append(Say.fields(quota=left, rate_limit={"call_count": number(600), "refresh_second": None}))

    assert wechat.quota("/cgi-bin/menu/get") == Quota(100_000, 100_000, 0, 600, 0)


@pytest.mark.parametrize("status", [301, 302, 404, 413, 429])
def test_what_is_turned_away_at_the_door_was_not_sent(platform, wechat, status):
    platform.script.append(Say(b"", status, headers={"Location": f"{platform.address}/elsewhere"}))

    with pytest.raises(Retryable, match=f"HTTP {status}"):
        wechat.send_text(OPENID, "好")
    assert len(platform.calls) == 1


def test_a_platform_that_is_away_was_told_nothing():
    away = AccountSettings.model_validate(ACCOUNT | {"api_base": "http://127.0.0.1:1"})
    tokens = Tokens(lambda _: Fetched("token-1", timedelta(hours=2)), Shelf(), lambda: datetime.now(UTC))

    with pytest.raises(Retryable, match="can't be reached"):
        TencentWeChat(away, tokens).send_text(OPENID, "好")


@pytest.mark.quiet
def test_a_hung_platform_costs_no_more_than_the_limit(platform, wechat):
    platform.script.append(Say(after_seconds=3))
    began = time.monotonic()

    with pytest.raises(Unsure):
        wechat.send_text(OPENID, "好")
    assert time.monotonic() - began < 1.5


@pytest.mark.quiet
def test_a_hung_token_desk_costs_no_more_than_the_limit(platform, wechat):
    platform.fetch_script.append(Say(after_seconds=3))
    began = time.monotonic()

    with pytest.raises(Retryable):
        wechat.send_text(OPENID, "好")
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("code", "kind"),
    [(45047, RecipientGone), (48001, Misconfigured), (-1, Retryable), (47003, BadRequest), (45009, None)],
)
def test_a_refusal_is_ours_with_the_platforms_number_of_it(platform, wechat, code, kind):
    platform.script.append(Say.code(code, f"words about {OPENID} and token-1 rid: 66a1-b2-c3"))

    with pytest.raises(Exception, match="words about") as caught:
        wechat.send_text(OPENID, "好")

    fault = caught.value
    assert kind is None or type(fault) is kind
    assert vars(fault)["rid"] == "66a1-b2-c3"
    shown = "".join(traceback.format_exception(fault)) + repr(fault)
    for hidden in (OPENID, "token-1", SECRET):
        assert hidden not in shown


@pytest.mark.parametrize("said", [said for said, _ in BODY_LOST] + [Say.code(40003)], ids=[*LOST_IDS, "refused"])
def test_no_error_drags_the_librarys_own_along(platform, wechat, said):
    platform.script.append(said)

    with pytest.raises(Exception, match=r"\w") as caught:
        wechat.send_text(OPENID, "好")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_an_openid_of_any_length_is_not_shown(platform, wechat):
    platform.script.append(Say.code(40003, "no such user ann_7"))

    with pytest.raises(RecipientGone, match="no such user") as caught:
        wechat.send_text("ann_7", "好")
    assert "ann_7" not in repr(caught.value)


def test_a_wrong_secret_is_not_shown(platform, wechat):
    platform.fetch_script.append(Say.code(40125, f"invalid appsecret {SECRET}"))

    with pytest.raises(Misconfigured) as caught:
        wechat.send_text(OPENID, "好")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_log_shows_a_token_a_secret_an_openid_or_a_word(platform, wechat, caplog):
    caplog.set_level(logging.DEBUG)
    platform.script.extend([Say(), Say.fields(tagid_list=[])])
    wechat.send_text(OPENID, "心里话")
    platform.rotate()
    wechat.tags_of(OPENID)
    platform.script.append(Say(hang_up=True))
    with pytest.raises(Unsure):
        wechat.send_text(OPENID, "心里话")

    for hidden in ("token-", SECRET, OPENID, "心里话"):
        assert hidden not in caplog.text


# -- tokens


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_stale_token_is_replaced_and_the_call_made_once_more(platform, wechat, code):
    platform.script.extend([Say.code(code, "invalid credential"), Say()])
    wechat.send_text(OPENID, "好")

    assert len(platform.calls) == 2
    assert platform.fetches == [False, False]


def test_a_call_is_made_twice_at_most(platform, wechat):
    platform.refuses_everything = True

    with pytest.raises(StaleToken):
        wechat.send_text(OPENID, "好")
    assert len(platform.calls) == 2


def test_a_missing_right_never_asks_for_another_token(platform, wechat):
    platform.script.append(Say.code(48001, "api unauthorized"))

    with pytest.raises(Misconfigured):
        wechat.send_text(OPENID, "好")
    assert (len(platform.calls), platform.fetches) == (1, [False])


def test_a_file_is_sent_whole_again_after_a_stale_token(platform, wechat):
    platform.script.extend([Say.code(42001), Say.fields(type="image", media_id="m-1", created_at=1)])

    assert wechat.upload("image", JPG) == "m-1"
    assert [JPG in call.body for call in platform.calls] == [True, True]
    assert b'filename="media.jpg"' in platform.calls[1].body


def test_eight_threads_from_cold_share_one_client_and_one_token(platform, wechat):
    threads = [threading.Thread(target=wechat.send_text, args=(OPENID, "好")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(platform.calls), platform.fetches) == (8, [False])


def test_calls_of_one_client_go_over_one_connection(platform, wechat):
    wechat.send_text(OPENID, "好")
    before = platform.connections
    for _ in range(5):
        wechat.send_text(OPENID, "好")

    assert platform.connections == before


def test_a_cookie_is_not_kept(platform, wechat):
    platform.script.append(Say(headers={"Set-Cookie": "who=ann"}))
    wechat.send_text(OPENID, "好")
    wechat.send_text(OPENID, "好")

    assert "cookie" not in platform.calls[1].headers


# -- what is asked


def a_page(*openids: str, then: str = "") -> Say:
    data = {"data": {"openid": openids}} if openids else {}
    return Say.fields(total=5, count=len(openids), next_openid=then, **data)


def test_followers_are_walked_through_page_by_page_as_they_are_wanted(platform, wechat):
    platform.script.extend([a_page("a", "b", then="b"), a_page("c", "d", then="d"), a_page(then="")])
    walk = wechat.followers()
    first = [next(walk), next(walk)]
    asked_so_far = len(platform.calls)

    assert (first, asked_so_far) == (["a", "b"], 1)
    assert list(walk) == ["c", "d"]
    assert [call.query.get("next_openid") for call in platform.calls] == [None, "b", "d"]


@pytest.mark.parametrize(
    "last",
    [a_page("e"), a_page(), a_page("e", then="d"), Say.fields(total=0, count=0)],
    ids=["no next", "empty", "the same next", "nothing at all"],
)
def test_the_walk_through_the_followers_always_ends(platform, wechat, last):
    platform.script.extend([a_page("d", then="d"), last])

    assert "d" in list(wechat.followers(after="c"))
    assert [call.query["next_openid"] for call in platform.calls] == ["c", "d"]


def test_a_walk_that_broke_off_goes_on_where_it_was(platform, wechat):
    platform.script.extend([a_page("a", "b", then="b"), Say.code(-1, "system error")])
    walk = wechat.followers()
    seen = [next(walk), next(walk)]
    with pytest.raises(Retryable):
        next(walk)
    platform.script.append(a_page("c"))

    assert seen + list(wechat.followers(after=seen[-1])) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("fields", "scene"),
    [({"qr_scene": 98765, "qr_scene_str": ""}, "98765"), ({"qr_scene": 0, "qr_scene_str": "hall"}, "hall"), ({}, "")],
)
def test_a_person_is_read_with_what_the_platform_still_tells(platform, wechat, fields, scene):
    told = {"subscribe": 1, "openid": OPENID, "subscribe_time": 1763870400, "tagid_list": [100, 2], "remark": "甲"}
    platform.script.append(Say.fields(**told, unionid="u-1", subscribe_scene="ADD_SCENE_QR_CODE", **fields))
    known = wechat.user(OPENID)

    assert known == User(
        openid=OPENID,
        follows=True,
        followed_at=datetime(2025, 11, 23, 4, tzinfo=UTC),
        unionid="u-1",
        remark="甲",
        tags=(100, 2),
        came_by="ADD_SCENE_QR_CODE",
        scene=scene,
    )
    assert OPENID not in repr(known)


def test_a_file_comes_as_it_is(platform, wechat):
    platform.script.append(Say(JPG, content_type="image/jpeg"))
    found = wechat.download("m-1")

    assert (found.content, found.content_type) == (JPG, "image/jpeg")


@pytest.mark.parametrize(
    "said",
    [Say.code(40007, "invalid media_id"), Say(b'{"errcode":40007}', content_type="text/plain")],
    ids=["json", "plain"],
)
def test_a_file_that_is_gone_is_no_file(platform, wechat, said):
    platform.script.append(said)

    with pytest.raises(BadRequest) as caught:
        wechat.download("m-1")
    assert caught.value.errcode == 40007


def test_a_video_is_not_taken_for_a_file(platform, wechat):
    platform.script.append(Say.fields(video_url="http://127.0.0.1:1/v"))

    with pytest.raises(BadRequest) as caught:
        wechat.download("m-1")
    assert caught.value.field == "media_id"


def test_a_file_behind_a_broken_gateway_is_no_file_either(platform, wechat):
    platform.script.append(Say(b"<html>502</html>", 502, "text/html"))

    with pytest.raises(Retryable):
        wechat.download("m-1")


def test_a_thumb_has_an_id_by_another_name(platform, wechat):
    platform.script.append(Say.fields(type="thumb", thumb_media_id="t-1", created_at=1))

    assert wechat.upload("thumb", JPG) == "t-1"


def test_what_was_done_before_is_told_with_its_first_id(platform, wechat):
    platform.script.append(Say.code(45065, "clientmsgid exist", msgid=77))

    with pytest.raises(AlreadyDone) as caught:
        wechat.send_template(a_notice(), client_msg_id="k-1")
    assert caught.value.original == "77"


@pytest.mark.parametrize("code", [45072, 45080, 45081])
def test_typing_that_is_not_needed_is_no_error(platform, wechat, code):
    platform.script.append(Say.code(code))
    wechat.typing(OPENID)

    assert len(platform.calls) == 1
