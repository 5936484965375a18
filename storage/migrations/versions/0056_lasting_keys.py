"""Keys of former secrets by which receipts, marks of who was erased and the trail are still found and proven."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lasting_keys",
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "number", name=op.f("pk_lasting_keys")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("lasting_keys")
