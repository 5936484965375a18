"""The draft that a mass send is made from."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mass_jobs", sa.Column("media_id", sa.String(length=128), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("mass_jobs", "media_id")
