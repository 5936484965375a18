"""What is done about a problem, by whom, until when, and who saw that it was done: sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measures")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("measures")
