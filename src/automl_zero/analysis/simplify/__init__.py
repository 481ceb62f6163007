"""Simplification: shorter programs with the same meaning."""
