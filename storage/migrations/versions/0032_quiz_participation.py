"""How many of an organisation took part in the quiz in a month that is over."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_participation",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("took_part", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "organisation", name=op.f("pk_quiz_participation")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_participation")
