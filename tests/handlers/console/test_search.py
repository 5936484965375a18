"""One box finds digests, questions, runs, measures and files by their words, and nothing that one may not open."""

import re

import pytest

from storage.admins import Grant
from tests.content.builders import a_bank, a_digest, a_pack, a_question
from tests.handlers.pack.desk import sends
from tests.house import a_town

WORD = "石榴"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    files = {
        "digests/first.md": a_digest("> 石榴园里的组织生活。\n", publish_at="2027-11-23 08:00"),
        "quizzes/basics.toml": a_bank(a_question(stem="石榴园归谁管？")),
        "replies/shiliu.toml": 'title = "石榴"\nwords = "已经知道了。"\n',
    }
    folder = a_pack(tmp_path / "pack", files)
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    said = {"way": "named", "category": "工作建议", "words": "石榴园的门打不开了，请看一看", "name": "李石榴"}
    assert town.mini(account="official").post("/opinion", said).status == 201
    town.signs_in("值班员")
    yield town
    town.house.close()


def finds(town, words):
    page = town.client.get("/admin/search", query_string={"q": words})
    return re.findall(r'<li class="list-group-item text-break"><a href="([^"]+)">([^<]+)</a>', page.text)


def test_what_has_the_words_is_found_wherever_it_is_and_no_opinion(town):
    sends(town, "/admin/measure/", problem="石榴园的门坏了", measure="修好", responsible="值班员", until="2026-12-01")
    found = {said: link for link, said in finds(town, WORD)}

    assert set(found) == {"一条要闻", "石榴园归谁管？", "石榴园的门坏了", "石榴"}
    assert finds(town, f"{WORD} 组织生活") == [("/admin/content/files/digests/first.md", "一条要闻")]
    assert finds(town, "没有这样的") == finds(town, " ") == []


def test_nobody_finds_what_they_may_not_open(town):
    town.signs_in("纪检委员", Grant("discipline"))

    assert finds(town, WORD) == []
