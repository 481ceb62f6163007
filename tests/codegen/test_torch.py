"""The export to PyTorch: a module whose buffers are what it has learned."""

from __future__ import annotations

import pytest
from support.programs.exports import load

from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.codegen.torch import torch_source
from automl_zero.program.library import library_program


def test_what_was_learned_is_kept_in_the_state() -> None:
    torch = pytest.importorskip("torch")
    module = load(torch_source(source_of(library_program("affine_regression"), Prediction.REGRESSION, "affine")))
    x = torch.randn((50, 3), dtype=module.FLOAT)
    model = module.Algorithm(num_features=3).fit(x, x.sum(dim=1), epochs=3)
    other = module.Algorithm(num_features=3)
    assert not torch.equal(other(x), model(x))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(x), model(x))
