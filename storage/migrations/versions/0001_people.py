"""People, contacts, windows, credits and kept lines."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organisation", sa.String(length=64), server_default="", nullable=False),
        sa.Column("role", sa.String(length=32), server_default="", nullable=False),
        sa.Column("former", sa.String(length=64), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("former", name=op.f("uq_persons_former")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_persons_organisation"), ["organisation"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("unionid", sa.String(length=128), nullable=True),
        sa.Column("scene", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_contacts_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("account", "openid", name=op.f("uq_contacts_account_openid")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_unionid"), ["unionid"], unique=False)

    op.create_table(
        "kept_lines",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_kept_lines_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_lines")),
        sa.UniqueConstraint("person", "key", name=op.f("uq_kept_lines_person_key")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("kept_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_lines_person"), ["person"], unique=False)

    op.create_table(
        "credit_events",
        sa.Column("message", sa.String(length=80), nullable=False),
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_credit_events_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_credit_events")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("credit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_events_contact"), ["contact"], unique=False)

    op.create_table(
        "credits",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_credits_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", "template", name=op.f("pk_credits")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "windows",
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name=op.f("fk_windows_contact"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_windows")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("windows")
    op.drop_table("credits")
    with op.batch_alter_table("credit_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_events_contact"))

    op.drop_table("credit_events")
    with op.batch_alter_table("kept_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_lines_person"))

    op.drop_table("kept_lines")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_unionid"))
        batch_op.drop_index(batch_op.f("ix_contacts_person"))

    op.drop_table("contacts")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_persons_organisation"))

    op.drop_table("persons")
