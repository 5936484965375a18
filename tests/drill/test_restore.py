"""Backup, wipe, restore: everything is there, row by row, who was erased meanwhile is not, and the trail holds."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.audit import Act, Audit, Deed
from storage.db import Database, metadata
from storage.people import People
from storage.vault import Vault
from tests.driver import Phone
from tests.end_to_end.running import Program, a_program
from tests.servers import Servers

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

PEOPLE = 12
SAID = ("订阅", "1", "答题", "A", "我的数据")
NAMED = ("意见", "2", "张三", "4", "食堂的窗口排队太久了", "好了", "1")
BARE = ("意见", "1", "4", "走廊的灯坏了三天", "好了", "1")
RESTORED = 1  # entry more: that it was


@pytest.fixture(params=["embedded", "as given"])
def program(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[Program]:
    """A program on SQLite, and one on PostgreSQL where the drill has that."""
    on = Servers() if request.param == "embedded" else servers
    with a_program(tmp_path, on, memory="embedded") as program:
        yield program


def done(program: Program, *command: str) -> str:
    answer = program.zhibu(*command)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def says(phone: Phone, *texts: str) -> str:
    """One thing after the other; the last answer."""
    return [phone.says(text) for text in texts][-1]


def counts(program: Program) -> dict[str, int]:
    """The rows of every table that the program has."""
    return {name: int(program.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in sorted(metadata.tables)}  # noqa: S608


def codes_of(program: Program, names: list[str]) -> list[str]:
    """Join codes, as an operator gets them for a list."""
    listed = program.folder / "members.csv"
    listed.write_text("姓名,组织\n" + "\n".join(f"{name},{an_organisation(program)}" for name in names))
    return [row["加入码"] for row in csv.DictReader(io.StringIO(done(program, "roster", "import", str(listed))))]


def an_organisation(program: Program) -> str:
    """One of the pack's."""
    found = re.search(r'^id = "([^"]+)"', (program.pack / "organisations.toml").read_text(), re.MULTILINE)
    assert found
    return found[1]


def looked_at(program: Program, openid: str) -> str:
    """Somebody looked at a member; the hash that an operator keeps of it."""
    keys = program.settings.keys
    with closing(Database(program.database)) as database:
        people = People(database, Vault(database, keys), former=keys.mark("former"))
        person = people.find(account="official", openid=openid).person
        deed = Deed(act=Act.REVEAL, kind="member", account="li", role="general", person=person, reason="家访")
        Audit(database, keys).note(deed, now=datetime.now(UTC))
    return done(program, "audit", "head").strip()


def wiped(program: Program) -> None:
    """The database is gone; of the folder only what no restore touches is left."""
    if program.database.startswith("sqlite"):
        for file in (program.folder / "var").glob("zhibu.sqlite3*"):
            file.unlink()
        return
    engine = sa.create_engine(program.database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()


def test_after_a_restore_everything_is_there_and_who_was_erased_is_not(program, tmp_path):
    kept = str(tmp_path / "kept.zip")
    done(program, "db", "upgrade")
    program.start()
    phones = [program.phone() for _ in range(PEOPLE)]
    for phone, code in zip(phones, codes_of(program, [f"同志{number}" for number in range(PEOPLE)]), strict=True):
        assert "绑定成功" in says(phone, f"绑定 {code}", "同意")
        says(phone, *SAID)
    says(phones[0], *NAMED)
    receipt = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", says(phones[1], *BARE))
    assert receipt
    leaver, stays = phones[2], phones[0]
    for phone in (leaver, stays):
        head = looked_at(program, phone.openid)
    program.stop()
    done(program, "backup", kept)
    program.start()
    leaver.says("删除我的数据")
    assert "已全部删除" in leaver.says("确认删除")
    program.stop()
    before = counts(program)

    wiped(program)
    said = done(program, "restore", kept)
    after = counts(program)

    assert "1 who were erased since were erased again" in said
    assert after == {**before, "audit_trail": before["audit_trail"] + RESTORED}
    assert all(before[name] for name in ("persons", "roster", "named_opinions", "letterbox", "person_keys", "erasures"))
    assert program.zhibu("audit", "verify", "--head", head).returncode == 0
    assert program.rows("SELECT id FROM contacts WHERE openid = :openid", openid=leaver.openid) == []

    program.start()
    assert "同志0" in stays.says("我是谁")
    assert "综合管理员 1 次" in stays.says("我的数据")
    assert "已收到" in phones[1].says(f"查询 {receipt[0]}")
    assert "还没有绑定" in leaver.says("我是谁")
    program.stop()
