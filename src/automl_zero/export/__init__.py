"""How a discovered algorithm is used: as an estimator, as source code of other systems, as a saved model."""
