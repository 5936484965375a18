"""Decisions are listed a page at a time: what a page costs doesn't grow with how many there are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.db import Database
from storage.decision import Decision, Decisions, Wanted, decisions
from storage.vault import Vault
from tests.storage.asked import asked_of_sql

DAY = date(2026, 1, 5)
A_PAGE = 50
LISTED_BY = ("organisation", "kind", "recorded_by", "day", "recorded_on")
PENDING = Wanted(confirmed=False, corrected=False)


class Counting(Vault):
    """A vault that counts what is opened."""

    opened = 0

    def open(self, column, row, sealed):
        self.opened += 1
        return super().open(column, row, sealed)


def a_decision(number: int, **other: Any) -> Decision:
    """Of the branch 0 to 9, a meeting a day."""
    every = Decision(
        organisation=f"branch-{number % 10}",
        kind="general",
        meeting="会",
        day=DAY + timedelta(days=number),
        matter="换一间活动室",
        about="",
        entitled=20,
        present=15,
        written=0,
        approve=11,
        against=3,
        abstain=1,
        proposed_by="committee",
        recorded_by="li",
        recorded_as="secretary",
        recorded_on=DAY + timedelta(days=number),
        id=f"{number:032x}",
    )
    return replace(every, **other)


@pytest.fixture
def vault(db, keys):
    return Counting(db, keys)


@pytest.fixture
def kept(db, vault):
    return Decisions(db, vault)


def many_more(db: Database, vault: Vault, numbers: range) -> None:
    """The same as so many times `add`, in one transaction."""
    with db.begin() as connection:
        seal, first = vault.sealing(connection), connection.execute(sa.select(decisions).limit(1)).one()
        told = vault.open(decisions.c.told, first.id, first.told)
        every = [
            {"id": each.id, "told": told, **{name: getattr(each, name) for name in LISTED_BY}}
            for each in map(a_decision, numbers)
        ]
        connection.execute(decisions.insert(), [seal.row(decisions, each) for each in every])


def days(found: Sequence[Decision]) -> list[int]:
    return [(each.day - DAY).days for each in found]


def test_the_newest_meetings_come_first_and_a_page_goes_on_where_the_last_ended(kept):
    for number in (2, 0, 4, 1, 3):
        kept.add(a_decision(number))
    pages = [days(kept.page(Wanted(), after=after, most=2)) for after in (0, 2, 4, 6)]

    assert pages == [[4, 3], [2, 1], [0], []]


def test_what_is_asked_for_is_listed_counted_and_told_whose_it_is(kept):
    for number in range(4):
        kept.add(a_decision(number))
    kept.add(a_decision(4, kind="admission", recorded_by="wang"))
    kept.add(a_decision(5, corrects=f"{0:032x}", organisation="branch-0"))
    kept.confirm(f"{1:032x}", by="wang", on=DAY)
    some = Wanted(within={"branch-0", "branch-4"})
    asked = {
        Wanted(): [5, 4, 3, 2, 1, 0],
        Wanted(organisation="branch-0"): [5, 0],
        Wanted(kind="admission"): [4],
        PENDING: [5, 4, 3, 2],
        Wanted(confirmed=True, corrected=False): [1],
        Wanted(corrected=True): [0],
        replace(PENDING, not_by="li"): [4],
        Wanted(within=()): [],
    }

    assert {each: days(kept.page(each, most=9)) for each in asked} == asked
    assert {each: kept.count(each)[0] for each in asked} == {each: len(found) for each, found in asked.items()}
    assert (days(kept.page(some, most=9)), kept.count(some)) == ([5, 4, 0], (3, 2))
    assert kept.organisations(some) == ["branch-0", "branch-4"]
    assert kept.get(f"{0:032x}").corrected_by == f"{5:032x}"
    assert kept.get("f" * 32) is None


def test_among_five_thousand_a_page_opens_and_asks_what_it_does_among_fifty(db, vault, kept):
    def costs() -> tuple[int, int]:
        vault.opened = 0
        asked = asked_of_sql(lambda: (kept.count(Wanted()), kept.page(Wanted(), most=A_PAGE), kept.get(f"{7:032x}")))
        return len(asked), vault.opened

    for number in range(A_PAGE):
        kept.add(a_decision(number))
    costs()  # which makes the vault know its key
    among_fifty = costs()
    many_more(db, vault, range(A_PAGE, 5_000))

    assert kept.count(Wanted()) == (5_000, 5_000)
    assert costs() == among_fifty == (3, A_PAGE + 1)
