"""How often a run has paused for a quota of which nobody knows whether it is spent."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("doubts", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("broadcasts", "doubts")
