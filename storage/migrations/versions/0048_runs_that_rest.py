"""A run that rests at night knows when it goes on, as one whose day's quota is spent does."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

runs = sa.table("broadcasts", *map(sa.column, ("state", "reason", "goes_on_at")))
RESTS = bytes.fromhex(  # what `scheduler.reasons` lets such a run say
    "e5858de68993e689b0e79a84e697b6e6aeb5e588b0e4ba86efbc8ce58588e58"
    "19ce4b880e5819cefbc8ce8bf87e5908ee887aae5b7b1e68ea5e79d80e58f91"
).decode()


def upgrade() -> None:
    """Who rests by now looks at once whether it is still night."""
    op.execute(runs.update().where(runs.c.state == "paused", runs.c.reason == RESTS).values(goes_on_at=0))


def downgrade() -> None:
    op.execute(runs.update().where(runs.c.reason == RESTS).values(goes_on_at=None))
