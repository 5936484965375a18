"""What the tests of the quiz may ask for."""

import pytest

from tests.content.builders import a_bank, a_pack
from tests.handlers.quiz.small import SEVEN, Small
from tests.house import a_town


@pytest.fixture
def small(tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"quizzes/basics.toml": a_bank(*SEVEN)})
    made = Small(a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)}), folder)
    yield made
    made.town.house.close()
