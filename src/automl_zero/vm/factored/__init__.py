"""Programs on hundreds and thousands of features: matrices as what they are made of, without all their elements."""
