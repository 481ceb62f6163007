"""Services of the operating system: atomic and safe files, locks, memory and processors."""
