"""Pictures that are an account's material, by what is in them; why a mass send's end lets its run rest."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mass_reports", sa.Column("pause", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "materials",
        sa.Column("account", sa.String(length=64), primary_key=True),
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("media_id", sa.String(length=128), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("materials")
    op.drop_column("mass_reports", "pause")
