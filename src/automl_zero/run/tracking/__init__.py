"""Trackers: callbacks that report a run to MLflow or TensorBoard."""
