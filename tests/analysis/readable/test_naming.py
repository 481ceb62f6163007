"""Values have names by their roles."""

from __future__ import annotations

from automl_zero.analysis.readable.pretty_print import readable
from automl_zero.program.text import from_text


def test_an_address_that_holds_different_things_has_different_names() -> None:
    text = (
        "def Setup():\ndef Predict():\n  s2 = mean(v0)\n  s3 = norm(v0)\n  s2 = s2 * s3\n  s1 = s2 + s3\ndef Learn():\n"
    )
    assert "value = average * length\n  prediction = value + length" in readable(from_text(text))


def test_a_prediction_that_nothing_writes_has_a_name() -> None:
    text = "def Setup():\ndef Predict():\n  v2 = s1 * v0\n  v1 = v1 + v2\n  s1 = norm(v1)\ndef Learn():\n"
    assert "value = prediction * features" in readable(from_text(text))
    many = "def Setup():\ndef Predict():\n  v3 = v2 + v0\n  v2[0.5] = 1.0\ndef Learn():\n"
    assert "prediction[0.5] = 1" in readable(from_text(many), multiclass=True)
