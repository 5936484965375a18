"""SQLite's journal goes into its file beside whoever writes."""

import os
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.db import LONG_JOURNAL, Database, embedded_url
from storage.journal import Journal
from tests.end_to_end.running import at_once, within

PAGE = 4096  # bytes
things = sa.table("things", sa.column("words"))


@pytest.fixture
def db(tmp_path):
    found = Database(embedded_url(tmp_path))
    with found.begin() as connection:
        connection.execute(sa.text("CREATE TABLE things (words BLOB)"))
    yield found
    found.close()


@pytest.fixture
def journal(db):
    at_work = Journal(db, every_seconds=0.02)
    at_work.start()
    yield
    at_work.stop()


def write(db: Database, pages: int) -> bytes:
    words = os.urandom(pages * PAGE)
    with db.begin() as connection:
        connection.execute(things.insert(), {"words": words})
    return words


def files(folder: Path) -> tuple[bytes, int]:
    """What is in the file itself, and how long its journal is."""
    path = folder / "zhibu.sqlite3"
    return path.read_bytes(), path.with_name(path.name + "-wal").stat().st_size


def test_what_is_written_comes_into_the_file_while_it_is_open(db, journal, tmp_path):
    words = write(db, 20)
    end = words[-1000:]  # what lies on one page

    assert within(5, lambda: end in files(tmp_path)[0])


def test_no_commit_does_it(db, tmp_path):
    """It would hold all writers up until the disk has it."""
    words = write(db, 1500)  # SQLite itself would, from 1 000 pages on

    assert words[-1000:] not in files(tmp_path)[0]


def test_a_long_journal_begins_anew_though_somebody_always_writes(db, journal, tmp_path):
    def much() -> None:
        for _ in range(150):
            write(db, LONG_JOURNAL // 100)
            time.sleep(0.005)

    at_once([much, much])

    assert files(tmp_path)[1] < 2 * LONG_JOURNAL * PAGE


def test_who_reads_what_was_keeps_it_and_holds_nobody_up(db, journal, tmp_path):
    write(db, 10)
    with db.read() as connection, connection.execute(sa.select(things), execution_options={"yield_per": 1}) as reading:
        reading.fetchone()
        words = write(db, LONG_JOURNAL + 100)
        later = write(db, 10)

    assert within(5, lambda: words[-1000:] in files(tmp_path)[0] and later[-1000:] in files(tmp_path)[0])
