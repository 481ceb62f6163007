"""Where a search runs: islands, epochs, migration, and the run folder."""
