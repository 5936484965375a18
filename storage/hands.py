"""How deliveries come into hand and out of it: what one turn settles and takes is one transaction of a few statements.

However many deliveries a turn is about, each statement is one, and goes to the driver itself (`storage.hot`).
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from storage.db import Database
from storage.deliveries import DEDUPED, MASS, Parcel, Settled, deliveries, is_due, is_in_hand, settle
from storage.people import Id, contacts, credits_, kept_lines, persons, windows
from storage.refusals import Way
from storage.runs import Run, broadcasts
from storage.states import OPEN, RunState, State, word

AGAIN_SECONDS = 2  # until somebody is looked at again who is just being sent something of another run

# Each row names its run: SQLite would walk through the whole of a run that is named once.
_ROW: Mapping[str, sa.types.TypeEngine[Any]] = {"key": sa.String(128), "person": Id}
_SETTLED: Mapping[str, sa.types.TypeEngine[Any]] = {
    **_ROW,
    "contact": Id,
    "account": sa.String(64),
    "channel": sa.String(32),
    "variant": sa.Integer(),
    "state": sa.String(16),
    "message_id": sa.String(64),
    "error": sa.String(32),
    "wake_at": sa.BigInteger(),
    "settled_at": sa.BigInteger(),
    "repeat_until": sa.BigInteger(),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What came into hand, and the ways that had less than was asked for: nothing more of them is due now."""

    parcels: Sequence[Parcel] = ()
    empty: frozenset[Way] = frozenset()


class Hands:
    """Takes deliveries and settles them. Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db
        statements = _statements(is_sqlite=db.is_sqlite)
        self._settle = statements.settle
        self._hot_settle = db.hot(statements.settle)
        self._spend_windows = db.hot(statements.spend_windows)
        self._spend_credits = db.hot(statements.spend_credits)
        self._claim = db.hot(statements.claim)
        self._meet = db.hot(statements.meet)
        self._put_back = db.hot(statements.put_back)

    def ways(self, key: str, *, now: datetime) -> frozenset[Way]:
        """The ways by which somebody of a run is to be sent something now."""
        waiting = (deliveries.c.key == key) & is_due & (deliveries.c.wake_at <= now)
        waiting &= deliveries.c.channel != MASS  # those go out together
        with self._db.read() as connection:
            found = connection.execute(
                sa.select(deliveries.c.account, deliveries.c.channel).where(waiting).distinct()
            ).all()
        return frozenset(Way(row.account, row.channel) for row in found)

    def exchange(
        self,
        key: str,
        settled: Sequence[Settled],
        *,
        batch: str,
        room: Mapping[Way, int],
        now: datetime,
        lost_at: datetime,
    ) -> Taken:
        """Settle what is done and take up to `room` more of each way in hand, in one transaction.

        Nothing is taken of a paused run, and nobody who is in hand in another run: one contact is sent one message at
        a time (43108). What stays in hand beyond `lost_at` is lost, and `Deliveries.sweep` decides. Two who take at
        once never take the same row.
        """
        asked = [*self._settling(key, settled, batch, now)]
        first = len(asked)
        known = {"key": key, "batch": batch, "now": _seconds(now), "lost_at": _seconds(lost_at)}
        asked += [
            self._claim.asked(**known, account=way.account, channel=way.channel, room=most)
            for way, most in room.items()
        ]
        if not asked:
            return Taken()
        rows = self._db.together(asked)[first:]
        empty = frozenset(way for (way, most), some in zip(room.items(), rows, strict=True) if len(some) < most)
        taken = [_parcel(*row) for some in rows for row in some]
        return Taken(self._still_here(key, self._alone(key, taken, batch, now), batch, now), empty)

    def settle(self, key: str, settled: Sequence[Settled], *, batch: str, now: datetime) -> None:
        """Settle what is done, and take nothing."""
        self.exchange(key, settled, batch=batch, room={}, now=now, lost_at=now)

    def _settling(self, key: str, settled: Sequence[Settled], batch: str, now: datetime) -> Iterable[Any]:
        if not settled:
            return
        yield self._hot_settle.asked(of_batch=batch, rows=_rows(key, settled, now))
        if spent := [each.contact for each in settled if each.spent_window]:
            yield self._spend_windows.asked(rows=json.dumps([[each] for each in spent]))
        if bought := [[each.contact, each.spent_credit] for each in settled if each.spent_credit]:
            yield self._spend_credits.asked(rows=json.dumps(bought))

    def _alone(self, key: str, taken: list[Parcel], batch: str, now: datetime) -> list[Parcel]:
        """Those whom nobody took for another run at the same moment; the others are put back, to be taken later.

        Whoever takes says so first and looks then, so of two at least one sees the other. SQLite has one who takes at
        a time.
        """
        if self._db.is_sqlite or not taken:
            return taken
        met = {contact for (contact,) in self._meet(key=key, rows=json.dumps([[each.contact] for each in taken]))}
        if not met:
            return taken
        back = [[key, each.person] for each in taken if each.contact in met]
        self._put_back(batch=batch, wake_at=_seconds(now) + AGAIN_SECONDS, rows=json.dumps(back))
        return [each for each in taken if each.contact not in met]

    def _still_here(self, key: str, taken: list[Parcel], batch: str, now: datetime) -> list[Parcel]:
        left = [settle(each, State.GONE, error="left") for each in taken if not each.openid]
        if left:
            self.settle(key, left, batch=batch, now=now)
        return [each for each in taken if each.openid] if left else taken

    def keep_lines(
        self, parcels: Sequence[Parcel], *, run: Run, batch: str, expires_at: datetime, now: datetime
    ) -> None:
        """Keep the run's line for each of them and settle them as sent, in one transaction: none is kept twice."""
        with self._db.begin() as connection:
            mine = sa.select(deliveries.c.person).where(
                deliveries.c.key == run.key,
                deliveries.c.person.in_([each.person for each in parcels]),
                is_in_hand,
                deliveries.c.batch == batch,
            )
            here = sa.select(persons.c.id).where(persons.c.id.in_(mine)).with_for_update(read=True, key_share=True)
            found = set(connection.execute(here).scalars())
            kept = [
                {
                    "id": secrets.token_hex(16),
                    "person": each.person,
                    "key": run.key,
                    "line": run.content.said(each.variant).line,
                    "expires_at": expires_at,
                }
                for each in parcels
                if each.person in found
            ]
            if kept:
                connection.execute(self._db.insert(kept_lines).on_conflict_do_nothing(), kept)
            settled = [settle(each, State.SENT if each.person in found else State.GONE) for each in parcels]
            connection.execute(self._settle, {"of_batch": batch, "rows": _rows(run.key, settled, now)})


