"""What each question of a round counts for, and what the points of a month that is over came to."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quiz_rounds", sa.Column("scores", sa.Text(), nullable=True))
    op.create_table(
        "quiz_points",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_quiz_points")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_points")
    op.drop_column("quiz_rounds", "scores")
