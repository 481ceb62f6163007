"""The registry of techniques is complete."""

from __future__ import annotations

import numpy as np
import pytest
from support.programs.programs_with_techniques import LIBRARY_TECHNIQUES, WRITTEN

from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.techniques.program_view import view_of
from automl_zero.analysis.techniques.registry import TECHNIQUES, techniques_with_notes
from automl_zero.program.library import library_program


def test_every_technique_is_found_somewhere_and_not_found_somewhere_else() -> None:
    sets = [*LIBRARY_TECHNIQUES.values(), *(expected for _, expected in WRITTEN.values())]
    assert set.union(*sets) == set(TECHNIQUES)
    assert not set.intersection(*sets)


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_row_has_its_key_as_name_and_describes_the_technique_in_a_sentence(name: str) -> None:
    row = TECHNIQUES[name]
    assert row.name == name
    assert row.description.endswith(".")
    assert row.source


@pytest.mark.parametrize("name", ["two_layer_net", "figure_6_raw"])
def test_a_detector_has_evidence_where_its_technique_is_found(name: str) -> None:
    view = view_of(library_program(name))
    with np.errstate(all="ignore"):
        found = {row.name for row in TECHNIQUES.values() if list(row.detector(view))}
    assert found == LIBRARY_TECHNIQUES[name]


def test_a_technique_of_several_findings_is_listed_once_with_all_notes() -> None:
    found = [Finding("ReLU", (("predict", 0),), "first"), Finding("ReLU", (("predict", 1),), "second")]
    assert [(row.name, note) for row, note in techniques_with_notes(found)] == [("ReLU", "first; second")]
