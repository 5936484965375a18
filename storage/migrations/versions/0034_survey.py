"""Surveys: ballots and marks of who took part, sealed and in no order, and what was told of those that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_leaves",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_survey_leaves")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_survey_leaves_day"), "survey_leaves", ["day"])
    op.create_index(op.f("ix_survey_leaves_generation"), "survey_leaves", ["generation"])
    op.create_table(
        "survey_results",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_survey_results")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("survey_results")
    op.drop_table("survey_leaves")
