"""Shorter programs of the same meaning."""
