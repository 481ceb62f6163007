"""The lines of a program: what they are, how they are changed, and where their values come from."""
