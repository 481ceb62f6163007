"""Output to the terminal: text is cleaned before it is written, and a failed write does not end a run."""
