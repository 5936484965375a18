"""Answers that are written into blanks, and those that are partly right."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quiz_answers", sa.Column("written", sa.Text(), nullable=True))
    op.add_column("quiz_answers", sa.Column("credit", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("quiz_answers", "credit")
    op.drop_column("quiz_answers", "written")
