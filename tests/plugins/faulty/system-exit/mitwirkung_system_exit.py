"""It leaves when it is imported, as scripts do."""

raise SystemExit(3)
