"""Keys of bodies, in a database of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "keys_0001"
down_revision = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "keys",
        sa.Column("event", PLAIN, nullable=False),
        sa.Column("person", PLAIN, nullable=False),
        sa.Column("compartment", PLAIN, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("event", "person", "compartment"),
        sqlite_with_rowid=False,
    )
