"""What was found: how searches compare, from the events of their runs."""
