"""A digest's pictures: on its page, for feed readers, in the mini-program and in plain files; its words in the chat."""

import pytest

from content.models import pictured
from handlers.digest.pages import Plain
from tests.content.builders import PNG, a_digest, write
from tests.handlers.digest.conftest import SITE

pytestmark = pytest.mark.alike

NAME, QUOTED = "徽.png", "%E5%BE%BD.png"
BODY = f"看这一枚。\n\n![一枚徽章](../pictures/{NAME})\n\n> 原文。"


@pytest.fixture
def paper(paper):
    """The paper, with a picture in its newest piece."""
    write(paper / "digests/today.md", a_digest(BODY, title="示例今日要闻"))
    write(paper / "pictures" / NAME, PNG)
    return paper


def test_the_page_shows_it_and_whoever_asks_for_it_gets_it(town):
    page = town.client.get("/p/digest/today")
    picture = town.client.get(f"/p/pictures/{QUOTED}")

    assert f'<img src="/p/pictures/{QUOTED}" alt="一枚徽章">' in page.text
    assert (picture.status_code, picture.data, picture.mimetype) == (200, PNG, "image/png")
    assert picture.cache_control.public


@pytest.mark.parametrize("name", ["nichts.png", "..%2Faccount.toml"])
@pytest.mark.parametrize("at", ["/p/pictures", "/p/quiz/pictures"])
def test_only_pictures_of_the_pack_are_given(town, at, name):
    assert town.client.get(f"{at}/{name}").status_code == 404


def test_a_link_of_old_still_leads_to_it(town):
    assert town.client.get(f"/p/quiz/pictures/{QUOTED}").data == PNG


def test_the_chat_says_what_it_shows(town):
    phone = town.phone()
    phone.says("要闻")

    assert "［图：一枚徽章］" in phone.says("1")


def test_who_shows_it_elsewhere_has_its_whole_address(town):
    whole = f'<img src="{SITE}/p/pictures/{QUOTED}" alt="一枚徽章">'
    parts = town.mini().get("/digest/items/today").body["parts"]
    fed = town.client.get("/feeds/digests.json").get_json(force=True)["items"][0]["content_html"]

    assert (whole in parts[0]["html"], whole in fed) == (True, True)


def test_plain_files_have_it_beside_them(town):
    files = dict(Plain(library=town.house.shelf.current(), zone=town.settings.zone, now=town.clock()).files())

    assert files[f"pictures/{NAME}"] == PNG
    assert f'<img src="../pictures/{QUOTED}" alt="一枚徽章">' in files["digest/today.html"]


def test_a_digest_knows_the_files_that_it_shows(town):
    digest = town.house.shelf.current().digests["today"]

    assert digest.pictures == (NAME,)
    assert pictured(digest.html, "/{}".format).count(f'src="/{NAME}"') == 1
