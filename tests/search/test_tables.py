"""Every row of the tables of the search is found by the config, by compiled code and by the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.config import Mutation, SearchMethod
from automl_zero.search.dispatch import call_by_number
from automl_zero.search.graph.mutation import CDF, GRAPH_MUTATIONS
from automl_zero.search.island import SOURCES
from automl_zero.search.lineage_log import FIRST_OF_GRAPHS, MUTATION_NAMES
from automl_zero.search.mutate import OPERATORS
from automl_zero.search.space import build_space
from automl_zero.vm.jit import jit, jit_entry

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "search.md"


def documented_rows() -> Iterator[str]:
    """The lines that the documentation has of each row."""
    for method in SearchMethod:
        yield f"| `{method}` | {method.description} |"
    for mutation in Mutation:
        paper, released = (
            Fraction(w).limit_denominator(100) for w in (mutation.paper_weight, mutation.released_weight)
        )
        yield f"| `{mutation}` | {mutation.description} | {paper} | {released} |"
    for graph_mutation in GRAPH_MUTATIONS:
        yield f"| `{graph_mutation.name}` | {graph_mutation.description} | {graph_mutation.weight} |"


@pytest.mark.parametrize("row", list(documented_rows()))
def test_the_documentation_has_a_line_for_every_row(row: str) -> None:
    assert row in DOCUMENTATION.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("method", SearchMethod)
def test_a_config_takes_every_method_and_the_loop_knows_where_its_candidates_come_from(method: SearchMethod) -> None:
    assert small_config(search={"method": str(method)}).search.method is method
    assert method in SOURCES


@pytest.mark.parametrize("mutation", Mutation)
def test_a_config_takes_every_mutation_and_the_space_weighs_it_by_its_number(mutation: Mutation) -> None:
    config = small_config(mutation={"weights": {str(mutation): 1}})
    number = list(OPERATORS).index(mutation)
    assert list(config.mutation.weights) == [mutation]
    assert np.flatnonzero(np.diff(build_space(config).mutation_cdf, prepend=0)).tolist() == [number]


def test_mutations_have_one_number_in_the_config_in_compiled_code_and_in_checkpoints() -> None:
    """A change of this order changes what numbers in checkpoints stand for."""
    assert list(OPERATORS) == list(Mutation)
    assert list(MUTATION_NAMES[:FIRST_OF_GRAPHS]) == list(Mutation)
    assert list(MUTATION_NAMES[FIRST_OF_GRAPHS:]) == [mutation.name for mutation in GRAPH_MUTATIONS]
    assert len(set(MUTATION_NAMES)) == len(MUTATION_NAMES)


def test_graph_mutations_are_drawn_by_their_weights() -> None:
    """Those that need registers are drawn only where there are any."""
    for has_registers in (False, True):
        used = [mutation.weight * (has_registers or not mutation.needs_registers) for mutation in GRAPH_MUTATIONS]
        cdf = CDF[int(has_registers)]
        assert np.diff(cdf, prepend=0) == pytest.approx(np.array(used) / sum(used))
        assert cdf[-1] == 1


@jit
def _add(one: int, other: int) -> int:
    return one + other


@jit
def _subtract(one: int, other: int) -> int:
    return one - other


@jit
def _multiply(one: int, other: int) -> int:
    return one * other


_call = call_by_number([_add, _subtract, _multiply])


@jit_entry
def _calculate(number: int, one: int, other: int) -> int:
    return _call(number, one, other)  # type: ignore[no-any-return]


def test_a_function_is_called_by_its_number() -> None:
    assert [_calculate(number, 7, 3) for number in range(3)] == [10, 4, 21]
