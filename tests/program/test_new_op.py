"""A new op is a row, a line of the kernel and its export forms: with these alone, everything works with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import new_op_walk

import automl_zero
from automl_zero.system.cache_dir import CACHE_VARIABLE

# What adding an op takes: by file, the line that goes before the new one, and the new one.
EDITS = {
    "program/ops.py": [
        (
            ")\n# fmt: on\n",
            '    Op(65, "scalar_square", "square", ".->.", "{out} = square({in1})", 4000000, np.square),\n',
        )
    ],
    "vm/branches.py": [("    # Random draws.\n", "    SQUARE = auto()\n")],
    "vm/kernel.py": [
        (
            "    elif op == Branch.LOG:\n",
            "    elif op == Branch.SQUARE:\n        store(mem, out, x * x)\n",
        )
    ],
    "codegen/numpy.py": [('    "log": ', '    "square": "{in1} * {in1}",\n')],
    "codegen/python.py": [('    "log": ', '    "square": "{a} * {a}",\n')],
    "codegen/latex.py": [('    "log": ', '    "square": "{in1}^2",\n')],
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with a copy of the package in which there is one op more."""
    package = tmp_path / "automl_zero"
    shutil.copytree(Path(automl_zero.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, edits in EDITS.items():
        text = (package / name).read_text()
        for follower, line in edits:
            assert text.count(follower) == 1, f"{name} has changed: {follower!r}"
            text = text.replace(follower, line + follower)
        (package / name).write_text(text)
    return tmp_path


def test_a_new_op_is_parsed_run_mutated_exported_and_analyzed(sources: Path, tmp_path: Path) -> None:
    tests = Path(new_op_walk.__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(sources), str(tests)]),
        CACHE_VARIABLE: str(tmp_path / "cache"),
        "NUMBA_OPT": "0",  # a tenth of the time of compilation; the results are the same
    }
    command = [sys.executable, "-m", new_op_walk.__name__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [step.__name__ for step in new_op_walk.STEPS]
