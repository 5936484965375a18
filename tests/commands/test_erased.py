"""Who was erased stays erased, whatever backup is put back."""

import secrets

import pytest
import sqlalchemy as sa
from click.testing import Result

import app
from commands import backup, cli, operator
from storage.audit import BY_COMMAND
from storage.db import metadata
from storage.erasures import FILE, erasures, read
from tests.commands.calls import call
from tests.house import Town
from tests.rules.test_tables import fill, found


@pytest.fixture
def place(town, tmp_path) -> cli.Installation:
    """The town as commands see it."""
    return app.offices().installation(tmp_path / "config.toml")


def zhibu(place: cli.Installation, *arguments: object) -> Result:
    result = call(place, [backup.backup, backup.restore], *arguments)
    assert result.exit_code == 0, result.output
    return result


def known(town: Town, openid: str) -> str:
    """Somebody of whom there is a row in every table; their person."""
    town.phone(openid).says("我的数据")
    who = town.house.people.find(account="official", openid=openid)
    fill(town, who.person, who.contact)
    return who.person


def erases(town: Town, openid: str) -> None:
    town.phone(openid).says("删除我的数据")
    assert "已全部删除" in town.phone(openid).says("确认删除")


def wiped(town: Town) -> None:
    """Nothing is left in the database."""
    with town.house.db.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def marks(town: Town) -> set[str]:
    with town.house.db.read() as connection:
        return set(connection.execute(sa.select(erasures.c.mark)).scalars()) - {"x"}


@pytest.mark.parametrize("left", ["the database", "the file", "the file of another machine"])
def test_who_was_erased_after_the_backup_is_erased_again(town, place, tmp_path, left):
    gone, stays = known(town, "o-goes"), town.phone("o-stays")
    stays.says("我的数据")
    zhibu(place, "backup", tmp_path / "kept.zip")
    erases(town, "o-goes")
    mine = tmp_path / FILE
    match left:
        case "the database":
            mine.unlink()
        case "the file":
            wiped(town)
        case _:
            wiped(town)
            mine.rename(tmp_path / "theirs")
    more = ("--erased", tmp_path / "theirs") if (tmp_path / "theirs").exists() else ()

    said = zhibu(place, "restore", "--force", *more, tmp_path / "kept.zip").output

    assert "1 who were erased since were erased again" in said
    assert found(town, gone) <= {"deliveries.person"}
    assert not found(town, "o-goes")
    assert found(town, "o-stays") == {"contacts.openid"}
    assert len(marks(town)) == 1
    assert set(read(mine)) == marks(town)


def test_without_these_marks_they_would_be_back(town, place, tmp_path):
    known(town, "o-goes")
    zhibu(place, "backup", tmp_path / "kept.zip")
    erases(town, "o-goes")
    wiped(town)
    (tmp_path / FILE).unlink()
    zhibu(place, "restore", "--force", tmp_path / "kept.zip")

    assert found(town, "o-goes")


def test_who_had_become_one_with_another_is_erased_with_them(town, place, tmp_path):
    """The backup is of the time when they were two."""
    phone, mini = town.phone("o-one"), town.mini("o-two")
    phone.says("我的数据")
    zhibu(place, "backup", tmp_path / "kept.zip")
    assert "关联好了" in phone.says(f"关联 {mini.post('/linking/code').body['code']}")
    erases(town, "o-one")

    said = zhibu(place, "restore", "--force", tmp_path / "kept.zip").output

    assert "2 who were erased since" in said
    assert not found(town, "o-one") | found(town, "o-two")


def test_a_mark_tells_nobody_who_it_was(town, tmp_path):
    person = known(town, "o-goes")
    erases(town, "o-goes")
    kept = (tmp_path / FILE).read_text()

    assert len([*read(tmp_path / FILE)]) == 1
    assert person not in kept
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_trail_tells_that_a_backup_was_put_back_and_what_it_replaced(town, place, tmp_path):
    zhibu(place, "backup", tmp_path / "kept.zip")
    zhibu(place, "restore", "--force", tmp_path / "kept.zip")
    once = town.house.audit.head()
    zhibu(place, "restore", "--force", tmp_path / "kept.zip")
    restored, saved = town.house.audit.entries(most=9)

    assert (restored.act, restored.door, restored.about) == ("restore", "zhibu restore", f"2 {once[1]}")
    assert (saved.act, saved.kind, saved.door) == ("export", "backup", "zhibu backup")
    assert {(each.account, each.role) for each in (restored, saved)} == {(operator.user(), BY_COMMAND)}
    assert town.house.audit.verify().broken is None


def test_where_the_file_can_not_be_written_now_it_is_written_later(town, tmp_path):
    known(town, "o-goes")
    (tmp_path / FILE).mkdir()
    erases(town, "o-goes")
    (tmp_path / FILE).rmdir()
    town.house.own_data.erasures.write()

    assert set(read(tmp_path / FILE)) == marks(town)


def test_a_file_that_was_cut_off_in_a_line_is_mended(town, tmp_path):
    half = secrets.token_hex(20)
    (tmp_path / FILE).write_text(half)
    known(town, "o-goes")
    erases(town, "o-goes")

    assert set(read(tmp_path / FILE)) == marks(town)
