"""Programs as people read them: named addresses, comments and differences."""
