"""The digests for feed readers: the same in Atom and as a JSON Feed, and nothing that isn't for everybody."""

import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from defusedxml.ElementTree import fromstring

from content import feeds
from tests.content.builders import a_digest, write
from tests.handlers.digest.conftest import SITE
from tests.house import Clock, a_town

pytestmark = pytest.mark.alike

ATOM, JSON = "/feeds/digests.atom", "/feeds/digests.json"
NS = "{http://www.w3.org/2005/Atom}"


def atom(town: Any) -> Any:
    return fromstring(town.client.get(ATOM).data)


def entries(town: Any) -> list[dict[str, str]]:
    """What an Atom reader sees of each entry."""
    return [
        {
            "id": each.findtext(f"{NS}id"),
            "title": each.findtext(f"{NS}title"),
            "link": next(link.get("href") for link in each.iter(f"{NS}link") if link.get("rel") in {None, "alternate"}),
            "published": each.findtext(f"{NS}published"),
            "updated": each.findtext(f"{NS}updated"),
            "summary": each.findtext(f"{NS}summary"),
            "content": each.findtext(f"{NS}content"),
            "author": each.findtext(f"{NS}author/{NS}name"),
        }
        for each in atom(town).iter(f"{NS}entry")
    ]


def items(town: Any) -> list[dict[str, Any]]:
    return list(town.client.get(JSON).get_json(force=True)["items"])


def look(town: Any) -> None:
    """Let a change of the pack be taken."""
    for _ in range(2):
        town.house.shelf.look()


def test_both_feeds_have_what_is_out_and_public_the_newest_first(town):
    titles = [each["title"] for each in entries(town)]

    assert titles[:3] == ["示例今日要闻", "示例规定", "示例要闻之11"]
    assert not {"示例明日要闻", "示例过期要闻", "示例内部政策"} & set(titles)
    assert [each["title"] for each in items(town)] == titles


def test_an_entry_of_atom_is_whole(town):
    rule = entries(town)[1]

    assert UUID(rule["id"].removeprefix("urn:uuid:"))
    assert rule["link"] == f"{SITE}/p/digest/rule"
    assert (rule["published"], rule["updated"]) == ("2026-11-20T08:00:00+08:00",) * 2
    assert (rule["summary"], rule["author"]) == ("比例的一句话", "示例来源")
    expected = ("原文", "示例原文第一句", "本号编写，不是原文", "出处", "示例〔2026〕1号")
    assert [words for words in expected if words not in rule["content"]] == []
    assert "<script" not in rule["content"]


def test_the_head_of_atom_says_what_rfc_4287_asks_for(town):
    feed, response = atom(town), town.client.get(ATOM)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{NS}link")}

    assert response.mimetype == "application/atom+xml"
    assert links == {"alternate": f"{SITE}/p/digest", "self": f"{SITE}{ATOM}"}
    assert feed.findtext(f"{NS}title") == "示例学习号"
    assert feed.findtext(f"{NS}author/{NS}name") == "示例党委"
    assert feed.findtext(f"{NS}updated") == "2026-11-23T08:00:00+08:00"


def test_the_json_feed_says_what_its_version_asks_for(town):
    response = town.client.get(JSON)
    feed = response.get_json(force=True)
    rule = feed["items"][1]

    assert response.mimetype == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["home_page_url"], feed["feed_url"]) == (f"{SITE}/p/digest", f"{SITE}{JSON}")
    assert (rule["url"], rule["external_url"]) == (f"{SITE}/p/digest/rule", "https://example.org/rule")
    assert (rule["date_published"], rule["tags"]) == ("2026-11-20T08:00:00+08:00", ["党章党规"])
    assert rule["id"] == entries(town)[1]["id"]
    assert rule["content_html"] == entries(town)[1]["content"]


