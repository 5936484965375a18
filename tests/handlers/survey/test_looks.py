"""Results on a small phone: how many chose what stands beside it, however long it is."""

import pytest

from tests.browser import a_page
from tests.content.builders import a_pack
from tests.handlers.survey.test_survey import FILE, RESULTS, ends
from tests.house import a_town
from tests.wechat.sandbox.stage import served

pytestmark = [pytest.mark.alike, pytest.mark.browser]

LONG = "饭菜的味道，特别是早餐和夜班的，还有逢年过节的"
WIDTHS = "() => [...document.querySelectorAll('dl.source dd')].map((each) => each.getBoundingClientRect().width)"


def test_a_long_option_leaves_room_for_its_number(browser, tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"surveys/shitang.toml": FILE.replace("味道", LONG)})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    for _ in range(6):
        reader = town.reader()
        reader.get("/p/survey")
        reader.post("/p/survey")
        reader.post("/p/survey", {"q-hao": "5", "q-gai": "wei"})
    ends(town)
    with served(town.client.application) as web, a_page(browser, f"{web}{RESULTS}", "phone") as page:
        page.set_viewport_size({"width": 320, "height": 640})
        widths = page.evaluate(WIDTHS)
    town.house.close()

    assert len(widths) > 6
    assert min(widths) > 80  # five characters
