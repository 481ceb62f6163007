"""Which program a name stands for, and what it predicts by default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from support.programs.reference_cases import program
from support.runs.small_config import small_config

from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.resolve import choose
from automl_zero.codegen.source import Source
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.record.events import Final, Score
from automl_zero.run.record.run_folder import RunFolder, StoreError
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

PROGRAM = to_text(program(predict="s1 = norm(v0); v2 = v0 + v0; s2 = s1 + s1"))
IMAGES = {"kind": "image-groups", "num_classes": 3}


def run_folder(
    path: Path, loss: Loss = Loss.RMSE, tasks: Mapping[str, Any] = MappingProxyType({}), text: str = PROGRAM
) -> str:
    """A run that has ended with that program."""
    folder = RunFolder.create(path, small_config(tasks=dict(tasks)))
    scores = dict.fromkeys(Stage, Score(0.5, None))
    folder.record(
        Final(seconds=0.0, experiment=0, program=text, pruned="", learned=(), loss=loss, scores=scores, baselines=())
    )
    return str(path)


def comments_of(source: Source) -> list[str]:
    return [each.comment for component in source.components for each in component if each.comment]


@pytest.mark.parametrize("name", LIBRARY)
def test_library_programs_bring_what_they_predict_and_their_comments(name: str) -> None:
    source = choose(name)
    multiclass, binary = LIBRARY[name].multiclass, LIBRARY[name].binary
    usual = Prediction.MULTICLASS if multiclass else Prediction.BINARY if binary else Prediction.REGRESSION
    assert source.prediction is usual
    assert (source.name, source.program) == (name, prune(library_program(name), multiclass))
    assert len(comments_of(source)) >= LIBRARY[name].text.count("  #")


def test_a_file_is_read_with_its_comments(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("def Setup():\ndef Predict():\n  s1 = norm(v0)  # length\n  s2 = norm(v0)\ndef Learn():\n")
    source = choose(str(file), Prediction.BINARY)
    assert (source.name, source.prediction, len(source.program)) == ("mine", Prediction.BINARY, 1)
    assert source.components[1][0].comment == "length"
    assert len(choose(str(file), raw=True).program) == 2


@pytest.mark.parametrize(
    ("loss", "tasks", "prediction", "length"),
    [
        (Loss.RMSE, {}, Prediction.REGRESSION, 1),
        (Loss.ACCURACY, {"kind": "image-pairs"}, Prediction.BINARY, 1),
        (Loss.ACCURACY, IMAGES, Prediction.MULTICLASS, 1),
    ],
)
def test_of_a_run_the_final_program_is_taken_and_its_tasks_tell_what_it_predicts(
    loss: Loss, tasks: Mapping[str, Any], prediction: Prediction, length: int, tmp_path: Path
) -> None:
    folder = run_folder(tmp_path / "run", loss, tasks)
    source = choose(folder)
    assert (source.name, source.prediction, len(source.program)) == ("small", prediction, length)
    assert choose(folder, raw=True).program == from_text(PROGRAM)


def test_techniques_are_told_behind_the_comments_in_the_text() -> None:
    assert comments_of(choose("affine_regression", Prediction.REGRESSION)) == [
        "learning rate",
        "v1: weights; linear model",
        "s4: bias; linear model, bias",
        "gradient descent",
        "gradient descent",
    ]


def test_techniques_of_a_run_are_told_whatever_is_left_out(tmp_path: Path) -> None:
    text = to_text(library_program("linear_regression")).replace("():", "():\n  s4 = 0.1", 1)
    source = choose(run_folder(tmp_path / "run", text=text))
    assert [each.comment for each in source.components[1]] == ["linear model"]
    assert comments_of(source) == ["linear model", "gradient descent"]


@pytest.mark.parametrize(
    ("kind", "prediction"), [("linear", Prediction.REGRESSION), ("image-pairs", Prediction.BINARY)]
)
def test_of_a_run_that_goes_on_the_best_so_far_is_taken(kind: str, prediction: Prediction, tmp_path: Path) -> None:
    sizes = {"num_tasks": 1, "num_train": 4, "num_valid": 4}
    config = small_config(tasks={"kind": kind, **dict.fromkeys(map(str, Stage), sizes)})
    RunFolder.create(tmp_path / "run", config)
    (tmp_path / "run" / "best" / "search.txt").write_text(PROGRAM.replace("norm(v0)", "norm(v0)  # no effect"))
    source = choose(str(tmp_path / "run"))
    assert (source.prediction, comments_of(source)) == (prediction, [])


def test_a_run_without_a_program_is_refused(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    with pytest.raises(StoreError, match="has no program yet"):
        choose(str(tmp_path / "run"))
