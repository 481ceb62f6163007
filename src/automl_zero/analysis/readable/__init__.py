"""Programs as text for people: named values, comments and line diffs."""
