"""Which variant of a run's words a delivery carries; who must agree to a run, who did, which run goes first.

And which contact is an admin's own.
"""

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
    op.create_table(
        "admin_contacts",
        sa.Column("admin", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("code_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_admin_contacts_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("admin", name=op.f("pk_admin_contacts")),
        sa.UniqueConstraint("code", name=op.f("uq_admin_contacts_code")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_admin_contacts_contact"), "admin_contacts", ["contact"], unique=False)
    op.add_column("deliveries", sa.Column("variant", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("deliveries", "variant")
    op.drop_index(op.f("ix_admin_contacts_contact"), table_name="admin_contacts")
    op.drop_table("admin_contacts")
    op.drop_table("approvals")
    op.drop_column("broadcasts", "priority")
    op.drop_column("broadcasts", "four_eyes")
