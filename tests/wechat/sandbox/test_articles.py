"""Drafts and publishing, typed from wechat-platform.md §2.3 and §3.6."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import SIZES, a_page, faults
from tests.wechat.sandbox.stage import Stage, a_stage, an_account, served, spend
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


# -- where articles stand


def published_at(stage: Stage, *articles: dict[str, Any]) -> list[str]:
    job = stage.post(SUBMIT, {"media_id": a_draft(stage, *articles)})["publish_id"]
    return [item["article_url"] for item in stage.post(GET, {"publish_id": job})["article_detail"]["item"]]


def test_the_address_of_a_published_article_opens(stage: Stage) -> None:
    first, second = published_at(
        stage,
        an_article(stage, title="开学 <i>", author="宣传委员", content="<p>第一讲</p>"),
        an_article(stage, title="结业", content_source_url="https://a.example/source"),
    )
    pages = [stage.http.get(urlsplit(url).path) for url in (first, second)]

    assert [page.status_code for page in pages] == [200, 200]
    assert "开学 &lt;i&gt;" in pages[0].text
    assert "<p>第一讲</p>" in pages[0].text
    assert "宣传委员 · official · 2026-11-23 12:00" in pages[0].text
    assert 'href="https://a.example/source"' in pages[1].text
    assert "阅读原文" not in pages[0].text


def test_nothing_runs_on_an_articles_page(stage: Stage) -> None:
    (url,) = published_at(stage, an_article(stage, content='<p onclick="x()">好</p>'))
    policy = stage.http.get(urlsplit(url).path).headers["Content-Security-Policy"]

    assert policy.startswith("sandbox allow-popups; default-src 'none';")
    assert "script-src" not in policy


def test_a_deleted_article_says_so_at_its_address(stage: Stage) -> None:
    job = stage.post(SUBMIT, {"media_id": a_draft(stage, an_article(stage, title="要撤下的"))})["publish_id"]
    known = stage.post(GET, {"publish_id": job})
    url = known["article_detail"]["item"][0]["article_url"]
    stage.post("/cgi-bin/freepublish/delete", {"article_id": known["article_id"]})
    page = stage.http.get(urlsplit(url).path)
    after = stage.post(GET, {"publish_id": job})

    assert page.status_code == 404
    assert "该内容已被发布者删除" in page.text
    assert "要撤下的" not in page.text
    assert (after["publish_status"], "article_detail" in after) == (5, False)


@pytest.mark.parametrize("word", ["none", "%", "_" * 22, "a'b"])
def test_no_article_stands_at_a_made_up_address(stage: Stage, word: str) -> None:
    published_at(stage)

    assert stage.http.get(f"/s/{quote(word)}").status_code == 404


def test_an_article_may_link_to_another_of_here(stage: Stage) -> None:
    (first,) = published_at(stage)
    (second,) = published_at(
        stage, an_article(stage, content=f'<a href="{first}">上一篇</a><a href="https://b.example/">别处</a>')
    )
    page = stage.http.get(urlsplit(second).path).text

    assert f'<a href="{first}">上一篇</a>' in page
    assert "b.example" not in page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.browser
def test_an_article_is_read_on_a_phone(tmp_path: Path, browser: Browser, size: str) -> None:
    with a_stage(tmp_path) as stage, served(stage.app) as address:
        stage.signs_in()
        long = "<p>" + "深入学习贯彻会议精神，把学习成果落到实处。" * 12 + "</p>"
        (url,) = published_at(
            stage, an_article(stage, title="支部学习纪要：第三季度", author="宣传委员", content=long * 3)
        )
        with a_page(browser, f"{address}{urlsplit(url).path}", size) as page:
            expect(page.get_by_role("heading", level=1)).to_have_text("支部学习纪要：第三季度")
            page.screenshot(path=tmp_path / f"{size}-article.png", full_page=True)

            assert faults(page) == []
