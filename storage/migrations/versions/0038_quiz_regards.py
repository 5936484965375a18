"""Which questions somebody keeps to come back to, and which were of use to them."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_regards",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "question", name=op.f("pk_quiz_regards")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_regards")
