"""Codes that tie two accounts' contacts to one person, and contacts that wish to stay apart."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_codes",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=80), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_link_codes_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_link_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_link_codes_code")),
        sa.UniqueConstraint("message", name=op.f("uq_link_codes_message")),
        sqlite_with_rowid=False,
    )
    op.add_column("contacts", sa.Column("apart", sa.Boolean(), server_default=sa.text("(false)"), nullable=False))


def downgrade() -> None:
    op.drop_column("contacts", "apart")
    op.drop_table("link_codes")
