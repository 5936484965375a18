"""A run that is paused until a quota is back knows when it goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("goes_on_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("broadcasts", "goes_on_at")
