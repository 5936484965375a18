"""A good change is taken within two seconds, a bad one never."""

import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from content.agreement import Known
from content.faults import BadContent
from content.library import Library
from content.shelf import Shelf

from .builders import ZONE, a_bank, a_digest, a_pack, a_question, write

START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return a_pack(tmp_path, {"phrases.toml": None})


def a_shelf(folder: Path, **changed: Any) -> Shelf:
    return Shelf(folder, zone=ZONE, clock=lambda: START, **changed)


def looked(shelf: Shelf, times: int = 2) -> Shelf:
    for _ in range(times):
        shelf.look()
    return shelf


def test_a_bad_pack_stops_the_start(folder):
    write(folder / "account.toml", "name =")

    with pytest.raises(BadContent):
        a_shelf(folder)


def test_what_was_read_before_is_not_read_again(folder):
    before = a_shelf(folder).current()
    write(folder / "digests/first.md", a_digest(title="改了"))

    after = a_shelf(folder, previous=before).current()

    assert after.digests["first"].title == "改了"
    assert [file for file in after.sources if after.sources[file] is not before.sources[file]] == ["digests/first.md"]


def test_a_good_change_is_taken(folder):
    shelf = a_shelf(folder)
    write(folder / "digests/first.md", a_digest(title="改了"))

    assert looked(shelf).current().digests["first"].title == "改了"


def test_a_file_still_being_written_is_left_alone(folder):
    shelf = a_shelf(folder)
    text = a_bank(a_question("q1"), a_question("q2"), a_question("q3"))

    for end in range(100, len(text), 20):
        write(folder / "quizzes/basics.toml", text[:end])
        looked(shelf, 1)

        assert (len(shelf.current().questions), shelf.fault) == (2, None)

    write(folder / "quizzes/basics.toml", text)

    assert len(looked(shelf).current().questions) == 3


def test_a_bad_change_keeps_the_good_pack_and_says_why(folder):
    shelf = a_shelf(folder)
    good = shelf.current()
    write(folder / "digests/first.md", a_digest(kind="坏"))

    looked(shelf)

    assert shelf.current() is good
    assert [(fault.file, fault.line) for fault in shelf.fault or ()] == [("digests/first.md", 3)]


def test_one_bad_file_holds_back_a_good_one_too(folder):
    shelf = a_shelf(folder)
    write(folder / "digests/first.md", a_digest(kind="坏"))
    write(folder / "digests/second.md", a_digest())

    assert list(looked(shelf).current().digests) == ["first"]


def test_mending_a_bad_change_takes_everything(folder):
    shelf = a_shelf(folder)
    write(folder / "digests/first.md", a_digest(kind="坏"))
    write(folder / "digests/second.md", a_digest())
    looked(shelf)
    write(folder / "digests/first.md", a_digest(title="好了"))

    looked(shelf)

    assert (shelf.fault, sorted(shelf.current().digests)) == (None, ["first", "second"])


def test_a_bad_state_is_tried_once(folder):
    shelf = a_shelf(folder)
    write(folder / "digests/first.md", a_digest(kind="坏"))
    fault = looked(shelf).fault

    looked(shelf, 5)

    assert shelf.fault is fault


def test_those_who_wait_for_a_change_hear_of_it_once(folder):
    heard: list[Library] = []
    shelf = a_shelf(folder, on_change=heard.append)
    write(folder / "digests/first.md", a_digest(title="改了"))

    looked(shelf, 5)

    assert heard == [shelf.current()]


def test_a_folder_that_is_away_keeps_the_good_pack(folder):
    shelf = a_shelf(folder)
    away = folder.rename(folder.with_name("away"))

    looked(shelf)

    assert len(shelf.current().questions) == 2
    assert [fault.what for fault in shelf.fault or ()] == ["没有这个文件夹"]

    away.rename(folder)

    assert looked(shelf).fault is None


def test_the_programs_own_names_are_checked(folder):
    shelf = a_shelf(folder, known=Known(menu_keys=frozenset({"help"})))

    assert [(advice.file, "quiz.daily" in advice.what) for advice in shelf.current().advice] == [("menu.toml", True)]


def test_a_change_is_checked_against_the_programs_names_too(folder):
    shelf = a_shelf(folder, known=Known(menu_keys=frozenset({"quiz.daily"})))
    menu = (folder / "menu.toml").read_text()
    write(folder / "menu.toml", menu.replace("quiz.daily", "quiz.gone"))

    assert [advice.line for advice in looked(shelf).current().advice] == [7]


