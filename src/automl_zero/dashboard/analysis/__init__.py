"""Analysis of programs for the dashboard, in processes of their own with a limit on time."""
