"""Customer-service messages, typed from wechat-platform.md §3.1."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, a_text, an_account


def quiet(stage: Stage) -> str:
    """A follower whose first minute is over, so that only what follows opens a window."""
    openid = stage.a_follower()
    stage.clock.goes_on(minutes=2)
    return openid


def tries(stage: Stage, openid: str, times: int) -> list[int]:
    return [stage.says_to(openid) for _ in range(times)]


@pytest.mark.parametrize(
    ("action", "more", "messages", "seconds"),
    [
        ("say", {"text": "你好"}, 5, 48 * 3600),
        ("location", {"latitude": 39.9, "longitude": 116.4}, 5, 48 * 3600),
        ("tap", {"key": "quiz"}, 3, 60),
        ("scan", {"scene": "org_1"}, 3, 60),
    ],
)
def test_an_action_allows_so_many_messages_for_so_long(
    stage: Stage, action: str, more: dict[str, Any], messages: int, seconds: int
) -> None:
    openid = quiet(stage)
    stage.phone(action, openid=openid, **more)
    stage.clock.goes_on(seconds=seconds - 1)
    stage.signs_in()
    within = tries(stage, openid, messages + 1)
    stage.clock.goes_on(seconds=1)

    assert within == [0] * messages + [45047]
    assert stage.says_to(openid) == 45015


def test_following_allows_three_messages_for_a_minute(stage: Stage) -> None:
    openid = stage.a_follower()

    assert tries(stage, openid, 4) == [0, 0, 0, 45047]


def test_opening_a_link_of_the_menu_allows_nothing(stage: Stage) -> None:
    openid = quiet(stage)
    stage.phone("tap", openid=openid, url="https://example.org/")

    assert stage.says_to(openid) == 45015


def test_a_scan_button_of_the_menu_counts_as_a_click(stage: Stage) -> None:
    openid = quiet(stage)
    stage.post("/cgi-bin/menu/create", {"button": [{"type": "scancode_waitmsg", "name": "扫码", "key": "scan"}]})
    stage.phone("tap", openid=openid, key="scan", scanned="https://example.org/")

    assert tries(stage, openid, 4) == [0, 0, 0, 45047]


def test_an_item_of_a_menu_message_counts_as_a_click(stage: Stage) -> None:
    openid = quiet(stage)
    stage.phone("say", openid=openid, text="满意", menu_id="1")

    assert tries(stage, openid, 4) == [0, 0, 0, 45047]


def test_an_allowance_is_reset_and_does_not_add_up(stage: Stage) -> None:
    openid = quiet(stage)
    stage.phone("say", openid=openid, text="一")
    stage.phone("say", openid=openid, text="二")
    first = tries(stage, openid, 6)
    stage.phone("say", openid=openid, text="三")

    assert first == [0] * 5 + [45047]
    assert tries(stage, openid, 6) == [0] * 5 + [45047]


def test_the_member_sees_what_was_sent_in_its_order(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.says_to(openid, "第一条")
    stage.says_to(openid, "第二条")

    assert stage.texts(openid)[-2:] == ["第一条", "第二条"]


def test_who_left_and_who_never_was_cannot_be_written_to(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("say", openid=openid, text="再见")
    stage.phone("unfollow", openid=openid)

    assert stage.says_to(openid) == 45015
    assert stage.says_to("o-nobody") == 40003


def test_who_left_and_came_back_brings_no_old_window_along(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("say", openid=openid, text="再见")
    stage.phone("unfollow", openid=openid)
    stage.phone("follow", openid=openid)

    assert tries(stage, openid, 4) == [0, 0, 0, 45047]


def test_who_switched_messages_off_is_not_written_to(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("receive", openid=openid, on=False)

    assert stage.says_to(openid) == 48002


ARTICLE = {"title": "要闻", "description": "摘要", "url": "https://example.org/", "picurl": ""}
MENU = {"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}], "tail_content": "谢谢"}


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("news", {"articles": [ARTICLE]}, "要闻\n摘要"),
        ("msgmenu", MENU, "满意吗\n满意\n谢谢"),
        ("music", {"title": "国歌", "musicurl": "https://example.org/a.mp3"}, "国歌"),
    ],
)
def test_other_kinds_of_message_are_seen_too(stage: Stage, kind: str, body: dict[str, Any], text: str) -> None:
    openid = stage.a_follower()
    sent = stage.code("/cgi-bin/message/custom/send", {"touser": openid, "msgtype": kind, kind: body})

    assert sent == 0
    assert stage.texts(openid)[-1] == text


@pytest.mark.parametrize("kind", ["image", "voice", "video"])
def test_media_are_sent_by_id_while_they_live(stage: Stage, kind: str) -> None:
    openid, media_id = stage.a_follower(), uploaded(stage, kind)["media_id"]
    stage.phone("say", openid=openid, text="图")
    body = {"touser": openid, "msgtype": kind, kind: {"media_id": media_id}}
    sent = stage.code("/cgi-bin/message/custom/send", body)
    stage.clock.goes_on(hours=71, minutes=59)
    stage.signs_in()
    stage.phone("say", openid=openid, text="图")
    just = stage.code("/cgi-bin/message/custom/send", body)
    stage.clock.goes_on(minutes=1)

    assert (sent, just) == (0, 0)
    assert stage.code("/cgi-bin/message/custom/send", body) == 40007


def test_a_page_of_a_mini_program_needs_its_picture(stage: Stage) -> None:
    openid = stage.a_follower()
    page = {"title": "学习", "appid": "wx2", "pagepath": "pages/index", "thumb_media_id": uploaded(stage)["media_id"]}
    body = {"touser": openid, "msgtype": "miniprogrampage", "miniprogrampage": page}
    bare = {**body, "miniprogrampage": {**page, "thumb_media_id": "none"}}

    assert stage.code("/cgi-bin/message/custom/send", body) == 0
    assert stage.code("/cgi-bin/message/custom/send", bare) == 40007


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text", {"content": ""}, 44004),
        ("text", {"content": "汉" * 683}, 45002),
        ("news", {"articles": [ARTICLE, ARTICLE]}, 45008),
        ("image", {"media_id": "none"}, 40007),
        ("msgmenu", {"list": []}, 47003),
        ("poem", {}, 40008),
    ],
)
def test_a_message_that_is_wrong_takes_nothing_from_the_window(
    stage: Stage, kind: str, body: dict[str, Any], code: int
) -> None:
    openid = stage.a_follower()
    refused = stage.code("/cgi-bin/message/custom/send", {"touser": openid, "msgtype": kind, kind: body})

    assert refused == code
    assert tries(stage, openid, 4) == [0, 0, 0, 45047]


def test_typing_shows_until_the_message_comes_and_needs_a_contact_of_thirty_seconds(stage: Stage) -> None:
    openid = quiet(stage)
    late = typing(stage, openid)
    stage.phone("say", openid=openid, text="在吗")
    codes = [typing(stage, openid), typing(stage, openid), typing(stage, openid, "Dance")]
    shown = is_typing(stage, openid)
    stage.says_to(openid)

    assert late == 45080
    assert codes == [0, 45081, 45072]
    assert (shown, is_typing(stage, openid)) == (True, False)


def typing(stage: Stage, openid: str, command: str = "Typing") -> int:
    return stage.code("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})


def is_typing(stage: Stage, openid: str) -> bool:
    return bool(stage.http.get("/sandbox/chat", query_string={"openid": openid}).get_json()["typing"])


def uploaded(stage: Stage, kind: str = "image", content: bytes = b"\xff\xd8 a picture") -> Any:
    return stage.upload("/cgi-bin/media/upload", content, type=kind)


def test_media_come_back_as_they_went(stage: Stage) -> None:
    media_id = uploaded(stage)["media_id"]
    query = {"access_token": stage.token, "media_id": media_id}
    back = stage.http.get("/cgi-bin/media/get", query_string=query)

    assert (back.get_data(), back.mimetype) == (b"\xff\xd8 a picture", "image/jpeg")
    assert stage.get("/cgi-bin/media/get", media_id="none")["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [("thumb", 64 * 1024 + 1, 40012), ("voice", 2 * 1024 * 1024 + 1, 40010), ("poem", 1, 40004), ("image", 0, 41005)],
)
def test_media_that_are_too_large_or_of_no_kind_are_refused(stage: Stage, kind: str, size: int, code: int) -> None:
    assert uploaded(stage, kind, b"x" * size)["errcode"] == code


def test_a_mini_programs_member_may_be_written_to_twice_after_entering(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()
        openid = stage.a_member()
        stage.phone("enter", openid=openid)
        codes = tries(stage, openid, 3)
        news = stage.code("/cgi-bin/message/custom/send", {**a_text(openid), "msgtype": "news"})

        assert codes == [0, 0, 45047]
        assert news == 40008
