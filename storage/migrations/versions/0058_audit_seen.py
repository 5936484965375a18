"""Who and what is in the audit trail is found without reading all of it."""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_trail_account", "audit_trail", ["account", "sequence"])
    op.create_index("ix_audit_trail_kind", "audit_trail", ["kind", "sequence"])


def downgrade() -> None:
    op.drop_index("ix_audit_trail_kind", table_name="audit_trail")
    op.drop_index("ix_audit_trail_account", table_name="audit_trail")
