"""Detectors of machine-learning techniques in a program, by its data flow and by experiments."""
