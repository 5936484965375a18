"""Until when a delivery that may have gone out may be repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LEFT = sa.text("repeat_until IS NOT NULL")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("repeat_until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_deliveries_repeat", "deliveries", ["key", "repeat_until"], sqlite_where=LEFT, postgresql_where=LEFT
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_repeat", table_name="deliveries")
    op.drop_column("deliveries", "repeat_until")
