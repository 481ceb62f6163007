"""The web server of the dashboard: access control, requests, and the runs that it starts and stops."""
