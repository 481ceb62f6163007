"""The export to NumPy, used as somebody would who has nothing of this package."""

from __future__ import annotations

import numpy as np
import pytest
from support.programs.exports import RUNNING, each_language, in_float64, load, plain

from automl_zero import __version__
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.numpy import numpy_source
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.program.library import LIBRARY, library_program


def examples() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(40, 3))
    return x, x @ [0.5, -0.25, 0.125]


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
def test_a_model_learns_and_fitting_again_starts_over(name: str, language: str) -> None:
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
