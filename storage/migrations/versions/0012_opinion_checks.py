"""What of named opinions the platform is still to judge."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opinion_checks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("opinion", sa.String(length=24), nullable=False),
        sa.Column("part", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_checks")),
        sa.UniqueConstraint("trace", name=op.f("uq_opinion_checks_trace")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_opinion_checks_opinion"), "opinion_checks", ["opinion"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_opinion_checks_opinion"), table_name="opinion_checks")
    op.drop_table("opinion_checks")
