"""The roster, tries at joining, and the topics people chose."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "join_tries",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_join_tries")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("person", "topic", name=op.f("pk_subscriptions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_topic"), ["topic"], unique=False)

    op.create_table(
        "roster",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), server_default="", nullable=False),
        sa.Column("role", sa.String(length=32), server_default="", nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("message", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_roster_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster")),
        sa.UniqueConstraint("code", name=op.f("uq_roster_code")),
        sa.UniqueConstraint("message", name=op.f("uq_roster_message")),
        sa.UniqueConstraint("organisation", "name", "number", name=op.f("uq_roster_organisation_name_number")),
        sa.UniqueConstraint("person", name=op.f("uq_roster_person")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("roster")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_topic"))

    op.drop_table("subscriptions")
    op.drop_table("join_tries")
