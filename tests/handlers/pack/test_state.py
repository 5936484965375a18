"""The state of the pack, as admins see it."""

import fcntl
import threading
import time
import tomllib
from pathlib import Path

import pytest

from content import files, reading
from content import words as words_of
from handlers import pack
from handlers.pack.admin.new_files import STARTERS
from tests.content.builders import MENU, a_bank, a_digest, a_pack, a_question, write
from tests.house import a_town

pytestmark = pytest.mark.variant


@pytest.fixture
def folder(tmp_path):
    """A pack with a button that nobody answers."""
    menu = MENU.replace("quiz.daily", "quiz.nothing")
    return a_pack(tmp_path / "pack", {"phrases.toml": None, "menu.toml": menu})


@pytest.fixture
def town(tmp_path, folder, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    town.signs_in("值班员")
    yield town
    town.house.close()


def test_advice_is_shown_while_the_content_is_used(town):
    page = town.client.get("/admin/content").text

    assert "内容没有错误" in page
    assert "有 1 处可以改得更好" in page
    assert "程序不认识 key “quiz.nothing”" in page


def test_faults_are_shown_with_the_advice_on_what_is_used(town, folder):
    write(folder / "digests/first.md", a_digest(kind="坏"))
    town.house.shelf.look()
    town.house.shelf.look()

    page = town.client.get("/admin/content").text

    assert "有 1 处要改" in page
    assert page.index("kind 不能是“坏”") < page.index("quiz.nothing")


@pytest.mark.parametrize("changed", [{"answer": ["z"]}, {"without": ["source"]}], ids=["faults", "advice"])
def test_of_what_is_wrong_everywhere_the_first_are_shown_and_all_are_counted(town, folder, changed):
    write(folder / "menu.toml", MENU)
    town.house.shelf.look()
    town.house.shelf.look()
    write(folder / "quizzes/basics.toml", a_bank(*(a_question(f"q{number}", **changed) for number in range(101))))
    town.house.shelf.look()
    town.house.shelf.look()

    page = town.client.get("/admin/content").text

    assert "有 101 处" in page
    assert "这里是前 100 处" in page
    assert page.count('<li class="list-group-item">') == 100


def test_while_a_large_bank_is_read_that_is_said(town, folder):
    shelf, kept = town.house.shelf, town.settings.storage.folder / "compiled"
    kept.mkdir(parents=True, exist_ok=True)
    write(folder / "quizzes/basics.toml", a_bank(*(a_question(f"q{n}", explanation="长" * 400) for n in range(60))))
    shelf.look()
    reading = threading.Thread(target=shelf.look)
    with (kept / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        reading.start()
        while reading.is_alive() and not shelf.is_reading:
            time.sleep(0.01)
        page = town.client.get("/admin/content").text
    reading.join()

    assert ("正在换上新改的内容" in page, len(shelf.current().questions)) == (True, 60)
    assert "正在换上" not in town.client.get("/admin/content").text


def test_good_content_shows_no_advice(town, folder):
    write(folder / "menu.toml", MENU)
    town.house.shelf.look()
    town.house.shelf.look()

    assert "建议" not in town.client.get("/admin/content").text


def test_every_kind_of_file_has_a_name():
    words = tomllib.loads((Path(pack.__file__).with_name("words.toml")).read_text("utf-8"))

    assert set(words["kinds"]) == set(files.KINDS)


@pytest.mark.parametrize("path", sorted(STARTERS.iterdir()), ids=lambda path: path.name)
def test_what_a_new_file_begins_with_can_be_read(path):
    kind = path.stem
    assert kind in files.KINDS
    made = {".toml": reading.toml, ".md": reading.markdown}.get(path.suffix, words_of.template)(path.read_text("utf-8"))

    assert made
