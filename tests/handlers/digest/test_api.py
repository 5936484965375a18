"""The digests by the API: lists in pages, one in its voices, and what hasn't changed isn't sent again."""

import pytest

from tests.handlers.digest.conftest import bind

pytestmark = pytest.mark.variant


@pytest.fixture
def mini(town):
    return town.mini()


def slugs(answer):
    return [each["slug"] for each in answer.body["items"]]


def test_the_newest_come_first_and_only_those_that_are_out(mini):
    listed = mini.get("/digest/items", limit=3)

    assert slugs(listed) == ["today", "rule", "past-11"]
    assert listed.body["total"] == 14
    assert listed.body["items"][1]["source"]


def test_the_pages_hang_together_and_the_last_one_says_so(mini):
    page = mini.get("/digest/items", limit=4)
    found = slugs(page)
    while page.body["next"]:
        page = mini.get("/digest/items", limit=4, after=page.body["next"])
        found += slugs(page)

    assert len(found) == len(set(found)) == 14
    assert found == slugs(mini.get("/digest/items", limit=50))


def test_a_page_behind_what_was_withdrawn_is_refused_and_not_guessed(mini):
    refused = mini.get("/digest/items", after="withdrawn")

    assert (refused.status, refused.code, refused.body["field"]) == (422, "invalid", "after")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "policy"}, ["rule", "long"]),
        ({"topic": "dangzhang", "limit": 2}, ["rule", "past-11"]),
        ({"topic": "nothing on it"}, []),
        ({"q": "比例"}, ["rule"]),
        ({"q": "比例", "kind": "news"}, []),
        ({"q": "没有这些字"}, []),
    ],
    ids=["a kind", "a topic", "an empty topic", "words", "words and a kind", "words nowhere"],
)
def test_a_list_is_what_was_asked_for(mini, query, expected):
    assert slugs(mini.get("/digest/items", **query)) == expected


@pytest.mark.parametrize(
    ("query", "field"), [({"kind": "gossip"}, "kind"), ({"limit": 51}, "limit"), ({"limit": "x"}, "limit")]
)
def test_a_query_that_can_not_be_meant_is_refused_by_its_field(mini, query, field):
    refused = mini.get("/digest/items", **query)

    assert (refused.status, refused.code, refused.body["field"]) == (422, "invalid", field)


def test_one_digest_is_told_in_its_voices(mini):
    rule = mini.get("/digest/items/rule").body

    assert [part["voice"] for part in rule["parts"]] == ["report", "official", "report", "own", "official"]
    assert (rule["doc_no"], rule["issued_on"], rule["source_url"]) == (
        "示例〔2026〕1号",
        "2026-11-18",
        "https://example.org/rule",
    )
    assert rule["day"] == "2026-11-20"


@pytest.mark.parametrize("slug", ["tomorrow", "over", "within", "nothing", "..%2f..%2faccount"])
def test_what_is_not_out_or_not_for_the_reader_is_not_there(mini, slug):
    missing = mini.get(f"/digest/items/{slug}")

    assert (missing.status, missing.code) == (404, "no_such_digest" if "%" not in slug else "not_found")


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 404)])
def test_what_is_for_an_organisation_is_read_by_who_is_bound_to_it(town, mini, verified, status):
    bind(town, "zhibu", verified=verified)

    assert mini.get("/digest/items/within").status == status


def test_topics_are_those_with_something_to_read(mini):
    topics = {each["id"]: each["count"] for each in mini.get("/digest/topics").body["items"]}

    assert topics["dangzhang"] == 12
    assert 0 not in topics.values()


@pytest.mark.parametrize("path", ["/digest/items", "/digest/items/rule", "/digest/topics"])
def test_what_was_read_before_and_is_the_same_is_not_sent_again(mini, path):
    first = mini.get(path)
    again = mini.get(path, headers={"If-None-Match": first.headers["ETag"]})
    other = mini.get(path, headers={"If-None-Match": '"another"'})

    assert (again.status, again.body) == (304, None)
    assert other.body == first.body
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]


def test_what_changed_is_sent_whatever_was_read_before(town, mini, paper):
    first = mini.get("/digest/items/today")
    file = paper / "digests" / "today.md"
    file.write_text(file.read_text().replace("今天的正文。", "改过的正文。"))
    town.house.shelf.look()
    town.house.shelf.look()
    again = mini.get("/digest/items/today", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status == 200
    assert again.body["parts"][0]["plain"] == "改过的正文。"
