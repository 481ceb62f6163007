"""The export to JAX: functions that can be mapped and compiled, in both precisions."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from support.programs.exports import load
from support.programs.reference_cases import TASK_SETS

from automl_zero.codegen.equivalence import predictions_of
from automl_zero.codegen.jax import jax_source
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.program.library import library_program
from automl_zero.vm import reference

TASKS, PROGRAM = TASK_SETS["regression"], library_program("affine_regression")
EXPECTED = [
    predictions_of(reference.evaluate(PROGRAM, TASKS, task).epochs[0], Prediction.REGRESSION)
    for task in range(len(TASKS))
]


def trained_and_predicted(module: Any, train_x: Any, train_y: Any, valid_x: Any) -> Any:
    memory = module.setup(module.empty(train_x.shape[1]))
    memory, _ = module.train(memory, train_x, train_y)
    return module.predict_rows(memory, valid_x)[1]


@pytest.mark.parametrize(("is_double", "tolerance"), [(True, 1e-12), (False, 1e-4)])
def test_many_tasks_are_learned_at_once(is_double: bool, tolerance: float) -> None:
    with jax.enable_x64(is_double):
        module = load(jax_source(source_of(PROGRAM, Prediction.REGRESSION, "affine")))
        of_all = jax.jit(jax.vmap(lambda *task: trained_and_predicted(module, *task)))
        predictions = of_all(
            *(module.jnp.array(each, module.FLOAT) for each in (TASKS.train_x, TASKS.train_y, TASKS.valid_x))
        )
        assert predictions.dtype == (np.float64 if is_double else np.float32)
    np.testing.assert_allclose(predictions, EXPECTED, rtol=tolerance)


def test_noise_is_a_function_of_the_key() -> None:
    module = load(jax_source(source_of(library_program("noisy_relu"), Prediction.REGRESSION, "noisy")))
    one, same, other = (module.setup(module.empty(3), module.Noise(jax.random.key(seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.m0, same.m0)
    assert (one.m0 != other.m0).all()
    assert len(np.unique([*one.m0.ravel(), *one.v2])) == 12
