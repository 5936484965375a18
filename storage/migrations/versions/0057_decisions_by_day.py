"""What a list of decisions is chosen and ordered by stands in columns of its own; all else stays sealed.

Both tables are made anew in this step's one transaction, with the configuration's keys at hand where there are rows.
Whatever doesn't open with them was lost before, and goes.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from storage.sealing import Box, CannotOpen, Keys

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_DAYS = ("day", "recorded_on")
_IN_CLEAR = ("organisation", "kind", "recorded_by", *_DAYS)


class NoKeys(ValueError):
    """There is something to open, and nothing to do it with."""


def upgrade() -> None:
    def told(words: dict[str, Any]) -> dict[str, Any]:
        return {name: words.pop(name) for name in _IN_CLEAR}

    columns: list[sa.Column[Any]] = [
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=False) for name in _DAYS),
    ]
    _make_anew(columns, lambda _, words: told(words))
    op.create_index("ix_decisions_day", "decisions", ["day", "recorded_on", "id"])
    op.create_index("ix_decisions_organisation", "decisions", ["organisation"])


def downgrade() -> None:
    def told(row: Any, words: dict[str, Any]) -> dict[str, Any]:
        words |= {name: str(getattr(row, name)) for name in _IN_CLEAR}
        return {}

    op.drop_index("ix_decisions_organisation", "decisions")
    op.drop_index("ix_decisions_day", "decisions")
    _make_anew([], told)


def _make_anew(columns: list[sa.Column[Any]], moved: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    """Write every row anew: `moved` takes out of what was sealed, or puts there, and gives the values of `columns`."""
    there = op.get_bind()
    rows = there.execute(sa.text("SELECT * FROM decisions")).all()
    seen = there.execute(sa.text("SELECT * FROM decision_confirmations")).all()
    op.drop_table("decision_confirmations")
    op.drop_table("decisions")
    made = op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("corrects", sa.String(length=32), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["corrects"], ["decisions.id"], name=op.f("fk_decisions_corrects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("corrects", name=op.f("uq_decisions_corrects")),
        sqlite_with_rowid=False,
    )
    confirmed = op.create_table(
        "decision_confirmations",
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_decision_confirmations_decision")),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_decision_confirmations")),
        sqlite_with_rowid=False,
    )
    new = _anew(rows, moved) if rows else {}
    for id_, values in new.items():
        there.execute(made.insert().values(id=id_, **values))
    for row in rows:  # when all of them are there
        if row.id in new and row.corrects in new:
            there.execute(made.update().where(made.c.id == row.id).values(corrects=row.corrects))
    for row in seen:
        if row.decision in new:
            day = date.fromisoformat(str(row.day))
            there.execute(confirmed.insert().values(decision=row.decision, account=row.account, day=day))


def _anew(rows: Any, moved: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    boxes = _boxes()
    newest = max(boxes, key=int, default="")
    found = {}
    for row in rows:
        number, _, rest = row.told.partition(":")
        place = f"decisions.told:{row.id}".encode()
        with suppress(CannotOpen, KeyError):
            words = json.loads(boxes[number].open(base64.b64decode(rest), bound_to=place))
            values = moved(row, words)
            sealed = boxes[newest].seal(json.dumps(words, ensure_ascii=False).encode(), bound_to=place)
            days = {name: date.fromisoformat(value) for name, value in values.items() if name in _DAYS}
            found[row.id] = {"told": f"{newest}:{base64.b64encode(sealed).decode()}", **values, **days}
    return found


def _boxes() -> dict[str, Box]:
    keys: Keys | None = context.config.attributes.get("keys")
    if keys is None:
        raise NoKeys("0057 opens decisions, and was given no key to do it with")
    wrapping, found = keys.box("data keys"), {}
    for row in op.get_bind().execute(sa.text("SELECT number, sealed FROM data_keys")).all():
        with suppress(CannotOpen):
            found[str(row.number)] = Box(wrapping.open(bytes(row.sealed), bound_to=f"data key {row.number}".encode()))
    return found
