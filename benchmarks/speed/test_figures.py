"""Measure every figure: the median of its rounds, after one round to warm up."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from figures import FIGURES, Figure


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_figure(figure: Figure, benchmark: BenchmarkFixture, measured: MutableMapping[str, float]) -> None:
    sample = figure.prepare()
    values: list[float] = []
    measure: Callable[..., None] = benchmark.pedantic
    measure(lambda: values.append(sample()), rounds=figure.rounds, warmup_rounds=1)
    measured[figure.name] = median(values[1:])
