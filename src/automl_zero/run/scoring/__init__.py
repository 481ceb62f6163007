"""Scores of programs and baselines on sets of tasks."""
