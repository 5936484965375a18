"""What organisations have decided, sealed, and who confirmed it."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("corrects", sa.String(length=32), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["corrects"], ["decisions.id"], name=op.f("fk_decisions_corrects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("corrects", name=op.f("uq_decisions_corrects")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decision_confirmations",
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_decision_confirmations_decision")),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_decision_confirmations")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("decision_confirmations")
    op.drop_table("decisions")
