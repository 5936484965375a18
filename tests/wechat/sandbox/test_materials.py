"""Permanent material and pictures for articles, typed from wechat-platform.md §8."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account
from wechat.sandbox.state import State

JPG = b"\xff\xd8\xff\xe0" + bytes(40)
MB = 1024 * 1024


def add(stage: Stage, kind: str, content: bytes, name: str = "a.jpg", **form: str) -> Any:
    return stage.upload("/cgi-bin/material/add_material", content, name, form, type=kind)


def test_a_picture_is_answered_with_its_address_and_others_are_not(stage: Stage) -> None:
    picture, thumb = add(stage, "image", JPG), add(stage, "thumb", JPG)

    assert set(picture) == {"media_id", "url"}
    assert set(thumb) == {"media_id"}


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [
        ("image", 10 * MB, 40009),
        ("voice", 2 * MB, 40010),
        ("video", 10 * MB, 40011),
        ("thumb", 64 * 1024, 40012),
        ("scroll", 0, 40004),
    ],
)
def test_a_file_is_bounded_by_its_kind(stage: Stage, kind: str, size: int, code: int) -> None:
    form = {"description": json.dumps({"title": "题"})} if kind == "video" else {}

    assert add(stage, kind, JPG + bytes(size), **form)["errcode"] == code
    assert kind == "scroll" or "media_id" in add(stage, kind, bytes(size), **form)


@pytest.mark.parametrize(("about", "code"), [("", 47001), ("[]", 47003), ("{}", 47003), ('{"title": ""}', 47003)])
def test_a_video_has_a_title(stage: Stage, about: str, code: int) -> None:
    assert add(stage, "video", b"video", description=about)["errcode"] == code


def test_nothing_is_no_file(stage: Stage) -> None:
    assert stage.upload("/cgi-bin/material/add_material", b"", type="image")["errcode"] == 41005


def test_a_page_has_twenty_at_most_and_says_how_many_there_are(stage: Stage) -> None:
    for _ in range(3):
        add(stage, "image", JPG)
    page = stage.post("/cgi-bin/material/batchget_material", {"type": "image", "offset": 1, "count": 1})

    assert (page["total_count"], page["item_count"], len(page["item"])) == (3, 1, 1)
    assert set(page["item"][0]) == {"media_id", "name", "update_time", "url"}
    for asked in ({"offset": 0, "count": 21}, {"offset": 0, "count": 0}, {"offset": -1, "count": 1}, {}):
        assert stage.code("/cgi-bin/material/batchget_material", {"type": "image", **asked}) == 40097
    assert stage.code("/cgi-bin/material/batchget_material", {"type": "thumb", "offset": 0, "count": 1}) == 40004


@pytest.mark.parametrize(("content", "code"), [(JPG + bytes(MB - 44), 40009), (b"GIF89a", 40005), (b"", 41005)])
def test_a_picture_in_an_article_is_a_jpg_or_png_under_one_megabyte(stage: Stage, content: bytes, code: int) -> None:
    assert stage.upload("/cgi-bin/media/uploadimg", content)["errcode"] == code
    assert stage.upload("/cgi-bin/media/uploadimg", JPG)["url"].startswith("http://mmbiz.qpic.cn/")


def test_what_one_account_keeps_no_other_sees(tmp_path: Path) -> None:
    other = an_account(name="other", appid="wx-other")
    with a_stage(tmp_path, an_account(), other) as stage:
        stage.signs_in()
        media_id = add(stage, "image", JPG)["media_id"]
        stage.token = stage.stable(appid="wx-other")["access_token"]

        assert stage.code("/cgi-bin/material/get_material", {"media_id": media_id}) == 40007
        assert stage.code("/cgi-bin/material/del_material", {"media_id": media_id}) == 40007
        assert stage.get("/cgi-bin/material/get_materialcount")["image_count"] == 0


def test_a_mini_program_has_no_library(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()

        assert stage.get("/cgi-bin/material/get_materialcount")["errcode"] == 48001


def test_the_phone_shows_a_material_that_was_sent(stage: Stage) -> None:
    openid, media_id = stage.a_follower(), add(stage, "image", JPG)["media_id"]
    sent = {"touser": openid, "msgtype": "image", "image": {"media_id": media_id}}

    assert stage.code("/cgi-bin/message/custom/send", sent) == 0
    assert stage.http.get(f"/mmbiz/{media_id}").data == JPG


@pytest.mark.parametrize(
    ("kind", "most", "others"),
    [("image", 100_000, ("voice", "thumb")), ("voice", 1_000, ("image",)), ("thumb", 1_000, ("image",))],
)
def test_the_library_is_full_at_its_cap(tmp_path: Path, kind: str, most: int, others: tuple[str, ...]) -> None:
    fill(tmp_path, "image" if kind == "image" else "video", most - 1)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        last, beyond = add(stage, kind, JPG), add(stage, kind, JPG)
        elsewhere = [add(stage, other, JPG) for other in others]
        stage.post("/cgi-bin/material/del_material", {"media_id": last["media_id"]})

        assert beyond["errcode"] == 45034
        assert all("media_id" in each for each in elsewhere)
        assert "media_id" in add(stage, kind, JPG)


def fill(folder: Path, kind: str, many: int) -> None:
    """Let so many files of a kind lie in the account's library already."""
    state = State(folder / "sandbox.sqlite3")
    row = ("official", kind, "image/jpeg", "a.jpg", b"x", "", "{}", 0.0)
    with state.begin() as db:
        db.executemany(
            "insert into materials values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((f"full-{number}", *row) for number in range(many)),
        )
    state.close()
