"""A run on a terminal: live view, summary, and numbers as people read them."""
