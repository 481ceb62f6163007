"""How a program came about: which programs are told of, and what each changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.lineage import LineageReport, lineage_of, lineage_text, to_plain
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, to_text
from automl_zero.run.record.events import Ancestor, Event, Improvement, Lineage, Selection
from automl_zero.run.record.run_folder import RunFolder, StoreError

PREDICTS = from_text("def Setup():\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v1 = v1 + v0\n")
LINEAR, AFFINE = library_program("linear_regression"), library_program("affine_regression")


def ancestors(programs: Sequence[Program], gains: Sequence[float]) -> tuple[Ancestor, ...]:
    ends = [sum(gains[: place + 1]) for place in range(len(gains))]
    return tuple(
        Ancestor(
            island=place % 2,
            island_programs=100 * place + 50,
            mutation="rebuild",
            parent_fitness=end - gain,
            fitness=end,
            program=to_text(program),
        )
        for place, (program, gain, end) in enumerate(zip(programs, gains, ends, strict=True))
    )


def lineage(programs: Sequence[Program], gains: Sequence[float], experiment: int = 0) -> Lineage:
    return Lineage(seconds=1.0, experiment=experiment, ancestors=ancestors(programs, gains), effects={})


def improvement(experiment: int, program: Program, fitness: float) -> Improvement:
    return Improvement(
        seconds=0.0,
        experiment=experiment,
        experiment_programs=round(1000 * fitness),
        fitness=fitness,
        is_best=True,
        program=to_text(program),
    )


def selection(experiment: int, is_best: bool) -> Selection:
    return Selection(
        seconds=1.0,
        experiment=experiment,
        experiment_programs=1000,
        search_fitness=0.5,
        select_fitness=0.5,
        is_best=is_best,
        limit="stop.max_programs",
        program=to_text(LINEAR),
    )


def run_with(folder: Path, *events: Event) -> Path:
    run = RunFolder.create(folder / "run", small_config())
    for event in events:
        run.record(event)
    return folder / "run"


def told(story: LineageReport) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(each.gained, each.lost) for each in story.changes]


def test_techniques_are_named_when_they_come_and_when_they_go(tmp_path: Path) -> None:
    programs = [PREDICTS, LINEAR, AFFINE, PREDICTS]
    story = lineage_of(run_with(tmp_path, lineage(programs, [0.1, 0.2, 0.3, 0.1])))
    losses = tuple(f"gradient descent on {loss} loss" for loss in ("squared", "logistic"))
    assert (story.is_lineage, story.count) == (True, 4)
    learnt = ("linear model", *losses)
    assert told(story) == [((), ()), (learnt, ()), (("bias",), ()), ((), ("linear model", "bias", *losses))]


def test_differences_lead_from_one_program_to_the_next_without_what_has_no_effect(tmp_path: Path) -> None:
    idle = Program(LINEAR.setup, LINEAR.predict, (*LINEAR.learn, LINEAR.learn[0]))
    story = lineage_of(run_with(tmp_path, lineage([idle, AFFINE], [0.1, 0.2])))
    first, second = ([each for each in change.difference if each.mark.strip()] for change in story.changes)
    assert {each.mark.value for each in first} == {"+"}
    assert [each.text.strip() for each in second] == ["s1 = s1 + s4", "s4 = s3 + s4"]
    assert [each.size for each in story.changes] == [len(LINEAR), len(AFFINE)]


def test_operands_that_change_places_are_no_difference(tmp_path: Path) -> None:
    other = from_text(to_text(LINEAR).replace("dot(v1, v0)", "dot(v0, v1)"))
    assert other != LINEAR
    story = lineage_of(run_with(tmp_path, lineage([LINEAR, other], [0.1, 0.2])))
    assert not [each for each in story.changes[1].difference if each.mark.strip()]


@pytest.mark.parametrize(
    ("most", "gains"), [(None, [0.1, 0.01, 0.3, 0.02]), (3, [0.1, 0.3, 0.02]), (2, [0.3, 0.02]), (1, [0.02])]
)
def test_the_greatest_gains_are_told_of_and_always_the_last(
    most: int | None, gains: list[float], tmp_path: Path
) -> None:
    story = lineage_of(run_with(tmp_path, lineage([PREDICTS, LINEAR, AFFINE, LINEAR], [0.1, 0.01, 0.3, 0.02])), most)
    assert [each.way.gain for each in story.changes] == pytest.approx(gains)
    assert sum(each.skipped for each in story.changes) == story.count - len(story.changes) == 4 - len(gains)


def test_the_last_lineage_counts_which_is_that_of_the_best(tmp_path: Path) -> None:
    story = lineage_of(run_with(tmp_path, lineage([PREDICTS], [0.1]), lineage([LINEAR, AFFINE], [0.1, 0.2], 3)))
    assert (story.experiment, story.count) == (3, 2)


def test_a_program_that_was_there_from_the_beginning_has_no_ancestors(tmp_path: Path) -> None:
    assert lineage_of(run_with(tmp_path, lineage([], []))) == LineageReport(0, True, 0, ())
    assert lineage_of(run_with(tmp_path / "older", selection(0, is_best=True))) == LineageReport(0, False, 0, ())


@pytest.mark.parametrize(("ended", "experiment"), [((), 1), ((selection(0, is_best=True),), 0)])
def test_without_a_lineage_there_are_improvements(ended: tuple[Event, ...], experiment: int, tmp_path: Path) -> None:
    events = improvement(0, PREDICTS, 0.2), improvement(0, LINEAR, 0.5), *ended, improvement(1, PREDICTS, 0.3)
    story = lineage_of(run_with(tmp_path, *events))
    ways = [each.way for each in story.changes]
    assert (story.is_lineage, story.experiment) == (False, experiment)
    assert [(each.before, each.fitness, each.programs) for each in ways] == (
        [(None, 0.3, 300)] if experiment else [(None, 0.2, 200), (0.2, 0.5, 500)]
    )


def test_a_run_without_a_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no program yet: let the run continue"):
        lineage_of(run_with(tmp_path))


def test_plain_values_hold_each_program_with_what_it_changed(tmp_path: Path) -> None:
    (first, second) = to_plain(lineage_of(run_with(tmp_path, lineage([LINEAR, AFFINE], [0.1, 0.2]))))["changes"]
    assert (first["island"], first["programs"], first["mutation"], first["skipped"]) == (0, 50, "rebuild", 0)
    assert from_text(second["program"]) == AFFINE
    assert second["gained"] == ("bias",)
    assert {"mark": "+", "text": "  s1 = s1 + s4", "why": ""} in second["difference"]


@pytest.mark.parametrize(
    ("gains", "most", "places"),
    [((0.1, 0.3, 0.2, 0.0), 2, [1, 3]), ((0.1, 0.3), None, [0, 1]), ((0.5,), 1, [0]), ((), 3, [])],
)
def test_steps_are_chosen_by_their_gains_in_the_order_in_which_they_came(
    gains: Sequence[float], most: int | None, places: list[int]
) -> None:
    assert lineage_text(gains, most) == places
