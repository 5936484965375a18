"""What the database's own log of changes tells: PostgreSQL's WAL, SQLite's journal, one transaction after the other."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from storage.db import Database

Place = str | int  # an LSN, or so many bytes of the journal
_HEADER, _FRAME_HEADER = 32, 24
_OF_ALL_SLOTS = 64  # records: a round has some ten
_OURS = 16384  # PostgreSQL's own tables have lower numbers; whoever reads those tidies them on the way


@dataclass(frozen=True)
class Written:
    """One transaction: `who` is the contact whose act it is; a round wrote one slot of the letterbox and nothing else.

    The first of all laid it. Who writes all slots, and nothing else, changed an opinion: an admin.

    `marks` is everything about it that could be more or less than in another one.
    """

    who: str = ""
    is_round: bool = False
    marks: Mapping[str, float] = field(default_factory=dict)


@contextmanager
def kept(db: Database) -> Iterator[None]:
    """Let nothing of PostgreSQL's log be thrown away meanwhile: as an archive would."""
    if db.is_sqlite:
        yield
        return
    with db.read() as connection:
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_walinspect"))
        slot = sa.func.pg_create_physical_replication_slot
        connection.execute(sa.select(slot(sa.text("'zhibu_' || pg_backend_pid()"), True, True)))
        yield


def place(db: Database) -> Place:
    """Where the log is now."""
    if db.is_sqlite:
        return len(_journal(db).read_bytes())
    with db.read() as connection:
        return str(connection.execute(sa.text("SELECT pg_current_wal_insert_lsn()")).scalar_one())


# -- PostgreSQL ------------------------------------------------------------------------------------------------------

_RECORDS = """
SELECT xid::text::bigint AS xid, record_type, record_length, fpi_length, description, block_ref
FROM pg_get_wal_records_info(CAST(:began AS pg_lsn), pg_current_wal_flush_lsn())
WHERE xid <> '0' AND (record_type LIKE 'COMMIT%' OR block_ref LIKE '%/' ||
    (SELECT oid FROM pg_database WHERE datname = current_database()) || '/%')
ORDER BY start_lsn
"""
_FILES = """
SELECT pg_relation_filenode(oid) FROM pg_class
WHERE oid = CAST(:name AS regclass) OR relname LIKE 'pg_toast_' || CAST(CAST(:name AS regclass) AS oid) || '%'
    OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = CAST(:name AS regclass))
"""
_ACTS = "SELECT xmin::text::bigint AS xid, contact FROM credit_events"


def in_postgres(db: Database, began: Place) -> list[Written]:
    """Every transaction of this database that is committed, in the order of commits."""
    with db.read() as connection:
        connection.execute(sa.text("SET statement_timeout = 60000"))
        records = connection.execute(sa.text(_RECORDS), {"began": began}).all()
        boxes = set(connection.execute(sa.text(_FILES), {"name": "letterbox"}).scalars())
        acts = {act.xid: act.contact for act in connection.execute(sa.text(_ACTS)).all()}
        connection.execute(sa.text("RESET statement_timeout"))
    open_ones: dict[int, list[sa.Row[tuple[object, ...]]]] = {}
    found: list[Written] = []
    for record in records:
        mine = open_ones.setdefault(record.xid, [])
        if not record.record_type.startswith("COMMIT"):
            mine.append(record)
        elif mine:
            files = {int(each) for one in mine for each in re.findall(r"rel \d+/\d+/(\d+)", one.block_ref)}
            touched = {each for each in files if each >= _OURS}
            is_round = touched <= boxes and (not found or len(mine) < _OF_ALL_SLOTS)
            found.append(Written(acts.get(record.xid, ""), is_round, _marks(mine, record)))
    return found


def _marks(records: list[sa.Row[tuple[object, ...]]], commit: sa.Row[tuple[object, ...]]) -> Mapping[str, float]:
    at = [int(number) for record in records for number in re.findall(r"off:? (\d+)", record.description)]
    return {
        "records": len(records),
        "bytes": sum(record.record_length - record.fpi_length for record in records),
        "whole pages": sum(record.fpi_length for record in records),
        "bytes of the commit": commit.record_length,
        "place in the page": at[0] if at else 0,
        "blocks": len({record.block_ref for record in records}),
    }


_PAGES = """
WITH ours AS (
    SELECT (start_lsn - '0/0') / 8192 AS first, (end_lsn - '0/0') / 8192 AS last
    FROM pg_get_wal_records_info(CAST(:began AS pg_lsn), pg_current_wal_flush_lsn())
    WHERE block_ref LIKE '%/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/%'
), pages AS (SELECT DISTINCT 8192 * generate_series(trunc(first)::bigint, trunc(last)::bigint) AS at FROM ours)
SELECT pg_read_binary_file(
    'pg_wal/' || pg_walfile_name(CAST('0/0' AS pg_lsn) + at + 1), at % :segment, 8192) FROM pages ORDER BY at
"""


def bytes_since(db: Database, began: Place) -> bytes:
    """The log itself: the pages with changes of this database."""
    with db.read() as connection:
        connection.execute(sa.text("SET statement_timeout = 60000"))
        size = connection.execute(sa.text("SELECT pg_size_bytes(current_setting('wal_segment_size'))")).scalar_one()
        pages = connection.execute(sa.text(_PAGES), {"began": began, "segment": size}).scalars()
        data = b"".join(map(bytes, pages))
        connection.execute(sa.text("RESET statement_timeout"))
    return data


# -- SQLite ----------------------------------------------------------------------------------------------------------


def in_sqlite(db: Database, began: Place) -> list[Written]:
    """Every transaction in the journal since; a frame that names a size of the file ends one."""
    found: list[Written] = []
    boxes: set[int] = set()
    said: set[bytes] = set()
    contacts = _contacts(db)
    for number, frames in enumerate(_transactions(_journal(db).read_bytes(), int(began))):
        pages = [page for page, _ in frames]
        if number == 0:
            boxes = set(pages)  # the first round lays the letterbox
        new = {each for _, data in frames for each in re.findall(rb"message-\d+(?!\d)", data)} - said
        said |= new
        who = next((contacts[each] for each in sorted(new) if each in contacts), "")
        marks = {"frames": len(frames), "pages": len(set(pages)), "first page": pages[0], "last page": pages[-1]}
        is_round = set(pages) <= boxes and (number == 0 or len(set(pages)) < len(boxes) / 2)
        found.append(Written(who, is_round, marks))
    return found


def _contacts(db: Database) -> dict[bytes, str]:
    with db.read() as connection:
        acts = connection.execute(sa.text("SELECT message, contact FROM credit_events")).all()
    return {act.message.encode(): act.contact for act in acts}


def _transactions(journal: bytes, began: int) -> Iterator[list[tuple[int, bytes]]]:
    size = int.from_bytes(journal[8:12])
    frames: list[tuple[int, bytes]] = []
    for at in range(began, len(journal), _FRAME_HEADER + size):
        page, ends = int.from_bytes(journal[at : at + 4]), int.from_bytes(journal[at + 4 : at + 8])
        frames.append((page, journal[at + _FRAME_HEADER : at + _FRAME_HEADER + size]))
        if ends:
            yield frames
            frames = []


def _journal(db: Database) -> Path:
    path = sa.make_url(db.url).database
    assert path
    return Path(path + "-wal")
