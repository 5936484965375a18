"""Followers and tags, typed from wechat-platform.md §5."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account
from wechat.sandbox.state import State


def a_tag(stage: Stage, name: str = "党员") -> int:
    return int(stage.post("/cgi-bin/tags/create", {"tag": {"name": name}})["tag"]["id"])


def test_followers_are_listed_in_the_order_they_came(stage: Stage) -> None:
    first = stage.a_follower()
    stage.clock.goes_on(seconds=1)
    second = stage.a_follower()
    stage.a_member()

    listed = stage.get("/cgi-bin/user/get")
    rest = stage.get("/cgi-bin/user/get", next_openid=first)
    end = stage.get("/cgi-bin/user/get", next_openid=second)

    assert listed == {"total": 2, "count": 2, "data": {"openid": [first, second]}, "next_openid": second}
    assert rest["data"]["openid"] == [second]
    assert end == {"total": 2, "count": 0, "next_openid": ""}


def test_a_page_of_followers_has_ten_thousand(tmp_path: Path) -> None:
    fill(tmp_path / "sandbox.sqlite3", 10_001)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        page = stage.get("/cgi-bin/user/get")
        rest = stage.get("/cgi-bin/user/get", next_openid=page["next_openid"])

        assert (page["total"], page["count"], rest["count"]) == (10_001, 10_000, 1)
        assert not set(page["data"]["openid"]) & set(rest["data"]["openid"])


def fill(file: Path, count: int) -> None:
    state = State(file)
    rows = [(f"o{n:027}", "official", "", "", 0.0, 1, float(n)) for n in range(count)]
    with state.begin() as db:
        db.executemany(
            "insert into members (openid, account, nickname, unionid, made_at, followed, followed_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    state.close()


def test_a_follower_is_described_without_a_nickname(stage: Stage) -> None:
    openid = stage.a_member()
    stage.phone("follow", openid=openid, scene="org_7")

    assert stage.get("/cgi-bin/user/info", openid=openid) == {
        "subscribe": 1,
        "openid": openid,
        "subscribe_time": 1795406400,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "org_7",
    }


def test_one_who_left_shows_only_the_openid(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("unfollow", openid=openid)

    assert stage.get("/cgi-bin/user/info", openid=openid) == {"subscribe": 0, "openid": openid}
    assert stage.get("/cgi-bin/user/get")["total"] == 0


def test_a_stranger_is_no_valid_openid(stage: Stage) -> None:
    assert stage.get("/cgi-bin/user/info", openid="o-nobody")["errcode"] == 40003


def test_a_hundred_members_at_a_time_can_be_asked_for(stage: Stage) -> None:
    openid = stage.a_follower()
    hundred = [{"openid": openid, "lang": "zh_CN"}] * 100

    assert len(stage.post("/cgi-bin/user/info/batchget", {"user_list": hundred})["user_info_list"]) == 100
    assert stage.code("/cgi-bin/user/info/batchget", {"user_list": [*hundred, hundred[0]]}) == 40032


def test_a_tag_is_made_renamed_and_taken_away(stage: Stage) -> None:
    tag, openid = a_tag(stage), stage.a_follower()
    stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid]})
    renamed = stage.code("/cgi-bin/tags/update", {"tag": {"id": tag, "name": "积极分子"}})
    listed = stage.get("/cgi-bin/tags/get")
    deleted = stage.code("/cgi-bin/tags/delete", {"tag": {"id": tag}})

    assert (renamed, deleted) == (0, 0)
    assert listed == {"tags": [{"id": 100, "name": "积极分子", "count": 1}]}
    assert stage.get("/cgi-bin/tags/get") == {"tags": []}
    assert stage.post("/cgi-bin/tags/getidlist", {"openid": openid}) == {"tagid_list": []}


def test_the_last_tag_put_on_decides_the_group_and_a_tag_lists_its_members(stage: Stage) -> None:
    openid, tags = stage.a_follower(), [a_tag(stage, "甲"), a_tag(stage, "乙")]
    for tag in reversed(tags):
        stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid]})
    page = stage.post("/cgi-bin/user/tag/get", {"tagid": tags[0], "next_openid": ""})

    assert stage.get("/cgi-bin/user/info", openid=openid)["tagid_list"] == [101, 100]
    assert stage.get("/cgi-bin/user/info", openid=openid)["groupid"] == 100
    assert page == {"count": 1, "data": {"openid": [openid]}, "next_openid": openid}


def test_a_tag_is_taken_off(stage: Stage) -> None:
    openid, tag = stage.a_follower(), a_tag(stage)
    stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid]})
    stage.post("/cgi-bin/tags/members/batchuntagging", {"tagid": tag, "openid_list": [openid]})

    assert stage.post("/cgi-bin/tags/getidlist", {"openid": openid}) == {"tagid_list": []}


@pytest.mark.parametrize(("name", "code"), [("党员", 45157), ("", 45157), ("汉" * 10 + "a", 45158)])
def test_a_tag_name_is_new_and_at_most_thirty_bytes(stage: Stage, name: str, code: int) -> None:
    a_tag(stage, "党员")

    assert stage.code("/cgi-bin/tags/create", {"tag": {"name": name}}) == code


def test_a_hundred_tags_are_all(stage: Stage) -> None:
    for n in range(100):
        a_tag(stage, str(n))

    assert stage.code("/cgi-bin/tags/create", {"tag": {"name": "one more"}}) == 45056


def test_twenty_tags_a_member_are_all(stage: Stage) -> None:
    openid = stage.a_follower()
    codes = [
        stage.code("/cgi-bin/tags/members/batchtagging", {"tagid": a_tag(stage, str(n)), "openid_list": [openid]})
        for n in range(21)
    ]

    assert codes == [0] * 20 + [45059]


@pytest.mark.parametrize(("tag", "code"), [(0, 45058), (2, 45058), (99, 45159), ("x", 45159)])
def test_system_tags_and_unknown_ones_are_left_alone(stage: Stage, tag: object, code: int) -> None:
    assert stage.code("/cgi-bin/tags/delete", {"tag": {"id": tag}}) == code


def test_tagging_says_who_could_not_be_tagged(stage: Stage) -> None:
    openid, tag = stage.a_follower(), a_tag(stage)
    partly = stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid, "o-nobody"]})
    none = stage.code("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": ["o-nobody"]})
    many = stage.code("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid] * 51})

    assert (partly["errcode"], partly["fail_openid_list"]) == (45171, ["o-nobody"])
    assert stage.post("/cgi-bin/tags/getidlist", {"openid": openid}) == {"tagid_list": [tag]}
    assert (none, many) == (40003, 40032)


@pytest.fixture
def unverified(tmp_path: Path) -> Iterator[Stage]:
    with a_stage(tmp_path, an_account(verified=False)) as stage:
        stage.signs_in()
        yield stage


def test_an_unverified_service_account_may_make_menus_and_little_else(unverified: Stage) -> None:
    menu = {"button": [{"type": "click", "name": "答题", "key": "quiz"}]}

    assert unverified.code("/cgi-bin/menu/create", menu) == 0
    assert unverified.get("/cgi-bin/user/get")["errcode"] == 48001
    assert unverified.says_to("anyone") == 48001


def test_the_blacklist_has_a_thousand_a_page_and_an_empty_last_one(tmp_path: Path) -> None:
    fill(tmp_path / "sandbox.sqlite3", 1_001)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        crowd = stage.get("/cgi-bin/user/get")["data"]["openid"]
        for first in range(0, 1_001, 20):
            stage.post("/cgi-bin/tags/members/batchblacklist", {"openid_list": crowd[first : first + 20]})
        page = stage.post("/cgi-bin/tags/members/getblacklist", {"begin_openid": ""})
        rest = stage.post("/cgi-bin/tags/members/getblacklist", {"begin_openid": page["next_openid"]})
        end = stage.post("/cgi-bin/tags/members/getblacklist", {"begin_openid": rest["next_openid"]})

    assert (page["total"], page["count"], rest["data"]["openid"]) == (1_001, 1_000, crowd[1_000:])
    assert end == {"total": 1_001, "count": 0, "next_openid": ""}


def test_twenty_are_blocked_at_a_time(stage: Stage) -> None:
    crowd = [stage.a_follower() for _ in range(21)]
    codes = [stage.code("/cgi-bin/tags/members/batchblacklist", {"openid_list": some}) for some in (crowd, [])]

    assert codes == [40032, 40031]


def test_who_is_blocked_can_not_write_and_can_leave(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.post("/cgi-bin/tags/members/batchblacklist", {"openid_list": [openid]})
    said = stage.phone("say", openid=openid, text="在吗")
    left = stage.phone("unfollow", openid=openid)

    assert said == {"error": "blocked"}
    assert "error" not in left


def test_a_remark_has_thirty_bytes_at_most(stage: Stage) -> None:
    openid = stage.a_follower()
    path = "/cgi-bin/user/info/updateremark"

    assert [stage.code(path, {"openid": openid, "remark": "长" * size}) for size in (10, 11)] == [0, 40092]
