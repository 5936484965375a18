"""Plain files for another web server: the whole of them in one step, or what was there before."""

import os
import threading
import time
from pathlib import Path

import pytest

import app
from commands import pages
from tests.commands.calls import call
from tests.house import write_config

FIRST = [("index.html", "一"), ("digest/a.html", "甲")]


def zhibu(folder, files=FIRST):
    return call(None, [pages.group(lambda _config: files)], "pages", "write", folder)


def test_a_picture_is_written_as_it_is(tmp_path):
    zhibu(tmp_path / "www", [("pictures/a.png", b"\x89PNG\r\n\x1a\n")])

    assert (tmp_path / "www" / "pictures" / "a.png").read_bytes() == b"\x89PNG\r\n\x1a\n"


def tree(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in folder.rglob("*") if file.is_file()}


def beside(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.parent.iterdir() if each.is_dir() and not each.is_symlink())


def test_what_is_written_can_be_read_by_the_web_server(tmp_path):
    os.umask(old := os.umask(0o077))
    os.umask(0o077)
    result = zhibu(tmp_path / "site" / "www")
    os.umask(old)
    folder = tmp_path / "site" / "www"

    assert (result.exit_code, "2 files" in result.output) == (0, True)
    assert tree(folder) == dict(FIRST)
    assert {oct(each.stat().st_mode & 0o777) for each in (folder, folder / "digest")} == {"0o755"}
    assert (folder / "digest" / "a.html").stat().st_mode & 0o777 == 0o644


def at(moment: float):
    return lambda: moment


def test_the_next_time_stands_in_its_place_and_what_is_over_is_gone(tmp_path):
    folder, began = tmp_path / "www", time.time()
    for minutes, files in enumerate((FIRST, [("index.html", "二")], [("index.html", "三")])):
        pages.write(folder, files, now=at(began + minutes * 61))

    assert tree(folder) == {"index.html": "三"}
    assert len(beside(folder)) == 2  # that, and the one before for who is reading it


def test_who_was_led_into_a_folder_finds_it_however_often_it_is_written_meanwhile(tmp_path):
    folder, began = tmp_path / "www", time.time()
    pages.write(folder, FIRST, now=at(began))
    led_to = folder.resolve()
    for seconds in range(5, 60, 5):
        pages.write(folder, [("index.html", "二")], now=at(began + seconds))
    meanwhile = tree(led_to)
    pages.write(folder, [("index.html", "三")], now=at(began + 70))

    assert meanwhile == dict(FIRST)
    assert not led_to.exists()


def breaking():
    yield "index.html", "半"
    raise ZeroDivisionError


def test_what_breaks_half_way_leaves_what_was_there_before(tmp_path):
    folder = tmp_path / "www"
    zhibu(folder)
    with pytest.raises(ZeroDivisionError):
        zhibu(folder, breaking())

    assert tree(folder) == dict(FIRST)
    assert len(beside(folder)) == 1


def test_half_of_it_is_never_seen(tmp_path):
    folder = tmp_path / "www"
    zhibu(folder)
    seen = []

    def watched():
        for name, text in [("index.html", "二"), ("digest/a.html", "乙")]:
            yield name, text
            seen.append(tree(folder))

    zhibu(folder, watched())

    assert seen == [dict(FIRST)] * 2
    assert tree(folder) == {"index.html": "二", "digest/a.html": "乙"}


def test_what_a_kill_left_is_cleared_away(tmp_path):
    folder = tmp_path / "www"
    (tmp_path / ".www-dead").mkdir()
    (tmp_path / ".www-dead" / "index.html").write_text("半")
    os.utime(tmp_path / ".www-dead", (0, 0))
    (tmp_path / ".www-dead.link").symlink_to(".www-dead")
    (tmp_path / ".www2-else").mkdir()

    zhibu(folder)

    assert sorted(each.name for each in tmp_path.glob(".www-dead*")) == []
    assert (tmp_path / ".www2-else").exists()
    assert tree(folder) == dict(FIRST)


@pytest.mark.parametrize("there", ["a folder", "a file"])
def test_what_somebody_else_keeps_there_is_left_alone(tmp_path, there):
    folder = tmp_path / "www"
    folder.mkdir() if there == "a folder" else folder.write_text("theirs")

    result = zhibu(folder)

    assert result.exit_code == 1
    assert "zhibu didn't write it" in result.stderr
    assert not folder.is_symlink()


def test_where_nothing_can_be_written_that_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    result = zhibu(tmp_path / "file" / "www")

    assert result.exit_code == 1
    assert "can't be written" in result.stderr


def test_the_sample_pack_is_written_without_a_database_and_without_redis(tmp_path):
    config = write_config(tmp_path, database="embedded", redis="redis://127.0.0.1:1")
    found = dict(app.offices().plain_pages(config))

    assert len(found) > 30
    assert "要闻和政策" in found["index.html"]


def test_who_reads_while_it_is_written_always_finds_a_page(tmp_path):
    folder, missed, over = tmp_path / "www", [], threading.Event()
    pages.write(folder, FIRST)

    def reading():
        while not over.is_set():
            if not (folder / "index.html").exists():
                missed.append(folder)

    readers = [threading.Thread(target=reading) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(300):
        pages.write(folder, FIRST[:1])
    over.set()
    for reader in readers:
        reader.join()

    assert missed == []
