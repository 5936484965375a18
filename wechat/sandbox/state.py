"""Everything the stand-in remembers, in one SQLite file, so that a restart forgets nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

SCHEMA = """
create table if not exists counters (name text primary key, value integer not null);
create table if not exists members (
    openid text primary key, account text not null, nickname text not null, unionid text not null,
    made_at real not null, followed integer not null default 0,
    followed_at real not null default 0, subscribe_scene text not null default '',
    qr_scene text not null default '', receives integer not null default 1,
    contact_at real not null default 0, typing_until real not null default 0);
create index if not exists members_of on members (account, followed);
create index if not exists members_in_order on members (account, followed, followed_at, openid);
create table if not exists remarks (openid text primary key, remark text not null) without rowid;
create table if not exists blocked (openid text primary key, account text not null, nth integer not null) without rowid;
create index if not exists blocked_in_order on blocked (account, nth);
create table if not exists windows (
    openid text not null, action text not null, messages integer not null, until real not null,
    primary key (openid, action)) without rowid;
create table if not exists credits (
    openid text not null, template_id text not null, credits integer not null,
    primary key (openid, template_id)) without rowid;
create table if not exists kept_choices (
    openid text not null, template_id text not null, accept integer not null,
    primary key (openid, template_id)) without rowid;
create table if not exists tokens (
    token text primary key, account text not null, kind text not null, expires_at real not null,
    revoked_at real, issued_at real not null);
create table if not exists forced (account text not null, at real not null);
create table if not exists usage (
    account text not null, path text not null, day text not null, calls integer not null,
    primary key (account, path, day)) without rowid;
create table if not exists cleared (account text not null, month text not null);
create table if not exists cleared_paths (account text not null, month text not null);
create table if not exists menus (account text primary key, buttons text not null) without rowid;
create table if not exists conditional_menus (
    account text not null, id integer not null, buttons text not null, rule text not null,
    primary key (account, id)) without rowid;
create table if not exists tags (
    account text not null, id integer not null, name text not null, primary key (account, id)) without rowid;
create table if not exists tagged (
    openid text not null, tag integer not null, nth integer not null, primary key (openid, tag)) without rowid;
create table if not exists tickets (
    ticket text primary key, account text not null, until real not null) without rowid;
create table if not exists cards (
    id integer primary key autoincrement, at real not null, account text not null, way text not null,
    page text not null, title text not null, summary text not null, link text not null, picture text not null);
create table if not exists scene_codes (
    ticket text primary key, account text not null, scene text not null, url text not null, until real);
create index if not exists scene_codes_of on scene_codes (account, url);
create table if not exists media (
    media_id text primary key, account text not null, type text not null, content_type text not null,
    filename text not null, content blob not null, made_at real not null);
create table if not exists materials (
    media_id text primary key, account text not null, type text not null, content_type text not null,
    filename text not null, content blob not null, url text not null, about text not null, made_at real not null);
create index if not exists materials_of on materials (account, type, made_at);
create table if not exists drafts (
    media_id text primary key, account text not null, articles text not null, made_at real not null,
    updated_at real not null);
create table if not exists published (
    article_id text primary key, account text not null, articles text not null, made_at real not null,
    updated_at real not null);
create table if not exists publications (
    id integer primary key, account text not null, state integer not null, article_id text not null,
    failed text not null);
create table if not exists mass (
    id integer primary key, account text not null, at real not null, client_msg_id text not null, state text not null,
    audience text not null, said text not null);
create index if not exists mass_of on mass (account, at);
create table if not exists mass_received (
    openid text not null, month text not null, times integer not null, primary key (openid, month)) without rowid;
create table if not exists mass_speeds (account text primary key, level integer not null) without rowid;
create table if not exists own_templates (
    id text primary key, account text not null, title text not null, content text not null, nth integer not null);
create table if not exists dropped_templates (
    account text not null, id text not null, primary key (account, id)) without rowid;
create table if not exists sent_once (
    account text not null, openid text not null, client_msg_id text not null, msgid integer not null, at real not null,
    primary key (account, openid, client_msg_id)) without rowid;
create table if not exists codes (
    code text primary key, account text not null, openid text not null, purpose text not null,
    scope text not null default '', used integer not null default 0, at real not null);
create table if not exists logins (openid text not null, at real not null);
create table if not exists mini_sessions (openid text primary key, session_key text not null, used_at real not null);
create table if not exists risky (openid text primary key);
create table if not exists group_messages (
    id integer primary key autoincrement, at real not null, name text not null, words text not null,
    code integer not null, said text not null);
create index if not exists group_messages_of on group_messages (name, at);
create table if not exists chat (
    id integer primary key autoincrement, change integer not null, openid text not null, at real not null,
    who text not null, via text not null, state text not null, body text not null);
create index if not exists chat_changes on chat (openid, change);
create table if not exists wire (
    id integer primary key autoincrement, at real not null, direction text not null, account text not null,
    method text not null, path text not null, status text not null, millis integer not null,
    sent text not null, answered text not null, openid text not null default '');
create index if not exists wire_of on wire (openid) where openid != '';
"""


class State:
    """One connection behind one lock: the stand-in is one process, and its order of events is the order of commits."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute(
            "pragma synchronous = off"
        )  # a killed process loses nothing; a power cut may, and that's a toy's risk
        _forget_older_transcript(self._db)
        self._db.executescript(SCHEMA)

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is kept when the block ends well and undone when it raises."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        with self._lock:
            self._db.close()


def _forget_older_transcript(db: sqlite3.Connection) -> None:
    """An earlier release wrote its transcript without the member; it is not worth a migration."""
    columns = [row["name"] for row in db.execute("pragma table_info(wire)")]
    if columns and "openid" not in columns:
        db.execute("drop table wire")


def count_up(db: sqlite3.Connection, name: str, *, by: int = 1) -> int:
    """Raise the named counter and return its new value."""
    db.execute("insert or ignore into counters values (?, 0)", (name,))
    row = db.execute("update counters set value = value + ? where name = ? returning value", (by, name)).fetchone()
    return int(row["value"])


def counted(db: sqlite3.Connection, name: str) -> int:
    """The named counter's value, 0 before its first use."""
    row = db.execute("select value from counters where name = ?", (name,)).fetchone()
    return int(row["value"]) if row else 0


def new_msgid(db: sqlite3.Connection) -> int:
    """A message id that needs more than 53 bits, as the platform's do: 64-bit and never used twice."""
    return 23_000_000_000_000_000 + count_up(db, "msgid", by=7919)
