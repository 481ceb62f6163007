"""What a run records: events, its folder, and the environment, limits and signals it was run under."""
