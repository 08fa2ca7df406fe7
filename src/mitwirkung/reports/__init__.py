"""Reports about a draw: what is true of it as plain data, and a page that people can read."""
