"""How far somebody has come in a bank that they go through in order."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_places",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("bank", sa.String(length=64), nullable=False),
        sa.Column("round", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("person", "bank", name=op.f("pk_quiz_places")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_places")
