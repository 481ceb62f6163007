"""What is printed of programs: names for what addresses hold, comments, and what became of each line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.analysis.readable.pretty_print import readable
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.program.library import library_program
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.text import to_text

FIGURE_6 = """\
def Setup():
def Predict():
  noisy_features = features - noise                # noise injection
  noisy_features_2 = features + noise              # noise injection
  hidden = dot(scaled_weights, noisy_features_2)   # bilinear interaction
  scaled_weights = length * summed_weights         # weight averaging
  prediction = dot(hidden, noisy_features)         # bilinear interaction
def Learn():
  error = label - prediction
  outer_product = outer(noisy_features, features)
  scaled_error = sin(error)
  length = norm(outer_product)                     # gradient normalization
  scaled_error_2 = scaled_error / length           # gradient normalization
  back_error = scaled_error_2 * noisy_features
  gradient = outer(back_error, noisy_features_2)
  weights = gradient + weights
  noise = uniform(0.002, 0.7, n_features)          # noise injection
  deviation = std(weights)
  summed_weights = summed_weights + weights        # weight averaging
  scaled_weights = deviation * weights
"""

TWO_LAYER_NET = """\
def Setup():
  weights = gaussian(0, 0.1, n_features)
  weights_2 = gaussian(0, 0.1, (n_features, n_features))
  learning_rate = 0.01
def Predict():
  hidden = dot(weights_2, features)                       # two-layer net
  hidden_2 = hidden + bias_2                              # bias
  hidden_3 = maximum(hidden_2, zeros)                     # ReLU, two-layer net
  product = dot(hidden_3, weights)                        # two-layer net
  prediction = product + bias                             # bias
def Learn():
  error = label - prediction
  scaled_error = learning_rate * error
  bias = bias + scaled_error                              # gradient descent
  gradient = scaled_error * hidden_3
  weights = weights + gradient                            # gradient descent
  back_error = scaled_error * weights                     # back-propagation
  mask = heaviside(hidden_2, 1.0)
  gradient_2 = mask * back_error
  bias_2 = bias_2 + gradient_2                            # gradient descent
  gradient_3 = outer(gradient_2, features)
  weights_2 = weights_2 + gradient_3                      # gradient descent, back-propagation
"""


@pytest.mark.parametrize(("name", "text"), [("figure_6_pruned", FIGURE_6), ("two_layer_net", TWO_LAYER_NET)])
def test_a_program_is_written_with_names_for_what_it_holds(name: str, text: str) -> None:
    assert readable(library_program(name)) == text


def test_lines_without_effect_keep_their_addresses_and_are_marked() -> None:
    assert re.search(r"s6 = cos\(s4\) +# no effect", readable(library_program("figure_6_raw")))


@given(programs(max_size=8, memory=AddressCounts(3, 3, 1)))
def test_of_any_program_each_line_is_written_and_no_name_is_an_address(program: Program) -> None:
    short = simplify(program).program
    text = readable(short, findings=())
    assert len(text.splitlines()) == len(to_text(short).splitlines())
    assert not re.search(r"\b[svm]\d+\b", text)
