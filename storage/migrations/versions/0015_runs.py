"""Which variant of a run's words a delivery carries; who must agree to a run, who did, and which run goes first."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("four_eyes", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("broadcasts", sa.Column("priority", sa.Integer(), server_default="5", nullable=False))
    op.create_table(
        "approvals",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("admin", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["broadcasts.key"], name=op.f("fk_approvals_key")),
        sa.PrimaryKeyConstraint("key", "admin", name=op.f("pk_approvals")),
        sqlite_with_rowid=False,
    )
    op.add_column("deliveries", sa.Column("variant", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("deliveries", "variant")
    op.drop_table("approvals")
    op.drop_column("broadcasts", "priority")
    op.drop_column("broadcasts", "four_eyes")
