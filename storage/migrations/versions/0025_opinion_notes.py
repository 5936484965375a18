"""What those who handle an opinion say: sealed, and led to by a keyed hash."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opinion_notes",
        sa.Column("opinion", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("opinion", "number", name=op.f("pk_opinion_notes")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("opinion_notes")
