"""Records and journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "records_0001"
down_revision = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "records",
        sa.Column("event", PLAIN, nullable=False),
        sa.Column("kind", PLAIN, nullable=False),
        sa.Column("key", PLAIN, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("fields", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("event", "kind", "key"),
    )
    op.create_table(
        "journal",
        sa.Column("event", PLAIN, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event", "number"),
    )
    if op.get_bind().dialect.name == "postgresql":  # bodies are encrypted: nothing to compress
        op.execute("ALTER TABLE records ALTER COLUMN body SET STORAGE EXTERNAL")