def test_a_name_stays_wherever_the_site_is_and_whatever_is_written(town, paper, tmp_path, database_url, redis_url):
    before = {each["title"]: each["id"] for each in items(town)}
    write(paper / "digests" / "rule.md", a_digest(title="改过的规定", kind="policy", publish_at="2026-11-21 08:00"))
    content, web = {"folder": str(paper)}, {"public_url": "https://b.example.org"}
    elsewhere = a_town(tmp_path, database=database_url, redis=redis_url, content=content, web=web)
    after = {each["title"]: each["id"] for each in items(elsewhere)}
    elsewhere.house.close()

    assert len(set(before.values())) == len(before)
    assert after.pop("改过的规定") == before.pop("示例规定")
    assert after == before


def test_without_an_address_of_its_own_the_site_is_where_it_is_asked_for(paper, tmp_path, database_url, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(paper)})

    assert items(town)[0]["url"] == "http://localhost/p/digest/today"
    town.house.close()


@pytest.mark.parametrize("path", [ATOM, JSON])
def test_what_has_not_changed_is_not_sent_again(town, path):
    first = town.client.get(path)
    same = town.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    since = town.client.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]})

    assert (same.status_code, same.data, since.status_code) == (304, b"", 304)
    assert first.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", [ATOM, JSON])
def test_what_came_out_was_taken_down_or_rewritten_is_sent_again(town, paper, path):
    def changed_after(*, span: timedelta = timedelta(), **files: str) -> list[int]:
        first = town.client.get(path)
        town.clock.at += timedelta(seconds=2) + span
        for name, text in files.items():
            write(paper / "digests" / f"{name}.md", text)
        look(town)
        asked = ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]})
        return [town.client.get(path, headers=each).status_code for each in asked]

    assert changed_after() == [304, 304]
    assert changed_after(today=a_digest(title="改过的要闻")) == [200, 200]
    assert changed_after(span=timedelta(days=1)) == [200, 200]
    assert changed_after(today=a_digest(title="要过期的", expire_at="2026-11-26 08:00")) == [200, 200]
    assert changed_after(span=timedelta(days=3)) == [200, 200]
    assert changed_after() == [304, 304]


def test_when_it_changed_last_is_a_time_of_http(town):
    told = town.client.get(ATOM).headers["Last-Modified"]

    assert told == format_datetime(town.clock().replace(microsecond=0), usegmt=True)


def test_a_paper_with_nothing_in_it_is_a_feed_too(tmp_path, paper, database_url, redis_url):
    for file in (paper / "digests").iterdir():
        file.unlink()
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(paper)}, clock=Clock())

    assert (entries(town), items(town)) == ([], [])
    assert atom(town).findtext(f"{NS}updated") == "2026-11-23T00:00:00+08:00"
    town.house.close()


def test_marks_of_xml_and_of_html_stand_as_they_were_written(town, paper):
    title = "《甲》<b>乙</b> & “丙” ]]> 丁"
    write(paper / "digests" / "today.md", a_digest("一 < 二 & 三", title=f'"{title}"', summary="<i>四</i>"))
    look(town)

    assert entries(town)[0]["title"] == title
    assert entries(town)[0]["summary"] == "<i>四</i>"
    assert "一 &lt; 二 &amp; 三" in entries(town)[0]["content"]
    assert items(town)[0]["title"] == title


def test_the_pages_lead_to_the_feeds(town):
    for page in ("/p/digest", "/p/digest/rule"):
        link = r'<link rel="alternate" type="([^"]+)" title="示例学习号" href="([^"]+)">'
        found = re.findall(link, town.client.get(page).text)

        assert found == [(feeds.ATOM_TYPE, ATOM), (feeds.JSON_TYPE, JSON)]


def test_a_feed_has_the_newest_fifty(town, paper):
    for number in range(60):
        write(paper / "digests" / f"many-{number}.md", a_digest(title=f"许多之{number}", publish_at="2026-11-22 08:00"))
    look(town)

    dates = [datetime.fromisoformat(each["date_published"]) for each in items(town)]
    assert len(dates) == 50
    assert dates == sorted(dates, reverse=True)
