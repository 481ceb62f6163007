from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.tracked_runs import curve, final, tracked


def test_tensorboard_shows_the_curves_and_the_texts_of_a_run_that_went_on(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tracked(tmp_path / "run", "tensorboard")
    assert len(list((folder / "tensorboard").iterdir())) == 2
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    assert [(each.step, each.value) for each in found.Scalars("fitness/best")] == curve(folder)
    assert found.Scalars("final/evolved/final")[-1].value == pytest.approx(final(folder).scores["final"].fitness)
    texts = {name: found.Tensors(name)[-1].tensor_proto.string_val[0].decode() for name in found.Tags()["tensors"]}
    assert set(texts) == {"config", "program/search", "program/select", "program/final", "ended by", "report"}
    assert texts["program/final"] == "".join(f"    {line}\n" for line in final(folder).program.splitlines())
