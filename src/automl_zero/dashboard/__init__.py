"""Runs in a browser: a page that follows run folders, and starts and stops runs."""
