"""How often each topic was subscribed to and left, by months, without anybody."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topic_changes",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("subscribed", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "topic", name=op.f("pk_topic_changes")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("topic_changes")
