"""Who sat which exam, until when, and with what certificate."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_sittings",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("exam", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=True),
        sa.Column("certificate", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("person", "name", name=op.f("pk_quiz_sittings")),
        sa.UniqueConstraint("certificate", name=op.f("uq_quiz_sittings_certificate")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quiz_sittings")
