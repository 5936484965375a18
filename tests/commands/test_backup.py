"""What `zhibu backup` saves, `zhibu restore` puts back."""

import json
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Any

import pytest
from click.testing import Result

import app
from commands import backup, cli, operator
from storage import people
from storage.audit import BY_COMMAND, audit_trail
from storage.db import embedded_url, metadata
from storage.opinion import Opinion, Opinions
from tests.commands.calls import an_installation, call
from tests.house import write_config

DAY = date(2026, 11, 23)


@pytest.fixture
def place(empty_sqlite, tmp_path):
    """An installation whose embedded database has its tables and nothing else."""
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "zhibu.sqlite3").write_bytes(empty_sqlite.read_bytes())
    return an_installation(folder, embedded_url(folder))


@pytest.fixture
def other(database_url, tmp_path):
    """Another, empty one; on PostgreSQL where the tests have that."""
    return an_installation(tmp_path / "other", database_url)


def zhibu(place: cli.Installation, *arguments: object) -> Result:
    return call(place, [backup.backup, backup.restore], *arguments)


def fill(place: cli.Installation, *, people_count: int = 3) -> None:
    """Rows with every type of value that we keep."""
    with closing(place.database()) as database, database.begin() as connection:
        for number in range(people_count):
            person, contact = f"p{people_count - number}", f"c{number}"
            connection.execute(
                people.persons.insert(),
                {"id": person, "since": date(2026, 11, 1), "name": "张三 \n'x'", "verified": True},
            )
            connection.execute(
                people.contacts.insert(),
                {"id": contact, "person": person, "account": "official", "openid": f"openid{number}"},
            )
            connection.execute(
                people.windows.insert(),
                {"contact": contact, "until": datetime(2026, 11, 23, 8, tzinfo=UTC), "remaining": 5},
            )


def everything(place: cli.Installation) -> dict[str, list[Any]]:
    """All but the trail, which tells of each restore (test_erased.py)."""
    with closing(place.database()) as database, database.read() as connection:
        return {
            table.name: list(connection.execute(table.select().order_by(*table.primary_key)))
            for table in metadata.sorted_tables
            if table is not audit_trail
        }


def test_everything_comes_back_in_another_place(place, other, tmp_path):
    fill(place, people_count=backup.BATCH + 1)
    saved = zhibu(place, "backup", tmp_path / "kept.zip")
    restored = zhibu(other, "restore", tmp_path / "kept.zip")

    assert (saved.exit_code, restored.exit_code) == (0, 0), saved.output + restored.output
    assert everything(other) == everything(place)


