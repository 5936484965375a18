"""Who is new belongs nowhere and has no unionid: the indexes of these hold nobody but who does."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

INDEXES = {
    "persons": ("organisation", sa.text("organisation != ''")),
    "contacts": ("unionid", sa.text("unionid IS NOT NULL")),
}


def upgrade() -> None:
    for table, (column, those) in INDEXES.items():
        op.drop_index(f"ix_{table}_{column}", table_name=table)
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=those, postgresql_where=those)


def downgrade() -> None:
    for table, (column, _) in INDEXES.items():
        op.drop_index(f"ix_{table}_{column}", table_name=table)
        op.create_index(f"ix_{table}_{column}", table, [column])
