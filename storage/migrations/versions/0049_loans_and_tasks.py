"""A duty may be lent for some days, a role is known to be had since a day, and what it begins with is noted as done."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("admin_grants", sa.Column("since", sa.Date(), nullable=True))
    op.create_table(
        "admin_loans",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("giver", sa.String(32), nullable=False),
        sa.Column("taker", sa.String(32), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["giver"], ["admins.id"], name=op.f("fk_admin_loans_giver_admins"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["taker"], ["admins.id"], name=op.f("fk_admin_loans_taker_admins"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_loans")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tasks_done",
        sa.Column("admin", sa.String(32), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(["admin"], ["admins.id"], name=op.f("fk_tasks_done_admin_admins"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("admin", "role", "organisation", "task", "since", name=op.f("pk_tasks_done")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("tasks_done")
    op.drop_table("admin_loans")
    op.drop_column("admin_grants", "since")
