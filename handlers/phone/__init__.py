"""Phone: a number that a member lets the organisation call back, and may take away again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers import masks
from handlers.agreement import Agreement
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, Sheet
from handlers.phone import api
from handlers.phone.api import Asks
from storage.phone import Phones

__all__ = ["Asks", "feature"]


def feature(
    *,
    phones: Phones,
    accounts: Mapping[str, Asks],
    say: Say,
    clock: Callable[[], datetime],
    zone: ZoneInfo,
    agreement: Agreement,
) -> Feature:
    """Binding a number with these mini-programs' button."""

    def show(person: str) -> list[str]:
        kept = phones.of(person)
        return [say("phone.kept", number=masks.phone(kept.number), since=kept.since)] if kept else []

    def export(person: str) -> list[Sheet]:
        kept = phones.of(person)
        return [Sheet.of(say("phone.phone_table"), [(kept.number, kept.since)])] if kept else []

    desk = api.Desk(phones=phones, accounts=accounts, say=say, clock=clock, zone=zone, agreement=agreement)
    return Feature(
        name="phone",
        api=api.blueprint(desk),
        keeps=Keeps(tables=("phones",), show=show, export=export, erase=phones.erase, unite=phones.unite),
    )
