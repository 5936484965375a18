"""A delivery is known by its run and its person, and by nothing else that each row would pay for."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_deliveries_person"), table_name="deliveries")
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_with_rowid": False}) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_deliveries_key"), type_="foreignkey")


def downgrade() -> None:
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_with_rowid": False}) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_deliveries_key"), "broadcasts", ["key"], ["key"])
    op.create_index(op.f("ix_deliveries_person"), "deliveries", ["person"], unique=False)
