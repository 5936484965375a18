"""Who says the code again that has bound them hears that they have joined."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("roster", sa.Column("joined_with", sa.String(64)))


def downgrade() -> None:
    op.drop_column("roster", "joined_with")
