"""The state of a search: snapshots, their file format, and the checks before a run resumes from one."""
