"""A phone number that its owner lets us call, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phones",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_phones_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_phones")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("phones")
