"""Findings by line."""

from __future__ import annotations

from automl_zero.analysis.dataflow.findings import Finding, comments


def test_techniques_of_a_line_are_named_once_and_gradient_descent_without_its_loss() -> None:
    names = ["bias", "gradient descent on squared loss", "gradient descent on logistic loss"]
    found = [Finding(name, (("learn", 2),), "") for name in names]
    assert comments(found) == {("learn", 2): "bias, gradient descent"}
