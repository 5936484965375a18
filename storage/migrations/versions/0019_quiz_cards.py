"""What a person has to review of the quiz; made from the answers when it is first asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_cards",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "question", name=op.f("pk_quiz_cards")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_cards")
