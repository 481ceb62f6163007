"""The dashboard: a web page that follows run folders, and starts and stops runs."""
