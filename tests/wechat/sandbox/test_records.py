"""The transcript: what is found in it, how an exchange is done again, and how it becomes a file and comes back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from tests.end_to_end.running import within
from tests.wechat.sandbox.stage import Bot, Stage, Told, a_stage, an_account, served
from tests.wechat.sandbox.test_delivery import PATIENT, talking
from wechat.sandbox import dialog, transcript, wirelog
from wechat.sandbox.state import State
from wechat.sandbox.steps import Step, agrees

SEND = "/cgi-bin/message/custom/send"
SECRET = "s" * 32
GOOD = {"grant_type": "client_credential", "appid": "wxba5fad812f8e6fb9", "secret": SECRET}


def talker(told: Told) -> Any:
    match told:
        case {"Event": "subscribe"}:
            return "欢迎\n回复“答题”开始"
        case {"Content": content}:
            return f"你说：{content}"
    return Response("success")


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[tuple[Stage, Bot, str]]:
    with talking(tmp_path, talker) as scene:
        yield scene


def found(stage: Stage, **search: Any) -> list[Any]:
    listed: list[Any] = stage.http.get("/sandbox/wire", query_string=search).get_json()
    return listed


def opened(stage: Stage, number: int) -> Any:
    return stage.http.get(f"/sandbox/wire/{number}").get_json()


# -- what is in it ---------------------------------------------------------------------------------------------------


def test_it_is_searched_by_words_member_direction_and_trouble(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, openid = talk
    other = stage.a_member()
    stage.phone("say", openid=openid, text="党章第一条", wait=True)
    stage.says_to(openid, "这是推送")
    stage.says_to(other, "推不到")

    assert [one["about"] for one in found(stage, q="党章第一条")] == ["党章第一条"]
    assert [one["status"] for one in found(stage, openid=other)] == ["45015"]
    assert [one["path"].split("?")[0] for one in found(stage, q="推送", direction="in")] == [SEND]
    assert [one["status"] for one in found(stage, troubled=1)] == ["45015"]
    assert [one["status"] for one in found(stage, q="45015")] == ["45015"]
    assert found(stage, account="nobody") == []


def test_it_is_read_page_by_page_in_the_order_of_time(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, openid = talk
    for number in range(5):
        stage.phone("say", openid=openid, text=str(number), wait=True)
    newest = found(stage, direction="out", limit=2)
    before = found(stage, direction="out", limit=2, before=newest[0]["id"])
    after = found(stage, direction="out", after=before[-1]["id"])

    assert [one["about"] for one in (*before, *newest)] == ["1", "2", "3", "4"]
    assert after == newest


def test_an_exchange_is_opened_as_fields_however_it_was_sealed(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, openid = talk
    stage.phone("say", openid=openid, text="党章", wait=True)
    push = opened(stage, found(stage, direction="out")[-1]["id"])
    stage.says_to(openid)
    call = opened(stage, found(stage, direction="in")[-1]["id"])

    assert push["sent_fields"]["Content"] == "党章"
    assert push["answered_fields"]["Content"] == "你说：党章"
    assert push["answered"].startswith("<xml>")
    assert call["sent_fields"]["text"] == {"content": "你好"}
    assert call["answered_fields"] == {"errcode": 0, "errmsg": "ok"}
    assert call["query"] == {"access_token": "***"}
    assert stage.http.get("/sandbox/wire/999999").status_code == 404


def test_a_mini_programs_push_is_opened_as_json_with_all_of_its_list(tmp_path: Path) -> None:
    account = an_account(kind="miniprogram", mode="compat")
    with talking(tmp_path, lambda _: Response("success"), account) as (stage, _, openid):
        stage.phone("consent", openid=openid, template_id="study", wait=True)
        push = opened(stage, found(stage, direction="out")[-1]["id"])

        assert push["sent_fields"]["List"]["SubscribeStatusString"] == "accept"


def test_no_secret_is_in_it_however_it_came_there(stage: Stage, tmp_path: Path) -> None:
    stage.http.get("/cgi-bin/token", query_string=GOOD)
    stage.http.post("/cgi-bin/stable_token", data=json.dumps({**GOOD, "note": f'a " {SECRET}'}))
    stage.http.post("/cgi-bin/stable_token", data=f'{{"secret": "x\\"{SECRET}"')
    stage.http.get("/cgi-bin/user/get", query_string={"access_token": stage.token, "next_openid": SECRET})
    stage.get("/cgi-bin/getcallbackip")
    stage.http.get(f"/cgi-bin/token/{SECRET}")
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as record:
        kept = json.dumps(record.execute("select * from wire").fetchall())

    assert kept.count("/cgi-bin") >= 6
    assert SECRET not in kept
    assert stage.token not in kept
    assert "A" * 43 not in kept


def test_a_long_body_is_cut_and_an_old_exchange_forgotten(tmp_path: Path) -> None:
    state = State(tmp_path / "sandbox.sqlite3")
    wire = wirelog.Wirelog(state, [])
    entry = wirelog.Entry(0, "in", "official", "POST", SEND, "0", 1, "字" * 70_000, "")
    wire.write(entry)
    with state.begin() as db:
        db.execute("update wire set id = id + ?", (wirelog.KEPT,))
    wire.write(entry._replace(sent="新"))
    wire.write(entry._replace(sent="更新"))
    kept = wire.find(wirelog.Search())
    state.close()

    assert [len(one["sent"]) for one in kept] == [64_001, 1, 2]
    assert kept[0]["id"] == wirelog.KEPT + 1


def test_a_transcript_of_an_earlier_release_is_begun_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as old:
        old.execute("create table wire (id integer primary key, at real, sent text)")
        old.execute("insert into wire values (1, 0, '')")
        old.commit()
    with a_stage(tmp_path) as stage:
        assert found(stage) == []


# -- again -----------------------------------------------------------------------------------------------------------


def again(stage: Stage, number: int, **how: bool) -> Any:
    return stage.phone(f"wire/{number}/again", **how)


def test_a_push_comes_again_word_for_word(talk: tuple[Stage, Bot, str]) -> None:
    stage, bot, openid = talk
    stage.phone("say", openid=openid, text="答题", wait=True)
    first = found(stage, direction="out")[-1]
    second = again(stage, first["id"])

    assert second["sent"] == first["sent"]
    assert second["answered"] != ""
    assert [told["MsgId"] for told in bot.told[-2:]] == [bot.told[-1]["MsgId"]] * 2
    assert stage.texts(openid) == ["欢迎\n回复“答题”开始", "你说：答题"]


def test_a_push_comes_as_a_new_message_and_the_member_sees_it(talk: tuple[Stage, Bot, str]) -> None:
    stage, bot, openid = talk
    stage.phone("say", openid=openid, text="答题", wait=True)
    again(stage, found(stage, direction="out")[-1]["id"], fresh=True)

    assert len({told["MsgId"] for told in bot.told[-2:]}) == 2
    assert stage.texts(openid)[-2:] == ["你说：答题", "你说：答题"]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("tap", {"key": "quiz"}),
        ("tap", {"url": "https://example.org/"}),
        ("scan", {"scene": "org_1"}),
        ("location", {"latitude": 39.5, "longitude": 116.25, "label": "北京"}),
        ("report", {"latitude": 39.5, "longitude": 116.25}),
        ("link", {"title": "要闻", "url": "https://example.org/"}),
        ("say", {"text": "满意", "menu_id": "7"}),
        ("consent", {"template_id": "study", "accept": True}),
        ("consent", {"template_id": "study", "accept": False, "in_settings": True}),
    ],
)
def test_whatever_a_member_did_can_be_done_again(
    talk: tuple[Stage, Bot, str], action: str, more: dict[str, Any]
) -> None:
    stage, bot, openid = talk
    stage.phone(action, openid=openid, wait=True, **more)
    before = found(stage, direction="out")[-1]["id"]
    again(stage, before, fresh=True)
    first, second = ({**told, "MsgId": "", "Ticket": ""} for told in bot.told[-2:])

    assert first == second
    assert found(stage, direction="out")[-1]["id"] > before


def test_following_and_leaving_are_done_again_in_their_turn(talk: tuple[Stage, Bot, str]) -> None:
    stage, bot, openid = talk
    followed = found(stage, direction="out")[0]["id"]
    refused = again(stage, followed, fresh=True)
    stage.phone("unfollow", openid=openid, wait=True)
    again(stage, followed, fresh=True)

    assert refused == {"error": "already_following"}
    assert [told["Event"] for told in bot.told] == ["unsubscribe", "subscribe"]


def test_a_call_is_made_again_with_the_token_of_now(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, openid = talk
    stage.says_to(openid, "一")
    call = found(stage, direction="in")[-1]
    token = found(stage, q="stable_token")[0]
    stage.stable(force_refresh=True)
    made, renewed = again(stage, call["id"]), again(stage, token["id"])

    assert (made["status"], renewed["status"]) == ("0", "0")
    assert stage.texts(openid)[-2:] == ["一", "一"]


def reports(stage: Stage) -> list[dict[str, Any]]:
    """What is told beside the talk, and written down when the account has answered it."""
    return [one for one in found(stage, direction="out") if "TEMPLATESENDJOBFINISH" in one["about"]]


def test_a_report_of_the_platform_is_nothing_that_a_member_says_again(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, openid = talk
    body = {"touser": openid, "template_id": "result", "data": {"thing1": {"value": "已办结"}}}
    stage.post("/cgi-bin/message/template/send", body)
    stage.phone("say", openid=openid, text="在", wait=True)
    assert within(10, lambda: reports(stage)), "the platform did not report what became of it"
    (report,) = reports(stage)

    assert again(stage, report["id"], fresh=True) == {"error": "not_said_by_anybody"}
    assert again(stage, report["id"])["status"] == "ok"


# -- as files --------------------------------------------------------------------------------------------------------

DIALOG = """\
# what 小李 said
! follows org_1
< 欢迎
< 回复“答题”开始
@ 1d 2h 5m
> 答题
< 你说：答题
! taps news
! sends image
! leaves
"""


def test_a_talk_is_written_as_a_dialog_and_read_as_it_was(talk: tuple[Stage, Bot, str]) -> None:
    stage, _, _ = talk
    openid = stage.a_member()
    stage.phone("follow", openid=openid, scene="org_1", wait=True)
    stage.phone("clock", advance_seconds=26 * 3600 + 300)
    stage.phone("say", openid=openid, text="答题", wait=True)
    stage.phone("tap", openid=openid, key="news", wait=True)
    stage.http.post("/sandbox/wire/99/again", json={})
    number = found(stage, openid=openid)[1]["id"]
    again(stage, number)
    picture = {"MsgType": "image", "PicUrl": "http://127.0.0.1/", "MediaId": "m", "MsgId": "1"}
    stage.phone("unfollow", openid=openid, wait=True)
    written = stage.http.get("/sandbox/dialog", query_string={"openid": openid}).get_data(as_text=True)
    steps = dialog.read(DIALOG)

    assert written.splitlines()[1:] == [line for line in DIALOG.splitlines()[1:] if line != "! sends image"]
    assert [step.waits for step in steps] == [0, 26 * 3600 + 300, 0, 0, 0]
    assert [step.does["MsgType"] for step in steps if step.does] == ["event", "text", "event", "image", "event"]
    assert dialog.line_of(picture) == "! sends image"
    assert list(steps[0].expects) == ["欢迎", "回复“答题”开始"]
    assert stage.http.get("/sandbox/dialog").status_code == 400


@pytest.mark.parametrize(
    ("text", "line"),
    [("> 好\nwhat", 2), ("< 先答", 1), ("! dances", 1), ("@ soon", 1), ("> 好\n@ 1h\n< 好", 3), (">", 1)],
)
def test_what_is_no_dialog_is_refused_with_its_line(stage: Stage, text: str, line: int) -> None:
    refused = stage.http.post("/sandbox/replay", data=text.encode())

    assert refused.status_code == 400
    assert refused.get_json()["why"].startswith(f"line {line}:")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"transcript": 2}',
        '{"transcript": 1, "started_at": "soon"}',
        '{"transcript": 1, "started_at": "2026-11-23T08:00:00+08:00", "varies": ["("]}',
        '{"transcript": 1, "started_at": "2026-11-23T08:00:00+08:00"}\n{"direction": "in"}',
        '{"transcript": 1, "started_at": "2026-11-23T08:00:00+08:00"}\n[]',
    ],
)
def test_what_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(transcript.BadTranscript):
        transcript.read(text)


@pytest.mark.parametrize(
    ("expected", "said", "verdict"),
    [
        (["好"], "好", "same"),
        (["好"], "好吗", "different"),
        (["…好…"], "很好吗", "same"),
        (["……", "好"], "一\n二\n好", "same"),
        ([], "", "same"),
        ([], "好", "different"),
        (["a.c"], "abc", "different"),
    ],
)
def test_an_answer_agrees_where_only_what_may_vary_differs(expected: list[str], said: str, verdict: str) -> None:
    assert agrees(expected, said) is (verdict == "same")


def played(stage: Stage, text: str, **query: Any) -> list[Any]:
    answer = stage.http.post("/sandbox/replay", data=text.encode(), query_string={"patience": 0.3, **query})
    return [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def test_a_dialog_is_played_and_what_differs_is_said(talk: tuple[Stage, Bot, str]) -> None:
    stage, bot, _ = talk
    before = stage.http.get("/sandbox/clock").get_json()["now"]
    first, *steps, last = played(stage, DIALOG.replace("< 你说：答题", "< 你说：…题\n< 还有"))

    assert first == {"steps": 5}
    assert [step["same"] for step in steps] == [True, False, True, True, True]
    assert steps[1] == {
        "did": "> 答题",
        "member": "",
        "same": False,
        "expected": ["你说：…题", "还有"],
        "got": ["你说：答题"],
        "left_out": "",
    }
    assert last == {"done": 5, "different": 1}
    assert [told["MsgType"] for told in bot.told] == ["event", "text", "event", "image", "event"]
    assert stage.http.get("/sandbox/clock").get_json()["now"] == before + 26 * 3600 + 300


def test_what_only_the_program_can_do_is_left_out_and_counts_as_different(talk: tuple[Stage, Bot, str]) -> None:
    stage, bot, _ = talk
    _, *steps, last = played(stage, "> CODE\n! night\n> 好\n< 你说：好")

    assert [bool(step["left_out"]) for step in steps] == [True, True, False]
    assert last["different"] == 2
    assert [told["Content"] for told in bot.told] == ["好"]


def test_a_transcript_goes_into_a_file_and_is_played_from_it(tmp_path: Path) -> None:
    with recorded(tmp_path / "one") as (stage, text):
        head, *entries = map(json.loads, text.splitlines())
        _, *steps, last = played(stage, text)
    changed = text.replace("你说：", "您说：").replace("晚间推送", "晨间推送")
    varied = json.dumps({**head, "varies": ["^.说："]}, ensure_ascii=False) + changed[changed.index("\n") :]
    with recorded(tmp_path / "two") as (stage, _):
        _, *different, _ = played(stage, varied)

    assert head["transcript"] == 1
    assert {entry["direction"] for entry in entries} == {"in", "out"}
    assert [step["did"] for step in steps] == ["! follows", "> 晚上好", f"* {SEND}"]
    assert last == {"done": 3, "different": 0}
    assert [(step["did"], step["same"]) for step in different] == [
        ("! follows", True),
        ("> 晚上好", True),
        (f"* {SEND}", False),
        ("*", False),
    ]
    assert different[2]["expected"] == ["晨间推送"]
    assert different[3]["got"] == ["晚间推送"]


@contextmanager
def recorded(folder: Path) -> Iterator[tuple[Stage, str]]:
    """A bot that writes by itself to whoever greets it, and the transcript of one such talk."""

    def answer(told: Told) -> Any:
        if told.get("Content") == "晚上好":
            stage.says_to(told["FromUserName"], "晚间推送")
        return talker(told)

    account = an_account()
    with (
        served(Bot(account, answer).app()) as address,
        a_stage(folder, account, webhook=address, patience=PATIENT) as stage,
    ):
        stage.signs_in()
        openid = stage.a_member()
        stage.phone("follow", openid=openid, wait=True)
        stage.phone("say", openid=openid, text="晚上好", wait=True)
        yield stage, stage.http.get("/sandbox/transcript").get_data(as_text=True)


def test_one_talk_is_played_at_a_time(stage: Stage) -> None:
    playing = stage.http.post("/sandbox/replay", data="> 一\n> 二".encode(), buffered=False)
    begun = next(playing.iter_encoded())
    refused = stage.http.post("/sandbox/replay", data="> 三".encode())
    playing.close()

    assert json.loads(begun) == {"steps": 2}
    assert refused.get_json() == {"error": "playing"}
    assert played(stage, "# nothing") == [{"steps": 0}, {"done": 0, "different": 0}]
    assert stage.http.post("/sandbox/replay?account=nobody", data=b"").status_code == 404


def test_a_step_says_what_it_is_without_the_words_of_anybody() -> None:
    assert "秘密" not in repr(Step(shown=">", does={"Content": "秘密"}, expects=("秘密",)))