def test_that_it_was_taken_is_noted_first_with_the_number_of_rows_and_what_can_not_be_is_not_taken(place, tmp_path):
    fill(place, people_count=3)
    zhibu(place, "backup", tmp_path / "kept.zip")
    with closing(place.database()) as database:
        (entry,) = place.audit(database).entries(most=9)
        with database.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER no BEFORE INSERT ON audit_trail BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
    refused = zhibu(place, "backup", tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        told = archive.read("audit_trail.jsonl").decode()

    assert (entry.act, entry.kind, entry.about) == ("export", "backup", "9")
    assert (entry.account, entry.role) == (operator.user(), BY_COMMAND)
    assert '"door": "zhibu backup"' in told
    assert refused.exit_code == 1
    assert "takes no entry" in refused.stderr
    assert [each.name for each in tmp_path.glob("*.zip*")] == ["kept.zip"]


def test_words_that_lie_in_the_letterbox_come_back_and_can_be_read(place, other, keys, tmp_path):
    with closing(place.database()) as database:
        opinions = Opinions(database, keys)
        said = Opinion(
            id=opinions.id_of("A"), day=DAY, named=False, category="生活困难", words="热水停得太早", state="received"
        )
        opinions.carry([said])
    zhibu(place, "backup", tmp_path / "kept.zip")
    zhibu(other, "restore", tmp_path / "kept.zip")

    with closing(other.database()) as database:
        restored = Opinions(database, keys)
        went = restored.carry([said])

        assert restored.get(said.id) == said
        assert went == [False]


def test_a_backup_of_the_other_place_fits_too(place, other, tmp_path):
    fill(other)
    zhibu(other, "backup", tmp_path / "kept.zip")
    zhibu(place, "restore", tmp_path / "kept.zip")

    assert everything(place) == everything(other)
    assert len(everything(place)["persons"]) == 3


def test_only_the_owner_may_read_the_file(place, tmp_path):
    zhibu(place, "backup", tmp_path / "kept.zip")

    assert (tmp_path / "kept.zip").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(place, tmp_path):
    (tmp_path / "kept.zip").write_text("precious")
    result = zhibu(place, "backup", tmp_path / "kept.zip")

    assert result.exit_code == 1
    assert (tmp_path / "kept.zip").read_text() == "precious"


def test_a_folder_that_is_not_there_is_named(place, tmp_path):
    result = zhibu(place, "backup", tmp_path / "nowhere" / "kept.zip")

    assert result.exit_code == 1
    assert result.output.startswith(f"There is no folder {tmp_path / 'nowhere'}: ")


def test_the_order_in_which_rows_came_stays_untold(place, tmp_path):
    fill(place, people_count=9)
    zhibu(place, "backup", tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        ids = [json.loads(line)["id"] for line in archive.read("persons.jsonl").splitlines()]
        dates = {entry.date_time for entry in archive.infolist()}

    assert ids == sorted(ids)
    assert dates == {backup.NO_DATE}


def test_a_database_that_holds_something_is_not_overwritten(place, tmp_path):
    zhibu(place, "backup", tmp_path / "kept.zip")
    fill(place)
    before = everything(place)
    result = zhibu(place, "restore", tmp_path / "kept.zip")

    assert result.exit_code == 1
    assert "--force" in result.output
    assert everything(place) == before


def test_force_replaces_what_the_database_holds(place, tmp_path):
    fill(place, people_count=1)
    before = everything(place)
    zhibu(place, "backup", tmp_path / "kept.zip")
    with closing(place.database()) as database, database.begin() as connection:
        connection.execute(people.persons.insert(), {"id": "later", "since": date(2026, 11, 2)})
    result = zhibu(place, "restore", "--force", tmp_path / "kept.zip")

    assert result.exit_code == 0, result.output
    assert everything(place) == before


def test_a_file_with_rows_missing_changes_nothing(place, other, tmp_path):
    fill(place)
    zhibu(place, "backup", tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as whole, zipfile.ZipFile(tmp_path / "cut.zip", "w") as cut:
        for name in whole.namelist():
            lines = whole.read(name).splitlines(keepends=True)
            cut.writestr(name, b"".join(lines[:-1] if name == "windows.jsonl" else lines))
    result = zhibu(other, "restore", tmp_path / "cut.zip")

    assert result.exit_code == 1
    assert "windows" in result.output
    assert not any(everything(other).values())


@pytest.mark.parametrize("content", [b"", b"not a zip"], ids=["empty", "words"])
def test_what_is_no_backup_is_refused_in_one_line(place, tmp_path, content):
    (tmp_path / "odd").write_bytes(content)
    result = zhibu(place, "restore", tmp_path / "odd")

    assert result.exit_code == 1
    assert result.output.count("\n") == 1


@pytest.fixture
def moved(other):
    """The other place, with a secret_key of its own."""
    return replace(other, secret_mark="another")


def test_a_backup_of_another_key_is_refused_and_what_would_be_lost_is_said(place, moved, tmp_path):
    fill(place)
    zhibu(replace(place, secret_mark="its own"), "backup", tmp_path / "kept.zip")
    result = zhibu(moved, "restore", tmp_path / "kept.zip")

    assert result.exit_code == 1
    assert all(word in result.stderr for word in ("secret_key", "--other-key", "opinions", "join codes"))
    with closing(moved.database()) as database, database.read() as connection:
        names = connection.dialect.get_table_names(connection)
        assert "persons" not in names or not any(everything(moved).values())


def test_who_knows_what_is_lost_may_restore_it(place, moved, tmp_path):
    fill(place)
    zhibu(replace(place, secret_mark="its own"), "backup", tmp_path / "kept.zip")
    result = zhibu(moved, "restore", "--other-key", tmp_path / "kept.zip")

    assert result.exit_code == 0, result.output
    assert everything(moved) == everything(place)
    assert "can't be opened" in result.stderr


def test_a_backup_that_tells_no_key_is_restored_with_a_word_of_warning(place, moved, tmp_path):
    fill(place)
    zhibu(place, "backup", tmp_path / "kept.zip")
    result = zhibu(moved, "restore", tmp_path / "kept.zip")

    assert result.exit_code == 0, result.output
    assert everything(moved) == everything(place)
    assert "doesn't tell under which secret_key" in result.stderr


def test_the_mark_tells_keys_apart_and_is_not_the_key(tmp_path):
    def marked(secret: str) -> str:
        return (
            app.offices()
            .installation(write_config(tmp_path, database="embedded", redis="embedded", secret_key=secret))
            .secret_mark
        )

    assert marked("a secret of sixteen letters") == marked("a secret of sixteen letters")
    assert marked("a secret of sixteen letters") != marked("a secret of sixteen lettres")
    assert "secret of" not in marked("a secret of sixteen letters")


@pytest.mark.parametrize(
    ("written_by", "told", "mend"),
    [
        ({"schema": "0000"}, "The backup is of revision 0000, this program (", "Restore it with that program"),
        ({"schema": "0000", "release": "0.0.9"}, "revision 0000 (Zhibu 0.0.9), this", "Restore it with that"),
        ({"schema": "9999", "release": "9.9.0"}, "of revision 9999 (Zhibu 9.9.0), this", "Update this program first"),
    ],
)
def test_a_backup_of_another_revision_is_refused(place, tmp_path, written_by, told, mend):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": 1, "rows": {}, **written_by}))
    result = zhibu(place, "restore", tmp_path / "other.zip")

    assert result.exit_code == 1
    assert told in result.output
    assert mend in result.output


def test_a_backup_names_the_release_that_made_it(place, tmp_path):
    saved = json.loads(zhibu(place, "backup", tmp_path / "kept.zip", "--json").stdout)

    assert saved["release"] == version("zhibu")


def test_a_table_that_the_program_does_not_know_stops_the_backup(place, tmp_path):
    with closing(place.database()) as database, database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE strangers (id INTEGER)")
    result = zhibu(place, "backup", tmp_path / "kept.zip")

    assert result.exit_code == 1
    assert "strangers" in result.output
    assert list(tmp_path.glob("kept.zip*")) == []


def test_a_member_can_write_while_a_backup_is_made_and_is_not_in_it(place):
    fill(place)
    with closing(place.database()) as database, backup._snapshot(database) as snapshot:
        snapshot.execute(people.persons.select()).all()
        with database.begin() as connection:
            connection.execute(people.persons.insert(), {"id": "later", "since": date(2026, 11, 2)})
        seen = {row.id for row in snapshot.execute(people.persons.select())}

    assert seen == {"p1", "p2", "p3"}
