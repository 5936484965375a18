"""An account of the console has sessions, a second factor, counted tries, and may be disabled."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

OF_ACCOUNTS = ("first_password", "disabled")


def upgrade() -> None:
    for name in OF_ACCOUNTS:
        op.add_column("admins", sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "admin_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("admin", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("browser", sa.String(length=40), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["admin"], ["admins.id"], name=op.f("fk_admin_sessions_admin"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_sessions")),
        sa.UniqueConstraint("token", name=op.f("uq_admin_sessions_token")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("admin_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_sessions_admin"), ["admin"], unique=False)
    op.create_table(
        "admin_factors",
        sa.Column("admin", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["admin"], ["admins.id"], name=op.f("fk_admin_factors_admin"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("admin", name=op.f("pk_admin_factors")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "admin_recovery_codes",
        sa.Column("admin", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin"], ["admins.id"], name=op.f("fk_admin_recovery_codes_admin"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("admin", "code", name=op.f("pk_admin_recovery_codes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "admin_tries",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("waits_until", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "place", name=op.f("pk_admin_tries")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("admin_tries")
    op.drop_table("admin_recovery_codes")
    op.drop_table("admin_factors")
    with op.batch_alter_table("admin_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_sessions_admin"))

    op.drop_table("admin_sessions")
    for name in OF_ACCOUNTS:
        op.drop_column("admins", name)
