"""Detectors of techniques: functions from a view of a program to findings, by structure and by experiment."""
