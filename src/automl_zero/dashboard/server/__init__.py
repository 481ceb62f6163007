"""The web server of the dashboard: access, requests, and the runs it starts and stops."""
