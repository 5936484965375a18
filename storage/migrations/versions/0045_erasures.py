"""Whom we have erased, and who has become whom: so that a backup from before brings nobody back."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_erasures")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "united",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_united_person_persons")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_united")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_united_person"), "united", ["person"])


def downgrade() -> None:
    op.drop_table("united")
    op.drop_table("erasures")
