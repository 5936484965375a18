"""Mass sends of runs, what each follower has had of them this month, and ends that were told too early."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mass_jobs",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("client_msg_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("batch", sa.String(length=32), server_default="", nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("msg_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("error", sa.String(length=32), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("filtered", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["broadcasts.key"], name=op.f("fk_mass_jobs_key")),
        sa.PrimaryKeyConstraint("key", "account", "number", name=op.f("pk_mass_jobs")),
        sa.UniqueConstraint("client_msg_id", name=op.f("uq_mass_jobs_client_msg_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mass_jobs_msg_id", "mass_jobs", ["account", "msg_id"], unique=False)
    op.create_index("ix_mass_jobs_pace", "mass_jobs", ["account", "taken_at"], unique=False)
    op.create_index("ix_mass_jobs_waiting", "mass_jobs", ["state", "wake_at"], unique=False)
    op.create_table(
        "mass_months",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_mass_months_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", "month", name=op.f("pk_mass_months")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mass_reports",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("msg_id", sa.String(length=64), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("filtered", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "msg_id", name=op.f("pk_mass_reports")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("mass_reports", "mass_months", "mass_jobs"):
        op.drop_table(table)
