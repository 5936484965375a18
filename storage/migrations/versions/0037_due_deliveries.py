"""Nothing but what is due is in the index of what waits: most of that was about what nobody looks for."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

NAME, DUE = "ix_deliveries_waiting", sa.text("state = 'due'")


def upgrade() -> None:
    op.drop_index(NAME, table_name="deliveries")
    op.create_index(NAME, "deliveries", ["key", "wake_at"], sqlite_where=DUE, postgresql_where=DUE)


def downgrade() -> None:
    op.drop_index(NAME, table_name="deliveries")
    op.create_index(NAME, "deliveries", ["key", "state", "wake_at"])
