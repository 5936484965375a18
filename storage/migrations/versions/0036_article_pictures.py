"""Where an account's articles find the pictures of the pack, by what is in them."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_pictures",
        sa.Column("account", sa.String(length=64), primary_key=True),
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("address", sa.String(length=512), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("article_pictures")
