"""Duels: the questions that two are asked, and what each of the two came to."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_duels",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_duels")),
        sa.UniqueConstraint("code", name=op.f("uq_quiz_duels_code")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quiz_duel_sides",
        sa.Column("duel", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("hosts", sa.Boolean(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=True),
        sa.Column("theirs", sa.Integer(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["duel"], ["quiz_duels.id"], name=op.f("fk_quiz_duel_sides_duel"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("duel", "person", name=op.f("pk_quiz_duel_sides")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("quiz_duel_sides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiz_duel_sides_person"), ["person"], unique=False)


def downgrade() -> None:
    op.drop_table("quiz_duel_sides")
    op.drop_table("quiz_duels")
