"""Who bears a tag of the platform's."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_tags",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("walk", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_contact_tags_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", "tag", name=op.f("pk_contact_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_contact_tags_tag"), "contact_tags", ["tag"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_contact_tags_tag"), table_name="contact_tags")
    op.drop_table("contact_tags")
