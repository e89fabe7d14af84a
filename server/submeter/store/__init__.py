"""What survives: indexes, settings, history and the journal, in one SQLite file."""
