"""Helpers of the commands: options, printing, writing of new files, and signals."""
