"""Signing in, going on and signing out, with the stand-in for the platform behind it."""

from collections.abc import Iterator

import pytest
import redis as redis_library

from storage.sessions import DEVICES
from tests.house import Clock, Town, a_town
from tests.mini import Mini
from tests.rules.test_tables import found
from tests.wechat.sandbox.stage import Stage, a_stage, an_account, served

MINI = {"kind": "miniprogram", "appid": "wxfedcba9876543210", "secret": "s" * 32, "token": "minitoken", "mode": "plain"}


@pytest.fixture
def stage(tmp_path) -> Iterator[tuple[Stage, str]]:
    folder = tmp_path / "platform"
    folder.mkdir()
    account = an_account(name="mini", appid=MINI["appid"], kind="miniprogram")
    with a_stage(folder, account) as stage, served(stage.app) as address:
        yield stage, address


@pytest.fixture
def town(tmp_path, database_url, redis: redis_library.Redis, redis_url, stage) -> Iterator[Town]:
    """The program, whose mini-program the stand-in knows."""
    accounts = {"mini": {**MINI, "api_base": stage[1]}}
    town = a_town(tmp_path, database=database_url, redis=redis_url, clock=Clock(), accounts=accounts)
    yield town
    town.house.close()


@pytest.fixture
def ann(stage):
    """The openid of one who has the mini-program on their phone."""
    stage[0].a_member("mini")
    return stage[0].a_member("mini")


def code(stage, openid):
    return stage[0].phone("codes", openid=openid, **{"for": "login"})["code"]


def signs_in(town, given, **changed):
    return Mini(town.client).post("/login", {"account": "mini", "code": given, **changed})


def signed_in(town, stage, openid, **changed):
    return Mini(town.client, signs_in(town, code(stage, openid), **changed).body["token"], openid)


def test_a_code_is_changed_for_a_token_that_opens_the_doors(town, stage, ann):
    answer = signs_in(town, code(stage, ann))
    mini = Mini(town.client, answer.body["token"])

    assert answer.status == 200
    assert set(answer.body) == {"token", "expires_in"}
    assert 7 * 24 * 3600 <= answer.body["expires_in"] <= 8 * 24 * 3600
    assert mini.get("/quiz").status == 200
    assert town.house.people.find(account="mini", openid=ann).known


def test_the_session_key_leaves_the_server_nowhere_and_is_kept_nowhere(town, stage, ann):
    answer = signs_in(town, code(stage, ann))
    with stage[0].app.app_context():
        wire = stage[0].http.get("/sandbox/wire").get_json()

    assert any(entry["path"].startswith("/sns/jscode2session") for entry in wire)
    assert "session_key" not in str(answer.body) + str(answer.headers)
    assert not found(town, answer.body["token"])


def test_the_platforms_secret_and_code_are_in_no_log(town, stage, ann, caplog):
    given = code(stage, ann)
    with caplog.at_level("DEBUG"):
        signs_in(town, given)

    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the stand-in's server

    assert not [line for line in ours if given in line or MINI["secret"] in line]


@pytest.mark.parametrize("given", ["never given", "x" * 512])
def test_a_code_that_is_not_good_is_refused_by_its_field(town, stage, given):
    refused = signs_in(town, given)

    assert (refused.status, refused.code, refused.body["field"]) == (400, "code_refused", "code")


def test_a_code_serves_once(town, stage, ann):
    given = code(stage, ann)
    signs_in(town, given)

    assert signs_in(town, given).code == "code_refused"


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"account": "official"}, "account"), ({"account": "nobody"}, "account"), ({"code": ""}, "code"),
     ({"device": "长" * 41}, "device")],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_by_its_field(town, stage, changed, field):
    refused = signs_in(town, "x", **changed)

    assert (refused.status, refused.code, refused.body["field"]) == (422, "invalid", field)


def test_a_user_whom_the_platform_blocks_is_told(town, stage, ann):
    stage[0].phone("risk", openid=ann)
    refused = signs_in(town, code(stage, ann))

    assert (refused.status, refused.code) == (403, "blocked")


