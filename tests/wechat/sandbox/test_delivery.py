"""Pushes to a bot that really listens (§1.4, §1.5), and what the member sees of its answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from tests.end_to_end.running import within
from tests.wechat.sandbox.stage import Bot, Stage, Told, a_reply, a_stage, an_account, served
from wechat.sandbox.account import SandboxAccount
from wechat.sandbox.sender import Patience

APOLOGY = "该公众号暂时无法提供服务，请稍后再试"
PATIENT = Patience(seconds=10, attempts=3, threads=2)
QUICK = Patience(seconds=0.4, attempts=3, threads=2)  # for bots that shall be late


@contextmanager
def talking(
    folder: Path, answer: Any, account: SandboxAccount | None = None, *, patience: Patience = PATIENT
) -> Iterator[tuple[Stage, Bot, str]]:
    account = account or an_account()
    bot = Bot(account, answer)
    with served(bot.app()) as address, a_stage(folder, account, webhook=address, patience=patience) as stage:
        stage.signs_in()
        openid = stage.a_member()
        if account.kind != "miniprogram":
            stage.phone("follow", openid=openid, wait=True)
        bot.told.clear()
        yield stage, bot, openid


def echo(told: Told) -> Any:
    return f"你说：{told['Content']}" if told["MsgType"] == "text" else Response("success")


def silent(_: Told) -> Any:
    return Response("success")


def texts(lines: dict[str, Any]) -> list[str]:
    return [line["text"] for line in lines["lines"]]


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_a_word_is_answered_in_every_mode(tmp_path: Path, mode: str) -> None:
    with talking(tmp_path, echo, an_account(mode=mode)) as (stage, bot, openid):
        seen = stage.phone("say", openid=openid, text="答题", wait=True)

        assert texts(seen) == ["你说：答题"]
        assert bot.told[-1]["Content"] == "答题"
        assert bot.told[-1]["FromUserName"] == openid


@pytest.mark.parametrize("said", [b"", b"success"])
def test_silence_shows_nothing(tmp_path: Path, said: bytes) -> None:
    with talking(tmp_path, lambda _: Response(said)) as (stage, _, openid):
        assert texts(stage.phone("say", openid=openid, text="答题", wait=True)) == []


def test_a_malformed_reply_shows_the_apology_at_once(tmp_path: Path) -> None:
    with talking(tmp_path, lambda _: Response("<xml")) as (stage, bot, openid):
        seen = stage.phone("say", openid=openid, text="答题", wait=True)

        assert texts(seen) == [APOLOGY]
        assert len(bot.told) == 1


def test_a_late_bot_is_asked_three_times_with_the_same_message_and_then_excused(tmp_path: Path) -> None:
    def late(told: Told) -> Any:
        if told["MsgType"] == "text":
            time.sleep(0.6)
        return Response("success")

    with talking(tmp_path, late, patience=QUICK) as (stage, bot, openid):
        seen = stage.phone("say", openid=openid, text="答题", wait=True)

        assert texts(seen) == [APOLOGY]
        assert within(10, lambda: len(bot.told) >= 3)  # a bot that is late may be late to hear, too
        assert len({told["MsgId"] for told in bot.told}) == 1
        assert len(bot.told) == 3


def test_a_dripping_answer_is_late_too(tmp_path: Path) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(3):
            time.sleep(0.25)
            yield b" "

    def dripping(_: Told) -> Any:
        return Response(drops(), mimetype="text/xml")

    with talking(tmp_path, silent, patience=QUICK) as (stage, bot, openid):
        bot.answer = dripping

        assert texts(stage.phone("say", openid=openid, text="答题", wait=True)) == [APOLOGY]


def test_a_bot_that_fails_once_is_forgiven(tmp_path: Path) -> None:
    failures = [Response(status=500), Response(status=503)]

    def shaky(told: Told) -> Any:
        return failures.pop() if told["MsgType"] == "text" and failures else echo(told)

    with talking(tmp_path, shaky) as (stage, _, openid):
        assert texts(stage.phone("say", openid=openid, text="答题", wait=True)) == ["你说：答题"]


def test_a_reply_with_media_that_died_shows_the_apology(tmp_path: Path) -> None:
    def picture(told: Told) -> Any:
        return Response(a_reply(told, "", "image", "<Image><MediaId>dead</MediaId></Image>"))

    with talking(tmp_path, picture, an_account(mode="plain")) as (stage, _, openid):
        assert texts(stage.phone("say", openid=openid, text="图", wait=True)) == [APOLOGY]


@pytest.mark.parametrize(
    ("action", "more", "event"),
    [
        ("tap", {"key": "quiz"}, {"Event": "CLICK", "EventKey": "quiz"}),
        ("tap", {"url": "https://example.org/"}, {"Event": "VIEW", "EventKey": "https://example.org/", "MenuId": "1"}),
        ("scan", {"scene": "org_1"}, {"Event": "SCAN", "EventKey": "org_1"}),
        ("unfollow", {}, {"Event": "unsubscribe"}),
        (
            "report",
            {"latitude": 39.9, "longitude": 116.4},
            {"Event": "LOCATION", "Latitude": "39.9", "Longitude": "116.4"},
        ),
        (
            "consent",
            {"template_id": "study", "accept": True},
            {
                "Event": "subscribe_msg_popup_event",
                "SubscribeMsgPopupEvent": {
                    "List": {"TemplateId": "study", "SubscribeStatusString": "accept", "PopupScene": "2"}
                },
            },
        ),
        (
            "consent",
            {"template_id": "study", "accept": False, "in_settings": True},
            {
                "Event": "subscribe_msg_change_event",
                "SubscribeMsgChangeEvent": {"List": {"TemplateId": "study", "SubscribeStatusString": "reject"}},
            },
        ),
    ],
    ids=["click", "view", "scan", "unfollow", "report", "accept", "refuse in settings"],
)
def test_each_action_becomes_its_event(
    tmp_path: Path, action: str, more: dict[str, Any], event: dict[str, Any]
) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone(action, openid=openid, wait=True, **more)
        told = bot.told[-1]

        assert told["MsgType"] == "event"
        assert {name: told[name] for name in event} == event


@pytest.mark.parametrize(("scene", "key"), [("org_1", "qrscene_org_1"), ("", "")])
def test_following_tells_the_scene_of_the_code(tmp_path: Path, scene: str, key: str) -> None:
    with talking(tmp_path, silent) as (stage, bot, _):
        stage.phone("follow", openid=stage.a_member(), scene=scene, wait=True)

        assert (bot.told[-1]["Event"], bot.told[-1]["EventKey"]) == ("subscribe", key)
        assert ("Ticket" in bot.told[-1]) == bool(scene)


def test_scanning_before_following_is_following(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, _):
        stage.phone("scan", openid=stage.a_member(), scene="org_1", wait=True)

        assert (bot.told[-1]["Event"], bot.told[-1]["EventKey"]) == ("subscribe", "qrscene_org_1")


def test_a_picture_arrives_with_a_link_that_shows_it(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        form = {"openid": openid, "picture": (BytesIO(b"\x89PNG"), "a.png", "image/png"), "wait": "1"}
        stage.http.post("/sandbox/picture", data=form)
        path = bot.told[-1]["PicUrl"].removeprefix("http://localhost")
        shown = stage.http.get(path)

        assert bot.told[-1]["MsgType"] == "image"
        assert (shown.get_data(), shown.mimetype) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize(
    ("action", "more", "fields"),
    [
        (
            "location",
            {"latitude": 39.9, "longitude": 116.4, "label": "北京"},
            {"MsgType": "location", "Location_X": "39.9", "Location_Y": "116.4", "Label": "北京"},
        ),
        (
            "link",
            {"title": "要闻", "url": "https://example.org/"},
            {"MsgType": "link", "Title": "要闻", "Url": "https://example.org/"},
        ),
        ("say", {"text": "满意", "menu_id": "7"}, {"MsgType": "text", "Content": "满意", "bizmsgmenuid": "7"}),
    ],
)
def test_other_messages_carry_their_fields(
    tmp_path: Path, action: str, more: dict[str, Any], fields: dict[str, str]
) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone(action, openid=openid, wait=True, **more)

        assert {name: bot.told[-1][name] for name in fields} == fields
        assert int(bot.told[-1]["MsgId"]) > 2**53


def test_a_mini_program_hears_json(tmp_path: Path) -> None:
    with talking(tmp_path, silent, an_account(kind="miniprogram")) as (stage, bot, openid):
        stage.phone("enter", openid=openid, wait=True)

        assert bot.bodies[-1].startswith(b"{")
        assert bot.told[-1]["Event"] == "user_enter_tempsession"


def heard(bot: Bot, event: str) -> Told:
    """The event, once it has come: result events follow the call that caused them."""
    return all_heard(bot, event, 1)[-1]


def all_heard(bot: Bot, event: str, many: int) -> list[Told]:
    """The events, once so many have come."""

    def found() -> list[Told]:
        return [told for told in bot.told if told.get("Event") == event]

    assert within(15, lambda: len(found()) >= many), f"no {many} of {event}"
    return found()


def test_a_template_messages_result_is_told_with_its_id(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        body = {"touser": openid, "template_id": "result", "data": {"thing1": {"value": "已办结"}}}
        msgid = stage.post("/cgi-bin/message/template/send", body)["msgid"]
        told = heard(bot, "TEMPLATESENDJOBFINISH")

        assert (told["MsgID"], told["Status"]) == (str(msgid), "success")


def test_a_template_message_to_who_switched_messages_off_fails_in_its_event(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("receive", openid=openid, on=False)
        body = {"touser": openid, "template_id": "result", "data": {"thing1": {"value": "已办结"}}}
        sent = stage.code("/cgi-bin/message/template/send", body)

        assert sent == 0
        assert heard(bot, "TEMPLATESENDJOBFINISH")["Status"] == "failed:user block"
        assert stage.texts(openid) == []


def test_a_notices_result_is_told(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("consent", openid=openid, template_id="study", accept=True, wait=True)
        data = {"thing1": {"value": "选读"}, "time2": {"value": "08:00"}}
        stage.post("/cgi-bin/message/subscribe/bizsend", {"touser": openid, "template_id": "study", "data": data})
        result = heard(bot, "subscribe_msg_sent_event")["SubscribeMsgSentEvent"]["List"]

        assert (result["TemplateId"], result["ErrorCode"], result["ErrorStatus"]) == ("study", "0", "success")


@pytest.mark.quiet
def test_a_bot_that_is_down_does_not_hold_up_the_api(tmp_path: Path) -> None:
    with a_stage(tmp_path, patience=Patience(seconds=5, attempts=3, threads=1)) as stage:
        stage.signs_in()
        stage.phone("knobs", path="webhook", effect="delay", value=0.5, times=0)
        openid = stage.a_follower()
        started = time.monotonic()
        sent = stage.says_to(openid)

        assert sent == 0
        assert time.monotonic() - started < 0.3
        stage.http.delete("/sandbox/knobs")


def test_pushes_carry_the_time_that_the_clock_was_moved_to(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, bot, openid):
        stage.phone("clock", advance_seconds=49 * 3600)
        late = stage.says_to(openid)
        stage.phone("say", openid=openid, text="在", wait=True)

        assert late == 42001
        then = str(int((stage.clock() + timedelta(hours=49)).timestamp()))
        assert bot.told[-1]["CreateTime"] == then
        assert bot.queries[-1]["timestamp"] == then


def test_a_dropped_push_is_repeated_and_a_lost_answer_makes_a_repeat(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, bot, openid):
        stage.phone("knobs", path="webhook", effect="drop_before")
        stage.phone("knobs", path="webhook", effect="drop_after", times=1)
        first = texts(stage.phone("say", openid=openid, text="一", wait=True))
        stage.phone("knobs", path="webhook", effect="drop_after")
        second = texts(stage.phone("say", openid=openid, text="二", wait=True))

        assert (first, second) == (["你说：一"], ["你说：二"])
        assert [told["Content"] for told in bot.told] == ["一", "二", "二"]


def test_a_push_can_be_made_to_come_twice(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, bot, openid):
        stage.phone("knobs", path="webhook", effect="repeat")
        seen = texts(stage.phone("say", openid=openid, text="一", wait=True))

        assert seen == ["你说：一"]
        assert len(bot.told) == 2
        assert bot.told[0]["MsgId"] == bot.told[1]["MsgId"]


def test_a_call_of_the_api_can_be_made_to_fail_so_many_times(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", path="/cgi-bin/message/custom/send", effect="fail", value=45009, times=2)

    assert [stage.says_to(openid) for _ in range(3)] == [45009, 45009, 0]


def test_a_call_cut_off_has_happened_all_the_same(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", path="*", effect="drop_after")
    response = stage.http.post(
        "/cgi-bin/message/custom/send",
        query_string={"access_token": stage.token},
        json={"touser": openid, "msgtype": "text", "text": {"content": "到了"}},
        buffered=False,
    )
    body = b"".join(response.iter_encoded())

    assert len(body) < int(response.headers["Content-Length"])
    assert stage.texts(openid) == ["到了"]


def test_everything_is_in_the_transcript(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, _, openid):
        stage.phone("say", openid=openid, text="答题", wait=True)
        stage.says_to(openid)
        listed = stage.http.get("/sandbox/wire").get_json()

        assert [(one["direction"], one["path"].split("?")[0], one["status"]) for one in listed[-2:]] == [
            ("out", "/wechat/official", "ok"),
            ("in", "/cgi-bin/message/custom/send", "0"),
        ]
