"""How the package compiles: one decorator that owns every Numba option.

Compiled code is kept in the user's cache folder under a hash of all compiled sources and of the Numba version, since
Numba itself does not notice an edit in another file. ``error_model="numpy"`` makes 1/0 infinite instead of raising;
``fastmath`` stays off because early stopping depends on NaN. Compiled code allocates nothing and counts no references
(``_nrt``): counting those of every array at every call would take longer than the search itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from filelock import FileLock
from numba.core import types

from automl_zero.folders import PACKAGE, cache_root, hash_of_files

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILED_PACKAGES = ("program", "vm", "search")


def jit(function: Function) -> Function:
    """Compile a function that other compiled functions call; it releases the GIL."""
    return _compile(function, keep=False)


def jit_inline(function: Function) -> Function:
    """As ``jit``, for a function that is called in one place: it is compiled as a part of its caller alone."""
    return _compile(function, keep=False, inline="always")


def jit_entry(function: Function) -> Function:
    """Compile a function that Python calls: the machine code is kept for later processes."""
    return _compile(function, keep=True)


def c_function(signature: Any, function: Callable[..., None]) -> Any:
    """Compile a function behind a C signature, to be called through its ``address``, from compiled code or from Python.

    Compiled callers then need not contain it: the large kernel is compiled once, not once for every caller.
    """
    with _caching(keep=True) as cached, _alone():
        return numba.cfunc(signature, nopython=True, error_model="numpy", cache=cached)(function)


def _compile(function: Function, keep: bool, inline: str = "never") -> Function:
    with _caching(keep) as cached:
        options: dict[str, Any] = {
            "cache": cached,
            "inline": inline,
            "nogil": True,
            "error_model": "numpy",
            "_nrt": False,
        }
        compiled = numba.njit(**options, no_cpython_wrapper=not keep, no_cfunc_wrapper=not keep)(function)
    if keep:
        compiled.compile = _compiling_alone(compiled.compile)
    else:
        _wrap_late(compiled, options)
    _compile_once_for_numbers(compiled)
    return cast(Function, compiled)


def _wrap_late(compiled: Any, options: dict[str, Any]) -> None:
    """Give a function a twin for calls from Python, made when one comes.

    The function itself has no wrapper for such calls, since nearly all functions are called by compiled ones alone, and
    wrappers take a third of the time of compilation.
    """

    @cache
    def twin() -> Any:
        return numba.njit(**options)(compiled.py_func)

    compiled._insert = lambda *_: None  # so that Python never calls it by its address
    compiled._compile_for_args = lambda *arguments: twin()._compile_for_args(*arguments)


def _compile_once_for_numbers(compiled: Any) -> None:
    """Take a number that stands in the caller's source as any other of its type: Numba makes a version for each."""
    template_for = compiled.get_call_template

    def template_for_types(arguments: Any, keywords: Any) -> Any:
        values = {name: _any_of_its_type(each) for name, each in keywords.items()}
        return template_for([*map(_any_of_its_type, arguments)], values)

    compiled.get_call_template = template_for_types


def _any_of_its_type(argument: Any) -> Any:
    return argument.literal_type if isinstance(argument, types.Literal) else argument


def _compiling_alone(compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def compile_alone(argument_types: Any) -> Any:
        with _alone():
            return compile_for(argument_types)

    return compile_alone


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time compile or load: those that waited then load what it has made."""
    folder = cache_folder()
    if not folder:
        yield
        return
    with FileLock(Path(folder) / "compiling.lock"):
        yield


@contextmanager
def _caching(keep: bool) -> Iterator[bool]:
    """Point Numba to our folder while a decorator runs, which is when it looks; tells whether there is one."""
    folder = str(cache_folder()) if keep else ""
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, folder
    try:
        yield bool(folder)
    finally:
        numba.config.CACHE_DIR = before


@cache
def cache_folder() -> Path | str:
    """The folder of compiled code for these sources; empty where none can be written."""
    folder = cache_root() / "compiled" / _source_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ""
    return folder if os.access(folder, os.W_OK) else ""


def _source_hash() -> str:
    """Hash of everything that decides what the compiled code does."""
    files = (file for name in COMPILED_PACKAGES for file in (PACKAGE / name).glob("*.py"))
    return hash_of_files(files, f"{numba.__version__} {numba.config.BOUNDSCHECK}")
