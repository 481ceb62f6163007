"""What a program is scored on: sets of tasks as plain arrays, reproducible from a seed."""
