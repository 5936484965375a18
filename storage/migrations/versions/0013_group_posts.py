"""What runs say to groups outside WeChat."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_posts",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("batch", sa.String(length=32), server_default="", nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=32), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["broadcasts.key"], name=op.f("fk_group_posts_key")),
        sa.PrimaryKeyConstraint("key", "name", name=op.f("pk_group_posts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_group_posts_pace", "group_posts", ["name", "taken_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_group_posts_pace", table_name="group_posts")
    op.drop_table("group_posts")
