"""What members agreed to, and what they say is wrong in what is kept of them."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_consents_person")),
        sa.PrimaryKeyConstraint("person", "purpose", name=op.f("pk_consents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=80), nullable=True),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_by", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_corrections_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("message", name=op.f("uq_corrections_message")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_corrections_person"), "corrections", ["person"])
    op.create_index(op.f("ix_corrections_settled_on"), "corrections", ["settled_on"])


def downgrade() -> None:
    op.drop_table("corrections")
    op.drop_table("consents")
