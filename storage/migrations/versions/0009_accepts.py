"""How many accepted notices the platform told of and how many the mini-program did: the same accept counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accepts",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_accepts_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", "template", name=op.f("pk_accepts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("accepts")
