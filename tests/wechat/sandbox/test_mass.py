"""Mass messages, typed from wechat-platform.md §3.5 and the codes of §2.4."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend
from tests.wechat.sandbox.test_articles import a_draft, an_article
from tests.wechat.sandbox.test_delivery import all_heard, heard, silent, talking
from tests.wechat.sandbox.test_followers import fill

ALL, LIST = "/cgi-bin/message/mass/sendall", "/cgi-bin/message/mass/send"
COUNTS = ("TotalCount", "FilterCount", "SentCount", "ErrorCount")


def to_all(content: str = "开会", **more: Any) -> dict[str, Any]:
    return {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": content}, **more}


def to(openids: list[str], **more: Any) -> dict[str, Any]:
    return {"touser": openids, "msgtype": "text", "text": {"content": "开会"}, **more}


def test_the_end_of_a_job_is_told_in_people(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        deaf = stage.a_follower()
        stage.phone("receive", openid=deaf, on=False)
        job = stage.post(ALL, to_all())["msg_id"]
        told = heard(bot, "MASSSENDJOBFINISH")

        assert (told["MsgID"], told["Status"]) == (str(job), "send success")
        assert [told[name] for name in COUNTS] == ["2", "1", "1", "0"]
        assert told["CopyrightCheckResult"]["CheckState"] == "1"
        assert stage.texts(openid) == ["开会"]


def test_the_end_of_a_job_of_articles_tells_where_they_stand(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        draft = a_draft(stage, an_article(stage, title="开学"))
        news = {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": draft}}
        first = stage.code(ALL, {**news, "clientmsgid": "a"})
        articles = heard(bot, "MASSSENDJOBFINISH")["ArticleUrlResult"]
        seen = stage.seen(openid)[-1]

        assert first == 0
        assert articles == {
            "Count": "1",
            "ResultList": {"item": {"ArticleIdx": "1", "ArticleUrl": seen["articles"][0]["url"]}},
        }
        assert stage.code(ALL, {**news, "clientmsgid": "b"}) == 40007


def test_a_job_that_fails_says_why_and_its_numbers_add_up(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("knobs", preset="mass_failed")
        stage.post(ALL, to_all())
        told = heard(bot, "MASSSENDJOBFINISH")

        assert (told["Status"], [told[name] for name in COUNTS]) == ("err(20013)", ["1", "1", "0", "1"])
        assert stage.texts(openid) == []


@pytest.mark.parametrize(("confirm", "status"), [(True, "send success"), (False, "err(40001)")])
def test_the_admins_word_ends_a_job_that_waits(tmp_path: Path, confirm: bool, status: str) -> None:  # noqa: FBT001
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("knobs", preset="mass_confirm")
        job = stage.post(ALL, to_all("改期"))["msg_id"]
        (waits,) = stage.http.get("/sandbox/mass").get_json()
        told_before = [told for told in bot.told if told.get("Event") == "MASSSENDJOBFINISH"]
        left = stage.phone(f"mass/{job}", confirm=confirm)

        assert (waits["id"], waits["account"], waits["says"]) == (job, "official", "改期")
        assert (told_before, left) == ([], [])
        assert heard(bot, "MASSSENDJOBFINISH")["Status"] == status
        assert stage.texts(openid) == (["改期"] if confirm else [])
        assert stage.phone(f"mass/{job}", confirm=True) == {"error": "no_mass"}


def test_half_an_hour_without_an_answer_ends_a_job(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("knobs", preset="mass_confirm")
        stage.post(ALL, to_all())
        stage.phone("clock", advance_seconds=1799)
        waits = len(stage.http.get("/sandbox/mass").get_json())
        stage.phone("clock", advance_seconds=1)

        assert waits == 1
        assert heard(bot, "MASSSENDJOBFINISH")["Status"] == "err(40002)"
        assert stage.http.get("/sandbox/mass").get_json() == []
        assert stage.texts(openid) == []


def test_only_what_goes_to_all_waits_for_the_admin(stage: Stage) -> None:
    one, other = stage.a_follower(), stage.a_follower()
    stage.phone("knobs", path=LIST, effect="confirm", times=0)
    tag = stage.post("/cgi-bin/tags/create", {"tag": {"name": "一"}})["tag"]["id"]
    stage.phone("knobs", preset="mass_confirm")

    assert stage.code(LIST, to([one, other])) == 0
    assert stage.code(ALL, {**to_all("二"), "filter": {"is_to_all": False, "tag_id": tag}}) == 0
    assert stage.http.get("/sandbox/mass").get_json() == []


def test_the_same_key_is_answered_with_the_first_job(stage: Stage) -> None:
    first = stage.post(ALL, to_all(clientmsgid="m-1"))
    soon = stage.post(ALL, to_all("别的", clientmsgid="m-1"))
    stage.clock.goes_on(seconds=60)
    again = stage.post(ALL, to_all("别的", clientmsgid="m-1"))

    assert (first["errcode"], soon["errcode"]) == (0, 45066)
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert stage.code(ALL, to_all(clientmsgid="m" * 33)) == 45067


def test_without_a_key_the_same_words_to_the_same_people_are_the_same_job(stage: Stage) -> None:
    first = stage.post(ALL, to_all())
    other = stage.code(ALL, to_all("别的"))
    stage.clock.goes_on(seconds=60)
    again = stage.post(ALL, to_all())

    assert other == 0
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])


def test_a_subscription_account_has_one_job_a_day_that_goes_through(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="subscription")) as stage:
        stage.signs_in()
        stage.phone("knobs", preset="mass_failed")
        codes = [stage.code(ALL, to_all(str(number))) for number in range(3)]
        stage.clock.goes_on(hours=12)
        stage.signs_in()

        assert codes == [0, 0, 45028]
        assert stage.code(ALL, to_all("次日")) == 0
        assert stage.code(LIST, to(["a", "b"])) == 48001


@pytest.mark.parametrize("account", [{"verified": False}, {"kind": "subscription", "verified": False}])
def test_an_unverified_account_sends_to_nobody(tmp_path: Path, account: dict[str, Any]) -> None:
    with a_stage(tmp_path, an_account(**account)) as stage:
        stage.signs_in()

        assert [stage.code(path, to_all()) for path in (ALL, LIST)] == [48001] * 2


def test_a_service_account_has_a_hundred_calls_a_day_and_sixty_a_minute(tmp_path: Path) -> None:
    spend(tmp_path, ALL, 38)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        codes = [stage.code(ALL, to_all(str(number))) for number in range(61)]
        stage.clock.goes_on(seconds=60)
        codes += [stage.code(ALL, to_all(str(number))) for number in (61, 62)]

        assert codes == [0] * 60 + [42010, 0, 45009]


def test_a_follower_has_four_a_month_and_is_left_out_of_the_count_beyond(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        for number in range(5):
            stage.post(ALL, to_all(str(number)))
        ends = all_heard(bot, "MASSSENDJOBFINISH", 5)
        counts = {told["MsgID"]: [told[name] for name in COUNTS] for told in ends}

        assert stage.texts(openid) == ["0", "1", "2", "3"]
        assert [counts[job] for job in sorted(counts)] == [["1", "1", "1", "0"]] * 4 + [["1", "0", "0", "0"]]


@pytest.mark.parametrize(
    ("openids", "code"),
    [([], 40130), (["a"], 40130), (["a", "a"], 40130), ([f"o{n}" for n in range(10_001)], 40032)],
    ids=["none", "one", "one twice", "too many"],
)
def test_a_list_has_two_to_ten_thousand(stage: Stage, openids: list[str], code: int) -> None:
    assert stage.code(LIST, to(openids)) == code


def test_ten_thousand_are_reached_at_once(tmp_path: Path) -> None:
    fill(tmp_path / "sandbox.sqlite3", 10_000)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        code = stage.code(LIST, to([f"o{number:027}" for number in range(10_000)]))

        assert code == 0
        assert stage.texts(f"o{9_999:027}") == ["开会"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"msgtype": "poem"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "党" * 683}}, 45002),
        ({"msgtype": "voice", "voice": {"media_id": "none"}}, 40007),
        ({"msgtype": "image", "images": {"media_ids": []}}, 40007),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "mpnews", "mpnews": {"media_id": "none"}}, 40007),
        ({"filter": {"is_to_all": False, "tag_id": 4711}}, 40152),
        ({"filter": {}}, 40152),
    ],
)
def test_a_job_that_breaks_a_rule_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert stage.code(ALL, {**to_all(), **change}) == code


def test_pictures_come_in_their_current_form_and_in_the_older_one(stage: Stage) -> None:
    openid = stage.a_follower()
    media = [stage.upload("/cgi-bin/media/upload", b"\xff\xd8\xff", type="image")["media_id"] for _ in range(2)]
    current = {**to_all(), "msgtype": "image", "images": {"media_ids": media}, "clientmsgid": "a"}
    older = {**to_all(), "msgtype": "image", "image": {"media_id": media[0]}, "clientmsgid": "b"}

    assert [stage.code(ALL, form) for form in (current, older)] == [0, 0]
    assert [line["media_id"] for line in stage.seen(openid) if line["type"] == "image"] == [*media, media[0]]


def test_previews_and_deletions_are_counted_by_the_day(tmp_path: Path) -> None:
    for path, a_day in (("preview", 100), ("delete", 10)):
        spend(tmp_path, f"/cgi-bin/message/mass/{path}", a_day)
    with a_stage(tmp_path) as stage:
        stage.signs_in()

        assert [stage.code(f"/cgi-bin/message/mass/{path}", {"a": 1}) for path in ("preview", "delete")] == [45009] * 2


def test_a_speed_is_one_of_five(stage: Stage) -> None:
    codes = [stage.code("/cgi-bin/message/mass/speed/set", asked) for asked in ({"speed": 5}, {"a": 1}, {"speed": 2})]

    assert codes == [45083, 45084, 0]
    assert stage.post("/cgi-bin/message/mass/speed/get", {}) == {"speed": 2, "realspeed": 45}
