"""What is kept of a person can be found, shown and taken away: no table is forgotten."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage.boxed import Boxed
from storage.db import Moment, metadata
from storage.vault import Vault, sealed
from tests.house import NOON

OF_PEOPLE = {"persons", "contacts", "kept_lines"}  # People.erase's own; windows and credits go with their contact
OF_PUSHES = {"deliveries"}  # a run counts whom it served, by an id that leads nowhere once the person is gone
OF_ERASURES = {"united"}  # who has become whom: erased with the one
EVERY_TABLE = sorted(metadata.tables)


def points_to(table: sa.Table, target: str) -> set[str]:
    """The columns of a table that name a row of `target` ("person", "contact")."""
    keyed = {key.parent.name for key in table.foreign_keys if key.column.table.name == f"{target}s"}
    return keyed | ({target} & set(table.columns.keys()))


def of_persons() -> set[str]:
    return {name for name, table in metadata.tables.items() if points_to(table, "person")} | {"persons"}


def test_every_table_with_a_person_is_somebodys_to_show_and_erase(town):
    kept = [table for feature in town.house.features if feature.keeps for table in feature.keeps.tables]

    assert sorted([*kept, *OF_PEOPLE, *OF_PUSHES, *OF_ERASURES]) == sorted(of_persons())


def of_contacts() -> set[str]:
    """The tables that know a contact and no person, so that nobody erases them by the person."""
    return {name for name, table in metadata.tables.items() if points_to(table, "contact")} - of_persons()


@pytest.mark.parametrize("table", sorted(of_contacts()))
def test_what_hangs_on_a_contact_goes_with_it(table):
    ends = {key.parent.name: key.ondelete for key in metadata.tables[table].foreign_keys}

    assert ends == {"contact": "CASCADE"}


@pytest.mark.parametrize("table", sorted(of_persons()))
def test_rows_of_people_do_not_lie_in_the_order_they_came(table):
    """SQLite's rowid would tell who came first."""
    assert metadata.tables[table].dialect_options["sqlite"]["with_rowid"] is False


def test_after_delete_my_data_nothing_leads_to_the_one_who_asked(town):
    phone, other = town.phone("o-deleter"), town.phone("o-stays")
    phone.says("我的数据")
    other.says("我的数据")
    who = town.house.people.find(account="official", openid=phone.openid)
    town.house.people.rename(who.person, name="阿依古丽", verified=False)
    fill(town, who.person, who.contact)

    phone.says("删除我的数据")
    answer = phone.says("确认删除")

    assert "已全部删除" in answer
    assert found(town, who.person) <= {"deliveries.person"}
    assert not found(town, who.contact) | found(town, phone.openid) | found(town, "阿依古丽")
    assert found(town, other.openid) == {"contacts.openid"}


def test_after_two_become_one_nothing_leads_to_the_first(town):
    phones = {"official": town.phone("o-one"), "mini": town.mini("o-two")}
    phones["official"].says("我的数据")
    both = [town.house.people.find(account=account, openid=each.openid) for account, each in phones.items()]
    gone, into = sorted(both, key=lambda who: who.person, reverse=True)
    fill(town, gone.person, gone.contact)

    answer = phones["official"].says(f"关联 {phones['mini'].post('/linking/code').body['code']}")

    assert "关联好了" in answer
    assert not found(town, gone.person)
    assert {f"{table}.person" for table in of_persons() - {"persons"}} <= found(town, into.person)


def fill(town: Any, person: str, contact: str) -> None:
    """A row about the person in every table that can have one."""
    vault = Vault(town.house.db, town.settings.keys)
    with town.house.db.begin() as connection:
        seal = vault.sealing(connection)
        for table in metadata.sorted_tables:
            if table.name not in {"persons", "contacts", "data_keys"}:
                known = dict.fromkeys(points_to(table, "person"), person)
                known |= dict.fromkeys(points_to(table, "contact"), contact)
                row = {c.name: known.get(c.name, sample(c)) for c in table.columns}
                connection.execute(table.insert().values(seal.row(table, row) if sealed(table) else row))


def sample(column: sa.Column[Any]) -> Any:
    """Some value that fits."""
    match column.type:
        case Moment():
            return NOON
        case sa.Date():
            return date(2026, 11, 23)
        case sa.LargeBinary() | Boxed():
            return b"x"
        case sa.Boolean():
            return True
        case sa.Integer():
            return 1
    return "due" if column.name == "state" else "x"


def found(town: Any, sought: str) -> set[str]:
    """Where a value lies in the whole database."""
    with town.house.db.read() as connection:
        return {
            f"{table.name}.{name}"
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table)).mappings()
            for name, value in row.items()
            if sought in str(value)
        }


def test_the_migrations_lead_to_the_tables_that_the_program_is_written_for(db):
    with db.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert differences == []
