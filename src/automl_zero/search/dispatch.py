"""Calls by number in compiled code: the functions of a table as branches of one compiled function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from automl_zero.vm.jit import jit

Function = Callable[..., Any]


def call_by_number(functions: Sequence[Function]) -> Function:
    """Compile a function that calls one of several compiled functions by its number.

    Args:
        functions: compiled functions of equal parameters and of one type of result.

    Returns:
        A function of a number, which must be one of a function, and of that function's arguments.
    """
    # Each branch calls the next: LLVM inlines them all to one switch. Numba can call through a tuple of functions, too,
    # but only by pointers, which took eight times as long.
    *others, last = enumerate(functions)
    chain = _always(last[1])
    for number, function in reversed(others):
        chain = _branch(number, function, chain)
    return chain


def _always(function: Function) -> Function:
    @jit
    def call(_number: int, *arguments: Any) -> Any:
        return function(*arguments)

    return call


def _branch(number: int, function: Function, otherwise: Function) -> Function:
    @jit
    def call(chosen: int, *arguments: Any) -> Any:
        if chosen == number:
            return function(*arguments)
        return otherwise(chosen, *arguments)

    return call
