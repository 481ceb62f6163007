"""Tables of users: read from files, converted to numbers, and made into tasks."""
