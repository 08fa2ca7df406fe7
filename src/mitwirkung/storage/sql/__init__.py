"""Storage in a database by SQLAlchemy Core. Only what is imported from here needs SQLAlchemy."""
