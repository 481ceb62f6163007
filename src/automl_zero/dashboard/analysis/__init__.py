"""Analysis of programs for the dashboard, in a separate process with limits on time and memory."""
