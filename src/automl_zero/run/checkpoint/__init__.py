"""The state of a search: snapshots, their file format, and the checks before a run goes on from one."""
