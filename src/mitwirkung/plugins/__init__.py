"""How strategies come into the library: one door for what ships and for what others add."""
