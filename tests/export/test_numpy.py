"""The export to NumPy, used as somebody would who has nothing of this package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exports import RUNNING, each_language, in_float64, load, plain
from reference_cases import TASK_SETS

from automl_zero import __version__
from automl_zero.export.equivalence import predictions_of
from automl_zero.export.languages import LANGUAGES
from automl_zero.export.numpy import numpy_source
from automl_zero.export.source import Prediction, source_of
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.vm import reference

# Runs an export where no package but NumPy can be found.
ALONE = """
import importlib.abc, json, sys
class OnlyNumPy(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, prediction=None):
        allowed = {"numpy", *sys.stdlib_module_names}
        if name.partition(".")[0] not in allowed:
            raise ImportError(f"{name} is not to be had here")
sys.meta_path.insert(0, OnlyNumPy())
sys.path.append(sys.argv[1])
given = json.load(sys.stdin)
space = {"__name__": "exported"}
exec(compile(open(sys.argv[2]).read(), "exported", "exec"), space)
model = space["Algorithm"]().fit(given["train_x"], given["train_y"])
print(json.dumps(model.predict(given["valid_x"]).tolist()))
"""


def examples() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(40, 3))
    return x, x @ [0.5, -0.25, 0.125]


@pytest.mark.parametrize("name", ["linear_regression", "affine_regression"])
def test_in_an_environment_with_numpy_alone_it_predicts_what_the_reference_does(name: str, tmp_path: Path) -> None:
    tasks, program = TASK_SETS["regression"], library_program(name)
    file = tmp_path / "model.py"
    file.write_text(numpy_source(source_of(program, Prediction.REGRESSION, name)))
    given = {each: getattr(tasks, each)[0].tolist() for each in ("train_x", "train_y", "valid_x")}
    place = str(Path(np.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", ALONE, place, str(file)]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    expected = predictions_of(reference.evaluate(program, tasks, 0).epochs[0], Prediction.REGRESSION)
    assert expected is not None
    np.testing.assert_allclose(json.loads(done.stdout), expected, rtol=1e-12)


def test_the_file_says_what_it_is_and_who_made_it() -> None:
    text = numpy_source(source_of(library_program("linear_regression"), Prediction.REGRESSION, "my model"))
    documentation = load(text).__doc__
    for part in ("my model", f"automl-zero {__version__}", "model.fit(X, y)", "def Learn():\n      s3 = s0 - s1\n"):
        assert part in documentation


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("prediction", Prediction)
@pytest.mark.parametrize("language", RUNNING)
def test_no_line_is_longer_than_people_like_and_none_ends_in_space(
    name: str, prediction: Prediction, language: str
) -> None:
    lines = LANGUAGES[language].write(source_of(library_program(name), prediction, name)).splitlines()
    assert [line for line in lines if len(line) > 120 or line != line.rstrip()] == []


@each_language
@pytest.mark.parametrize("name", ["two_layer_net", "linear_regression"])
def test_a_model_learns_and_fitting_again_begins_anew(name: str, language: str) -> None:
    module = load(LANGUAGES[language].write(source_of(library_program(name), Prediction.REGRESSION, name)))
    x, y = examples()
    with in_float64(language):
        model = module.Algorithm(**({"num_features": 3} if language == "torch" else {}))
        few = plain(model.fit(x.tolist(), y.tolist()).predict(x.tolist()))
        many = plain(model.fit(x.tolist(), y.tolist(), epochs=30).predict(x.tolist()))
        again = plain(model.fit(x.tolist(), y.tolist()).predict(x.tolist()))
        assert np.mean((many - y) ** 2) < np.mean((few - y) ** 2) / 2
        np.testing.assert_array_equal(few, again)
        np.testing.assert_array_equal(again, plain(model.predict(x.tolist())))


@each_language
def test_a_model_of_several_classes_gives_their_probabilities(language: str) -> None:
    source = source_of(library_program("multiclass_net"), Prediction.MULTICLASS, "net")
    module = load(LANGUAGES[language].write(source))
    x = np.random.default_rng(0).normal(size=(300, 4))
    y = np.argmax(x[:, :3], axis=1)
    features = {"num_features": 4} if language == "torch" else {}
    model = module.Algorithm(**features, num_classes=3).fit(x.tolist(), y.tolist(), epochs=5)
    probabilities = plain(model.predict(x.tolist()))
    assert probabilities.shape == (300, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(np.argmax(probabilities, axis=1) == y) > 0.8


@each_language
def test_more_classes_than_features_are_refused(language: str) -> None:
    source = source_of(library_program("multiclass_net"), Prediction.MULTICLASS, "net")
    module = load(LANGUAGES[language].write(source))
    features = {"num_features": 2} if language == "torch" else {}
    with pytest.raises(ValueError, match="2 features are too few for 3 classes"):
        module.Algorithm(**features, num_classes=3).fit([[0.0, 1.0]], [0])


@each_language
def test_training_that_fails_says_so_and_the_limit_can_be_raised(language: str) -> None:
    source = source_of(library_program("linear_regression"), Prediction.REGRESSION, "linear")
    module = load(LANGUAGES[language].write(source))
    model = module.Algorithm(**({"num_features": 1} if language == "torch" else {}))
    with pytest.raises(ValueError, match="raise max_abs_error"):
        model.fit([[1.0]], [1000.0])
    predicted = model.fit([[1.0]], [1000.0], max_abs_error=2000.0).predict([[1.0]])
    np.testing.assert_allclose(plain(predicted), [10.0], rtol=1e-6)