def _parcel(person: str, contact: str, account: str, openid: str, channel: str, variant: int, attempts: int) -> Parcel:
    return Parcel(
        person=person,
        contact=contact,
        account=account,
        openid=openid,
        channel=channel,
        variant=variant,
        attempts=attempts,
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _rows(key: str, settled: Iterable[Settled], now: datetime) -> str:
    at = _seconds(now)
    return json.dumps(
        [
            [
                key,
                each.person,
                each.contact,
                each.account,
                each.channel,
                each.variant,
                each.state,
                each.message_id,
                each.error,
                at if each.wake_at is None else _seconds(each.wake_at),
                None if each.state in OPEN else at,
                at + int(DEDUPED[each.channel].total_seconds()) if each.maybe else None,
            ]
            for each in settled
        ]
    )


# -- the statements ------------------------------------------------------------------------------------------------


class _Statements(NamedTuple):
    settle: sa.Update
    spend_windows: sa.Update
    spend_credits: sa.Update
    claim: sa.Update
    meet: sa.Select[Any]
    put_back: sa.Update


@cache
def _statements(*, is_sqlite: bool) -> _Statements:
    """Made once in a process: to put them together takes longer than to send one."""
    return _Statements(
        settle=_settling(is_sqlite=is_sqlite),
        spend_windows=_spending_windows(is_sqlite=is_sqlite),
        spend_credits=_spending_credits(is_sqlite=is_sqlite),
        claim=_claiming(is_sqlite=is_sqlite),
        meet=_meeting(is_sqlite=is_sqlite),
        put_back=_putting_back(is_sqlite=is_sqlite),
    )


def _table(columns: Mapping[str, sa.types.TypeEngine[Any]], *, is_sqlite: bool) -> sa.FromClause:
    """What the parameter `rows`, a list of lists in JSON, holds, as a table."""
    rows = sa.bindparam("rows", type_=sa.Text())
    if is_sqlite:
        each = sa.func.json_each(rows).table_valued("value").c.value
        made: list[sa.ColumnElement[Any]] = [sa.func.json_extract(each, f"$[{at}]") for at in range(len(columns))]
    else:
        each = sa.func.jsonb_array_elements(sa.cast(rows, JSONB)).table_valued("value").c.value
        made = [sa.cast(each.op("->>")(sa.literal_column(str(at))), kind) for at, kind in enumerate(columns.values())]
    return sa.select(*(it.label(name) for it, name in zip(made, columns, strict=True))).subquery("told")


def _settling(*, is_sqlite: bool) -> sa.Update:
    told = _table(_SETTLED, is_sqlite=is_sqlite)
    # A sweep may have called it unsure: who has sent it knows better. Said by what it isn't, or PostgreSQL would go
    # through all that is in hand and compare each with all of `rows`.
    over = [word(state) for state in State if state not in (State.IN_HAND, State.UNSURE)]
    ours = deliveries.c.state.not_in(over) & (deliveries.c.batch == sa.bindparam("of_batch"))
    change = deliveries.update().where(*_same(told), ours)
    first = sa.func.coalesce(deliveries.c.repeat_until, told.c.repeat_until)  # counted from when it first was in doubt
    known = {name: told.c[name] for name in _SETTLED if name not in _ROW}
    return change.values({**known, "repeat_until": first})


def _spending_windows(*, is_sqlite: bool) -> sa.Update:
    told = _table({"contact": Id}, is_sqlite=is_sqlite)
    change = windows.update().where(windows.c.contact == told.c.contact, windows.c.remaining > 0)
    return change.values(remaining=windows.c.remaining - 1)


def _spending_credits(*, is_sqlite: bool) -> sa.Update:
    told = _table({"contact": Id, "template": sa.String(64)}, is_sqlite=is_sqlite)
    same = (credits_.c.contact == told.c.contact) & (credits_.c.template == told.c.template)
    return credits_.update().where(same, credits_.c.left > 0).values(left=credits_.c.left - 1)


def _claiming(*, is_sqlite: bool) -> sa.Update:
    key: sa.BindParameter[str] = sa.bindparam("key")
    due = deliveries.alias("waiting")
    is_sent = sa.exists().where(broadcasts.c.key == key, broadcasts.c.state == word(RunState.SENDING))
    ready = (
        (due.c.key == key)
        & (due.c.state == word(State.DUE))
        & (due.c.wake_at <= sa.bindparam("now", type_=sa.BigInteger()))
        & (due.c.repeat_until.is_(None) | (due.c.repeat_until > sa.bindparam("now", type_=sa.BigInteger())))
        & (due.c.account == sa.bindparam("account"))
        & (due.c.channel == sa.bindparam("channel"))
    )
    # PostgreSQL takes rows by where they lie: by run and person it may go through the whole of a run that is new to it.
    place, mine = ("person", deliveries.c.person) if is_sqlite else ("ctid", sa.literal_column("deliveries.ctid"))
    its_place: sa.ColumnElement[Any] = sa.literal_column(f"waiting.{place}")
    free = ready & is_sent & ~_is_elsewhere(due.c.contact)
    chosen = sa.select(its_place.label(place)).select_from(due).where(free).order_by(due.c.wake_at)
    picked = chosen.limit(sa.bindparam("room")).with_for_update(skip_locked=True, of=due).cte("picked")
    places = sa.select(picked.c[place])
    if is_sqlite:
        take = deliveries.update().where(deliveries.c.key == key, mine.in_(places))
    else:
        take = deliveries.update().where(mine == sa.any_(sa.func.array(places.scalar_subquery())))
    taken = take.values(
        state=word(State.IN_HAND),
        batch=sa.bindparam("batch"),
        wake_at=sa.bindparam("lost_at", type_=sa.BigInteger()),
        attempts=deliveries.c.attempts + 1,
    )
    openid = sa.select(contacts.c.openid).where(contacts.c.id == deliveries.c.contact).scalar_subquery()
    return taken.returning(
        deliveries.c.person,
        deliveries.c.contact,
        deliveries.c.account,
        sa.func.coalesce(openid, ""),
        deliveries.c.channel,
        deliveries.c.variant,
        deliveries.c.attempts,
    )


def _meeting(*, is_sqlite: bool) -> sa.Select[Any]:
    """Which contacts are in hand in another run as well."""
    told = _table({"contact": Id}, is_sqlite=is_sqlite)
    return sa.select(told.c.contact).where(_is_elsewhere(told.c.contact))


def _is_elsewhere(contact: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a contact is in hand in another run than `key`.

    Looked for contact by contact, which OFFSET says: joined, PostgreSQL may go through all that is in hand for each.
    """
    other = deliveries.alias("other")
    here = (other.c.contact == contact) & (other.c.state == word(State.IN_HAND))
    here &= other.c.channel != word(MASS)  # in hand of its job, perhaps for hours, and in nobody's way
    return sa.exists(sa.select(other.c.key).where(here, other.c.key != sa.bindparam("key")).offset(0))


def _putting_back(*, is_sqlite: bool) -> sa.Update:
    told = _table(_ROW, is_sqlite=is_sqlite)
    ours = is_in_hand & (deliveries.c.batch == sa.bindparam("batch"))
    return (
        deliveries.update()
        .where(*_same(told), ours)
        .values(
            state=word(State.DUE),
            batch=word(""),
            wake_at=sa.bindparam("wake_at", type_=sa.BigInteger()),
            attempts=deliveries.c.attempts - 1,
        )
    )


def _same(told: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    return deliveries.c.key == told.c.key, deliveries.c.person == told.c.person
