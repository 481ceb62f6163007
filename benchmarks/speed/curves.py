"""Measure how the time of an evaluation grows with its sizes.

``python benchmarks/speed/curves.py`` writes ``benchmarks/results/curves.json`` and ``docs/images/speed.svg``. Each
point is a median of five, in single precision on one core.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

import workloads
from automl_zero.program.program import Instruction, Program
from automl_zero.vm.execute import Prepared
from workloads import Size

DATA = Path(__file__).parents[1] / "results" / "curves.json"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "speed.svg"
ROUNDS = 5
Points = list[tuple[int, float]]


def main() -> None:
    """Measure all curves, write them, and draw them."""
    curves = {panel: {name: list(points()) for name, points in lines.items()} for panel, lines in PANELS.items()}
    DATA.write_text(json.dumps(curves, indent=1) + "\n", encoding="utf-8")
    draw(curves)
    print(f"wrote {DATA} and {PICTURE}")


def microseconds(evaluation: Prepared) -> float:
    """Return the median time of a run in microseconds."""
    seconds = workloads.steady(evaluation.run)
    return 1e6 * median(seconds() for _ in range(ROUNDS))


def by_features(name: str, sizes: tuple[int, ...]) -> Callable[[], Iterator[tuple[int, float]]]:
    """Measure the time per task of 1000 + 100 examples; for the largest sizes, on fewer of both, and scaled."""

    def points() -> Iterator[tuple[int, float]]:
        for num_features in sizes:
            large = num_features > 256
            size = Size(num_features, 8, 4, 1) if large else Size(num_features)
            evaluation = workloads.prepared_evaluation(name, size)
            yield num_features, microseconds(evaluation) / size.num_tasks * 1000 / size.num_train

    return points


def by_tasks() -> Iterator[tuple[int, float]]:
    """Measure the time of a whole evaluation for growing numbers of tasks."""
    for count in (1, 2, 4, 8, 12, 16, 24, 32, 64, 128):
        yield count, microseconds(workloads.prepared_evaluation("net", Size(16, count)))


def by_examples() -> Iterator[tuple[int, float]]:
    """Measure the time of a whole evaluation of 16 tasks for growing numbers of examples."""
    for count in (10, 30, 100, 300, 1000, 3000, 10_000):
        yield count, microseconds(workloads.prepared_evaluation("net", Size(16, 16, count)))


def by_length(num_features: int) -> Callable[[], Iterator[tuple[int, float]]]:
    """Measure 16 tasks for growing numbers of vector sums in Predict, before its last instruction."""

    def points() -> Iterator[tuple[int, float]]:
        for count in (1, 2, 4, 8, 16, 32, 64):
            sums = tuple(Instruction(23, 1 + k % 3, 0, 1 + (k + 1) % 3) for k in range(count))
            last = Instruction(27, 1 + count % 3, 0, 1)
            tasks = workloads.tasks_for("linear", Size(num_features))
            program = Program((), (*sums, last), ())
            yield count + 1, microseconds(Prepared(program, tasks, max_abs_error=1e30, num_predictions=0))

    return points


PANELS: dict[str, dict[str, Callable[[], Iterator[tuple[int, float]]]]] = {
    "features: us per task of 1000 + 100 examples": {
        "linear regression": by_features("linear", (4, 8, 16, 32, 64, 128, 256)),
        "two-layer net": by_features("net", (4, 8, 16, 32, 64, 128, 256)),
        "figure 6": by_features("figure 6", (4, 8, 16, 32, 64, 256, 1024, 3072)),
    },
    "tasks: us for all, two-layer net, 16 features": {"two-layer net": by_tasks},
    "training examples: us for 16 tasks, two-layer net, 16 features": {"two-layer net": by_examples},
    "instructions of Predict: us for 16 tasks of 1000 + 100 examples": {
        "4 features": by_length(4),
        "16 features": by_length(16),
    },
}


def draw(curves: dict[str, dict[str, Points]]) -> None:
    """Draw one panel for each size that the time depends on."""
    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "automl-zero"  # equal data gives an equal file
    figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    for panel, (title, lines) in zip(axes.flat, curves.items(), strict=True):
        draw_panel(panel, title, lines)
    figure.savefig(PICTURE, metadata={"Date": None})


def draw_panel(axes: Axes, title: str, lines: dict[str, Any]) -> None:
    """Draw time against size on logarithmic axes."""
    what, unit = title.split(": ")
    for name, points in lines.items():
        axes.loglog(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel=what, ylabel=unit)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
