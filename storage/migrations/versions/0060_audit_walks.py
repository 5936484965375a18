"""How far the audit trail was verified, and what came of it; and as what somebody confirmed a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_walks",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger, nullable=True),
        sa.Column("broken", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    op.add_column("decision_confirmations", sa.Column("capacity", sa.String(128), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("decision_confirmations", "capacity")
    op.drop_table("audit_walks")
