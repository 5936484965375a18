"""How many deliveries of a run that is long over ended how: its rows are folded into that."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["broadcasts.key"], name=op.f("fk_tallies_key")),
        sa.PrimaryKeyConstraint("key", "channel", "state", "error", name=op.f("pk_tallies")),
        sqlite_with_rowid=False,
    )
    op.add_column("broadcasts", sa.Column("folded_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("broadcasts", "folded_at")
    op.drop_table("tallies")
