"""AutoML-Zero: evolve complete machine-learning algorithms from empty programs."""

__version__ = "0.1.0"