@pytest.mark.parametrize(
    ("errcode", "wait"), [(-1, 1), (45011, 60), (40125, 60), (45009, 60)], ids=["busy", "too fast", "secret", "quota"]
)
def test_while_the_platform_does_not_help_nobody_is_told_that_their_code_is_bad(town, stage, ann, errcode, wait):
    given = code(stage, ann)
    stage[0].http.post("/sandbox/knobs", json={"path": "/sns/jscode2session", "effect": "fail", "value": errcode})
    away = signs_in(town, given)

    assert (away.status, away.code, away.headers["Retry-After"]) == (503, "away", str(wait))
    assert signs_in(town, given).status == 200


def test_signing_in_twice_is_one_person_with_two_devices(town, stage, ann):
    first = signed_in(town, stage, ann, device="手机")
    second = signed_in(town, stage, ann, device="平板")
    listed = second.get("/login/devices").body["items"]

    assert sorted((each["name"], each["this"]) for each in listed) == [("平板", True), ("手机", False)]
    assert first.get("/quiz").status == 200


def test_a_device_is_signed_out_from_another_and_no_member_signs_out_another_member(town, stage, ann):
    lost, kept = signed_in(town, stage, ann, device="丢了"), signed_in(town, stage, ann, device="还在")
    other = signed_in(town, stage, stage[0].a_member("mini"))
    gone = next(each["id"] for each in kept.get("/login/devices").body["items"] if each["name"] == "丢了")
    refused, done = other.delete(f"/login/devices/{gone}"), kept.delete(f"/login/devices/{gone}")

    assert (refused.status, refused.code, done.status) == (404, "no_such_device", 204)
    assert (lost.get("/quiz").status, kept.get("/quiz").status) == (401, 200)


def test_signing_out_ends_this_device_alone(town, stage, ann):
    here, there = signed_in(town, stage, ann), signed_in(town, stage, ann)

    assert here.delete("/login").status == 204
    assert (here.get("/quiz").status, there.get("/quiz").status) == (401, 200)


def test_a_new_token_takes_the_place_of_the_one_that_asks(town, stage, ann):
    old = signed_in(town, stage, ann)
    answer = old.post("/login/refresh")
    new = Mini(town.client, answer.body["token"])

    assert answer.status == 200
    assert (old.get("/quiz").status, new.get("/quiz").status) == (401, 200)
    assert len(new.get("/login/devices").body["items"]) == 1


def test_a_token_is_over_when_it_said(town, stage, ann):
    mini = signed_in(town, stage, ann)
    town.clock.forward(days=7)
    still = mini.get("/quiz").status
    town.clock.forward(days=1)

    assert (still, mini.get("/quiz").status) == (200, 401)


def test_the_row_of_a_session_tells_no_time_of_day(town, stage, ann):
    ends = set()
    for _ in range(3):
        mini = signed_in(town, stage, ann)
        ends |= {each["expires_at"] for each in mini.get("/login/devices").body["items"]}
        town.clock.forward(minutes=50)

    assert len(ends) == 1


def test_more_devices_than_there_may_be_end_the_oldest(town, stage, ann):
    minis = [signed_in(town, stage, ann) for _ in range(DEVICES + 1)]

    assert minis[-1].get("/quiz").status == 200
    assert [mini.get("/quiz").status for mini in minis].count(401) == 1


def test_one_unionid_on_both_accounts_is_one_person_from_the_first_login_on(town, stage):
    here = town.house.people.meet(account="official", openid="o-here", today=town.clock().date(), unionid="u-ann")
    there = str(stage[0].phone("members", account="mini", unionid="u-ann")["openid"])
    signed_in(town, stage, there)

    assert town.house.people.find(account="mini", openid=there).person == here.person


def test_a_unionid_that_comes_later_ties_who_was_here_before(town, stage):
    there = str(stage[0].phone("members", account="mini", unionid="u-ann")["openid"])
    before = town.house.people.meet(account="mini", openid=there, today=town.clock().date())
    town.house.people.meet(account="official", openid="o-here", today=town.clock().date(), unionid="u-ann")
    signed_in(town, stage, there)
    after = town.house.people.find(account="mini", openid=there)

    assert after.person == town.house.people.find(account="official", openid="o-here").person
    assert before.contact == after.contact


def test_sessions_that_are_over_are_forgotten(town, stage, ann):
    signed_in(town, stage, ann)
    town.clock.forward(days=9)
    next(job for job in town.house.jobs if job.id == "login.drop_ended").run(town.clock())

    assert not found(town, "手机")
    assert (
        town.house.gate.sessions.of(town.house.people.find(account="mini", openid=ann).person, now=town.clock()) == []
    )