@pytest.mark.quiet
def test_the_watch_takes_a_change_within_two_seconds(folder):
    shelf = a_shelf(folder)
    shelf.watch()
    write(folder / "digests/first.md", a_digest(title="改了"))
    begun = time.monotonic()

    while shelf.current().digests["first"].title != "改了" and time.monotonic() < begun + 5:
        time.sleep(0.02)
    took = time.monotonic() - begun
    shelf.stop()

    assert took < 2


@pytest.mark.quiet
def test_the_watch_outlives_one_who_fails_to_hear(folder):
    def fails(library):
        raise RuntimeError

    shelf = a_shelf(folder, on_change=fails)
    shelf.watch()
    for title in ("一改", "二改"):
        write(folder / "digests/first.md", a_digest(title=title))
        begun = time.monotonic()
        while shelf.current().digests["first"].title != title and time.monotonic() < begun + 5:
            time.sleep(0.02)
    shelf.stop()

    assert shelf.current().digests["first"].title == "二改"


@pytest.mark.quiet
def test_a_big_pack_takes_a_small_change_fast(tmp_path):
    folder = a_pack(tmp_path, {"phrases.toml": None})
    for number in range(500):
        write(folder / f"digests/d{number}.md", a_digest(title=f"第{number}条"))
    write(folder / "quizzes/big.toml", a_bank(*(a_question(f"big-{number}") for number in range(2000))))
    shelf = a_shelf(folder)
    before = shelf.current().sources
    write(folder / "digests/d7.md", a_digest(title="改了"))

    begun = time.process_time()  # of this process alone: others on the machine may be as busy as they like
    after = looked(shelf).current().sources
    took = time.process_time() - begun

    assert shelf.current().digests["d7"].title == "改了"
    assert [file for file, source in after.items() if source is not before.get(file)] == ["digests/d7.md"]
    assert took < 2


class TestTheLastGoodPack:
    """Kept in a file, so that a process that starts on a bad pack serves what the others still serve."""

    @pytest.fixture
    def spare(self, tmp_path):
        return tmp_path / "var" / "last-good-pack.zip"

    def test_serves_a_process_that_starts_on_a_bad_one_and_the_fault_is_told(self, folder, spare):
        a_shelf(folder, spare=spare)
        write(folder / "account.toml", "name =")

        late = a_shelf(folder, spare=spare)

        assert late.current().account.name == a_shelf_of(spare).current().account.name
        assert [fault.file for fault in late.fault or ()] == ["account.toml"]

    def test_is_the_newest_good_one(self, folder, spare):
        shelf = a_shelf(folder, spare=spare)
        write(folder / "digests/first.md", a_digest(title="改了"))
        looked(shelf)
        write(folder / "digests/first.md", "坏了")
        looked(shelf)

        assert a_shelf(folder, spare=spare).current().digests["first"].title == "改了"

    def test_gives_way_once_the_folder_is_good_again(self, folder, spare):
        good = (folder / "account.toml").read_text()
        a_shelf(folder, spare=spare)
        write(folder / "account.toml", "name =")
        late = a_shelf(folder, spare=spare)
        write(folder / "account.toml", good.replace("name = ", 'name = "新名字" #'))

        assert looked(late).fault is None
        assert late.current().account.name == "新名字"

    def test_that_is_damaged_is_as_good_as_none(self, folder, spare):
        a_shelf(folder, spare=spare)
        spare.write_bytes(spare.read_bytes()[:100])
        write(folder / "account.toml", "name =")

        with pytest.raises(BadContent):
            a_shelf(folder, spare=spare)

    def test_is_not_written_again_while_nothing_changes(self, folder, spare):
        a_shelf(folder, spare=spare)
        before = spare.stat().st_ino
        a_shelf(folder, spare=spare)

        assert spare.stat().st_ino == before
        assert [each.name for each in spare.parent.iterdir()] == [spare.name]

    def test_that_can_not_be_written_costs_nothing_else(self, folder, tmp_path):
        (tmp_path / "var").write_text("a file where the folder should be")

        assert a_shelf(folder, spare=tmp_path / "var" / "last.zip").fault is None


def a_shelf_of(spare: Path) -> Shelf:
    """What was kept, by itself."""
    folder = spare.parent / "seen"
    with zipfile.ZipFile(spare) as kept:
        kept.extractall(folder)
    return a_shelf(folder)
