"""Programs as graphs: lifting, mutation, scheduling, and the way back to a program."""
