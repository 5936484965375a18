"""Drafts and publishing, typed from wechat-platform.md §2.3 and §3.6."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend
from tests.wechat.sandbox.test_delivery import heard, silent, talking

JPG = b"\xff\xd8\xff\xe0" + bytes(40)
ADD, SUBMIT, GET = "/cgi-bin/draft/add", "/cgi-bin/freepublish/submit", "/cgi-bin/freepublish/get"


def a_cover(stage: Stage, kind: str = "thumb") -> str:
    return str(stage.upload("/cgi-bin/material/add_material", JPG, type=kind)["media_id"])


def an_article(stage: Stage, **change: Any) -> dict[str, Any]:
    return {"title": "要闻", "content": "正文", "thumb_media_id": a_cover(stage), **change}


def a_draft(stage: Stage, *articles: dict[str, Any]) -> str:
    return str(stage.post(ADD, {"articles": articles or [an_article(stage)]})["media_id"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, 45003),
        ({"title": "题" * 33}, 45003),
        ({"author": "宣" * 17}, 45110),
        ({"digest": "摘" * 121}, 45004),
        ({"content": ""}, 45002),
        ({"content": "文" * 20_000}, 45002),
        ({"content_source_url": "https://a.example/".ljust(1025, "a")}, 45005),
        ({"thumb_media_id": "none"}, 40007),
        ({"article_type": "poem"}, 40097),
    ],
)
def test_an_article_that_breaks_a_rule_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert stage.code(ADD, {"articles": [an_article(stage, **change)]}) == code


@pytest.mark.parametrize("articles", [[], {}, None])
def test_a_draft_has_articles(stage: Stage, articles: Any) -> None:
    assert stage.code(ADD, {"articles": articles}) == 45008
    assert stage.code(ADD, {"articles": ["article"]}) == 47001


@pytest.mark.parametrize("pictures", [None, {"image_list": []}, {"image_list": [{}] * 21}])
def test_an_article_of_pictures_has_one_to_twenty(stage: Stage, pictures: Any) -> None:
    bare = {"article_type": "newspic", "title": "题", "content": "文", "image_info": pictures}

    assert stage.code(ADD, {"articles": [bare]}) == 40097


def test_an_article_of_pictures_shows_material_that_is_kept(stage: Stage) -> None:
    listed = [{"image_media_id": a_cover(stage, "image")}]
    good = {"article_type": "newspic", "title": "题", "content": "文", "image_info": {"image_list": listed}}
    media_id = a_draft(stage, good)
    lost = {**good, "image_info": {"image_list": [{"image_media_id": "none"}]}}

    assert stage.post("/cgi-bin/draft/get", {"media_id": media_id})["news_item"][0]["image_info"] == {
        "image_list": listed
    }
    assert stage.code(ADD, {"articles": [lost]}) == 40007


def test_scripts_foreign_pictures_and_foreign_links_are_left_out(stage: Stage) -> None:
    own = stage.upload("/cgi-bin/media/uploadimg", JPG)["url"]
    content = (
        f'<p>甲<script>alert(1)</script><img src="{own}"><img alt="x" src="https://a.example/1.png">'
        '<a href="https://a.example/">乙</a><a href="https://mp.weixin.qq.com/s/1">丙</a></p>'
    )
    (kept,) = stage.post("/cgi-bin/draft/get", {"media_id": a_draft(stage, an_article(stage, content=content))})[
        "news_item"
    ]

    assert kept["content"] == f'<p>甲<img src="{own}">乙<a href="https://mp.weixin.qq.com/s/1">丙</a></p>'


def test_drafts_are_listed_with_or_without_their_contents(stage: Stage) -> None:
    a_draft(stage)
    whole, short = (
        stage.post("/cgi-bin/draft/batchget", {"offset": 0, "count": 20, "no_content": bare})["item"][0]["content"]
        for bare in (0, 1)
    )

    assert whole["news_item"][0]["content"] == "正文"
    assert "content" not in short["news_item"][0]
    assert stage.code("/cgi-bin/draft/batchget", {"offset": 0, "count": 21}) == 40097


def test_a_publication_is_told_with_where_its_articles_stand(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        publish_id = stage.post(SUBMIT, {"media_id": a_draft(stage)})["publish_id"]
        told = heard(bot, "PUBLISHJOBFINISH")
        known = stage.post(GET, {"publish_id": publish_id})
        info = told["PublishEventInfo"]

        assert (info["publish_id"], info["publish_status"], info["article_id"]) == (
            publish_id,
            "0",
            known["article_id"],
        )
        assert info["article_detail"] == {
            "count": "1",
            "item": {"idx": "1", "article_url": known["article_detail"]["item"][0]["article_url"]},
        }
        assert told["FromUserName"] != openid
        assert stage.texts(openid) == []


def test_a_publication_that_is_refused_names_its_articles(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, _):
        stage.phone("knobs", preset="publish_refused")
        publish_id = stage.post(SUBMIT, {"media_id": a_draft(stage)})["publish_id"]
        info = heard(bot, "PUBLISHJOBFINISH")["PublishEventInfo"]
        known = stage.post(GET, {"publish_id": publish_id})

        assert (info["publish_status"], info["fail_idx"]) == ("4", "1")
        assert known == {"publish_id": publish_id, "publish_status": 4, "fail_idx": [1]}


def test_a_publication_that_takes_long_is_running_and_tells_nothing(stage: Stage) -> None:
    stage.phone("knobs", preset="publish_runs")
    publish_id = stage.post(SUBMIT, {"media_id": a_draft(stage)})["publish_id"]

    assert stage.post(GET, {"publish_id": publish_id})["publish_status"] == 1
    assert stage.http.get("/sandbox/wire", query_string={"direction": "out"}).get_json() == []


@pytest.mark.parametrize("account", [{"verified": False}, {"kind": "subscription", "verified": False}])
def test_an_unverified_account_writes_drafts_and_publishes_none(tmp_path: Path, account: dict[str, Any]) -> None:
    with a_stage(tmp_path, an_account(**account)) as stage:
        stage.signs_in()
        media_id = a_draft(stage)
        paths = ("submit", "get", "getarticle", "batchget", "delete")

        assert [stage.code(f"/cgi-bin/freepublish/{path}", {"media_id": media_id}) for path in paths] == [48001] * 5
        assert stage.get("/cgi-bin/draft/count")["total_count"] == 1


@pytest.mark.parametrize(
    ("path", "a_day"),
    [("draft/get", 500), ("draft/update", 1000), ("freepublish/get", 100), ("freepublish/delete", 10)],
)
def test_each_call_has_its_quota_of_the_day(tmp_path: Path, path: str, a_day: int) -> None:
    spend(tmp_path, f"/cgi-bin/{path}", a_day - 1)
    with a_stage(tmp_path) as stage:
        stage.signs_in()

        assert stage.code(f"/cgi-bin/{path}", {"media_id": "none"}) not in {0, 45009}
        assert stage.code(f"/cgi-bin/{path}", {"media_id": "none"}) == 45009


def test_what_is_published_can_be_sent_to_a_member(stage: Stage) -> None:
    openid = stage.a_follower()
    publish_id = stage.post(SUBMIT, {"media_id": a_draft(stage)})["publish_id"]
    article_id = stage.post(GET, {"publish_id": publish_id})["article_id"]
    sent, lost = (
        stage.code(
            "/cgi-bin/message/custom/send",
            {"touser": openid, "msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": one}},
        )
        for one in (article_id, "none")
    )

    assert (sent, lost) == (0, 53600)
    assert stage.texts(openid) == ["要闻\n正文"]
