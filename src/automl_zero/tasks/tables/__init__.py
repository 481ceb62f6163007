"""Tables of a user's own: read from files, turned into numbers, and made into tasks."""
