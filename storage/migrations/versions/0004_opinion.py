"""Opinions, named and anonymous, and their pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LEAVES = ("anonymous_opinions", "pictures")


def upgrade() -> None:
    for table in _LEAVES:
        op.create_table(
            table,
            sa.Column("mark", sa.String(length=64), nullable=False),
            sa.Column("generation", sa.String(length=32), nullable=False),
            sa.Column("day", sa.Date(), nullable=False),
            sa.Column("sealed", sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("mark", name=op.f(f"pk_{table}")),
            sqlite_with_rowid=False,
        )
        op.create_index(op.f(f"ix_{table}_generation"), table, ["generation"], unique=False)
        op.create_index(op.f(f"ix_{table}_day"), table, ["day"], unique=False)

    op.create_table(
        "named_opinions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("message", sa.String(length=80), nullable=True),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("to_tell", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_named_opinions_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_opinions")),
        sa.UniqueConstraint("message", name=op.f("uq_named_opinions_message")),
        sqlite_with_rowid=False,
    )
    for column in ("person", "day", "to_tell"):
        op.create_index(op.f(f"ix_named_opinions_{column}"), "named_opinions", [column], unique=False)


def downgrade() -> None:
    for column in ("to_tell", "day", "person"):
        op.drop_index(op.f(f"ix_named_opinions_{column}"), table_name="named_opinions")
    op.drop_table("named_opinions")
    for table in reversed(_LEAVES):
        op.drop_index(op.f(f"ix_{table}_day"), table_name=table)
        op.drop_index(op.f(f"ix_{table}_generation"), table_name=table)
        op.drop_table(table)
