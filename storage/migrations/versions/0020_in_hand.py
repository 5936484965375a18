"""Who is just being sent something, found at once: nobody is sent two messages at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

IN_HAND = sa.text("state = 'in_hand'")


def upgrade() -> None:
    op.create_index("ix_deliveries_in_hand", "deliveries", ["contact"], postgresql_where=IN_HAND, sqlite_where=IN_HAND)


def downgrade() -> None:
    op.drop_index("ix_deliveries_in_hand", table_name="deliveries")
