"""Talks that members asked for: whom, when and about what is sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=80), nullable=True),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_appointments_person_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("message", name=op.f("uq_appointments_message")),
        sa.UniqueConstraint("slot", name=op.f("uq_appointments_slot")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_appointments_day"), "appointments", ["day"])
    op.create_index(op.f("ix_appointments_person"), "appointments", ["person"])


def downgrade() -> None:
    op.drop_index(op.f("ix_appointments_person"), table_name="appointments")
    op.drop_index(op.f("ix_appointments_day"), table_name="appointments")
    op.drop_table("appointments")
