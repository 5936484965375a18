"""Accounts of the console have roles; those that are there go on doing all the work of the whole house."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("admins", sa.Column("party_member", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_table(
        "admin_grants",
        sa.Column("admin", sa.String(32), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin"], ["admins.id"], name=op.f("fk_admin_grants_admin_admins"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("admin", "role", "organisation", name=op.f("pk_admin_grants")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO admin_grants (admin, role, organisation) SELECT id, 'general', '' FROM admins")


def downgrade() -> None:
    op.drop_table("admin_grants")
    op.drop_column("admins", "party_member")
