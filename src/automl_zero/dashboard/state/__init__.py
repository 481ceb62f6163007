"""What the dashboard knows of a run, followed through its events."""
