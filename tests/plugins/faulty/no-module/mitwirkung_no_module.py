"""Its entry point names an attribute."""

PLUGIN = object()
