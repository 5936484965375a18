"""Changes of the pack's files in the console, and what each file held."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pack_versions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_pack_versions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pack_changes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("file", sa.String(160), nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("after", sa.String(64), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agreed", sa.String(64), nullable=False, server_default=""),
        sa.Column("undoes", sa.String(32), nullable=False, server_default=""),
        sa.Column("remark", sa.String(500), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_pack_changes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pack_changes_state_at", "pack_changes", ["state", "at"])
    op.create_index("ix_pack_changes_file_at", "pack_changes", ["file", "at"])


def downgrade() -> None:
    op.drop_table("pack_changes")
    op.drop_table("pack_versions")
