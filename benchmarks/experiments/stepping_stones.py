"""Score the steps towards back-propagation on teacher nets and on other tasks.

    python benchmarks/experiments/stepping_stones.py

prints a table; every score is the best of a small grid of constants, on the search tasks of the preset.
"""

from __future__ import annotations

from itertools import product

from automl_zero.config import load_config
from automl_zero.program.text import from_text
from automl_zero.run.scoring.task_score import score_program
from automl_zero.tasks.task_kinds import Stage, build_tasks

HABITATS = {
    "teacher nets": [],
    "scales differ": ["tasks.scale_spread=0.5"],
    "absolute value, scales differ": ["tasks.kind=absolute", "tasks.scale_spread=0.5"],
}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2)
SIZES = (0.1, 0.5, 1.0, 2.0)  # of the first values of a layer

ERROR = "\ndef Learn():\n  s1 = s0 - s1\n  s1 = s1 * s2\n"
LINEAR = "def Setup():\n  s2 = {rate}\ndef Predict():\n  s1 = dot(v0, v1)"
BILINEAR = "def Setup():\n  s2 = {rate}\ndef Predict():\n  v2 = dot(m0, v0)\n  s1 = dot(v0, v2)"
NET = (
    "def Setup():\n  s2 = {rate}\n  m0 = gaussian(0.0, {first}, (n_features, n_features))\n"
    "  v4 = gaussian(0.0, {second}, n_features)\n"
    "def Predict():\n  v1 = dot(m0, v0)\n  v2 = maximum(v1, v5)\n  s1 = dot(v2, v4)"
)
BACK = "  v3 = s1 * v4\n"  # the error goes back through the second layer ...
MASK = "  v6 = heaviside(v1, 1.0)\n  v3 = v6 * v3\n"  # ... and through the units that are active
FIRST = "  m1 = outer(v3, v0)\n  m0 = m0 + m1\n"
SECOND = "  v3 = s1 * v2\n  v4 = v4 + v3\n"

STEPS = {
    "linear regression": LINEAR + ERROR + "  v2 = s1 * v0\n  v1 = v1 + v2\n",
    "bilinear": BILINEAR + ERROR + "  v3 = s1 * v0\n  m1 = outer(v3, v0)\n  m0 = m0 + m1\n",
    "second layer learns, first is random": NET + ERROR + SECOND,
    "first layer learns, without the mask": NET + ERROR + BACK + FIRST,
    "both learn, without the mask": NET + ERROR + BACK + FIRST + SECOND,
    "first layer learns": NET + ERROR + BACK + MASK + FIRST,
    "both learn: back-propagation": NET + ERROR + BACK + MASK + FIRST + SECOND,
}


def best_fitness(step: str, overrides: list[str]) -> float:
    """Return the best score of a step over the grid of its constants."""
    config = load_config("backpropagation", overrides)
    tasks = build_tasks(config.tasks, Stage.SEARCH, config.seed)
    constants = product(RATES, *(SIZES if name in step else (0.0,) for name in ("{first}", "{second}")))
    programs = {step.format(rate=rate, first=first, second=second) for rate, first, second in constants}
    return max(score_program(from_text(text), tasks, config).fitness for text in sorted(programs))


def main() -> None:
    print(f"| | {' | '.join(HABITATS)} |")
    print(f"|{'---|' * (len(HABITATS) + 1)}")
    for name, step in STEPS.items():
        print(f"| {name} | {' | '.join(f'{best_fitness(step, each):.2f}' for each in HABITATS.values())} |", flush=True)


if __name__ == "__main__":
    main()
