"""What the operating system offers: files that are written whole and opened safely, locks, memory and processors."""
