"""The terminal: text is cleaned before it is written, and output that cannot be written does not end a run."""
