"""Compiling the engine beforehand covers everything that a run compiles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.runs.small_config import small_file

from automl_zero.run.islands.warmup import PARTS, warmup_steps

# Compiles the engine, does a run, and prints how many versions of each compiled function there were before and after.
CODE = """
import sys
from automl_zero.cli import main
from automl_zero.run.islands.warmup import warmup_steps
from automl_zero.search import evolve, lineage_log
from automl_zero.vm import execute, inference

def versions():
    functions = (evolve.evolve, lineage_log.compact_now, execute._evaluate, inference._train, inference._predict)
    return [len(each.signatures) for each in functions]

for step in warmup_steps(["float32"]):
    step.compile()
before = versions()
try:
    main(["run", *sys.argv[1:], "--quiet"])
except SystemExit as end:
    print(end.code, before == versions())
"""


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_compiled_alone(part: str) -> None:
    steps = warmup_steps(["float32"], [part])
    assert [step.name for step in steps] == [f"{part} in float32, {lanes} tasks side by side" for lanes in (8, 16)]
    for step in steps:
        step.compile()


def test_a_run_afterwards_compiles_nothing_more(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, str(small_file(tmp_path)), "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 True"
