"""Runs, deliveries and since when each schedule is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("broadcast", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_broadcasts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_broadcasts_broadcast"), "broadcasts", ["broadcast"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=32), server_default="", nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("batch", sa.String(length=32), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("error", sa.String(length=32), server_default="", nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["broadcasts.key"], name=op.f("fk_deliveries_key")),
        sa.PrimaryKeyConstraint("key", "person", name=op.f("pk_deliveries")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deliveries_waiting", "deliveries", ["key", "state", "wake_at"], unique=False)
    op.create_index(op.f("ix_deliveries_person"), "deliveries", ["person"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("broadcast", sa.String(length=64), nullable=False),
        sa.Column("timing", sa.String(length=128), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("broadcast", name=op.f("pk_schedules")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("schedules")
    op.drop_index(op.f("ix_deliveries_person"), table_name="deliveries")
    op.drop_index("ix_deliveries_waiting", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_broadcasts_broadcast"), table_name="broadcasts")
    op.drop_table("broadcasts")
