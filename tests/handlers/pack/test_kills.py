"""A writer that is killed between the file and the note, or before both: what became of it is told by the file."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.pack import Changes, State
from tests.content.builders import a_digest
from tests.handlers.pack.desk import a_desk, presses, saves

ROOT = Path(__file__).parents[3]
FILE = "digests/first.md"
DYING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from content.agreement import Known
from content.shelf import Shelf
from content.workshop import Workshop
from handlers.pack import Desk
from storage.db import Database
from storage.pack import Changes

class DiesBefore(Changes):
    def begin_writing(self, *said, **named):
        super().begin_writing(*said, **named)
        os.kill(os.getpid(), signal.SIGKILL)

class DiesAfter(Changes):
    def written(self, *said, **named):
        os.kill(os.getpid(), signal.SIGKILL)

folder, url, when, change = sys.argv[1:]
kept = {"before": DiesBefore, "after": DiesAfter}[when](Database(url))
clock = lambda: kept.get(change).at
shelf = Shelf(Path(folder), zone=UTC, clock=clock)
shop = Workshop(folder=Path(folder), zone=UTC, known=Known(), shelf=shelf)
Desk(shelf=shelf, workshop=shop, changes=kept, previews=lambda: (), clock=clock).take(kept.get(change))
"""


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_desk(tmp_path, database_url, redis_url)
    town.signs_in("甲")
    yield town
    town.house.close()


@pytest.mark.parametrize(
    ("when", "state", "title"), [("after", State.DONE, "新的"), ("before", State.DRAFT, "一条要闻")]
)
def test_what_a_killed_writer_left_is_noted(town, when, state, title):
    mine = saves(town, FILE, a_digest(title="新的"))
    change, changes = mine.request.path.rpartition("/")[2], Changes(town.house.db)

    def stands() -> State | None:
        found = changes.get(change)
        return found.state if found else None

    command = [sys.executable, "-c", DYING, str(town.settings.content.folder), town.house.db.url, when, change]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert (killed.returncode, stands()) == (-9, State.WRITING)
    assert "没有换上" in presses(town, mine, "take").text

    town.clock.forward(minutes=1)
    town.client.get("/admin/content")
    assert stands() is state
    assert title in (town.settings.content.folder / FILE).read_text()
    assert [path.name for path in (town.settings.content.folder / "digests").iterdir()] == ["first.md"]
    if state is State.DRAFT:
        assert "换上了" in presses(town, town.client.get(mine.request.path), "take").text
