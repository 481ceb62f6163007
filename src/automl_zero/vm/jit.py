"""Compilation: the decorators that set every option of Numba for the package.

Compiled code is kept in the user's cache folder under a hash of all compiled sources and of the compiler's version and
options, since Numba itself does not notice an edit in another file. ``error_model="numpy"`` makes 1/0 infinite instead
of raising; ``fastmath`` stays off because early stopping depends on NaN. Compiled code allocates nothing and counts no
references (``_nrt``): counting those of every array at every call would take longer than the search itself. Functions
are compiled even where ``NUMBA_DISABLE_JIT`` is set, since the intrinsics that they call do not run as plain Python.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import llvmlite
import numba
from numba.core import types
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock
from numba.core.sigutils import normalize_signature

from automl_zero.system.cache_dir import PACKAGE, REMEDY, cache_root, hash_of_files, unusable
from automl_zero.system.machine_warning import warn_once
from automl_zero.vm.compile_cache import CompiledCode
from automl_zero.vm.compile_lock import alone

Function = TypeVar("Function", bound=Callable[..., Any])
Compiled: TypeAlias = Any  # Numba's dispatcher of a function, which has no types
Signature: TypeAlias = Any  # Numba types of the arguments, or the signature of a C function
Target: TypeAlias = Any  # Numba's context of code generation

COMPILED_PACKAGES = ("program", "vm", "search")
IS_DISABLED = bool(numba.config.DISABLE_JIT)
# Debug information is off whatever ``NUMBA_DEBUGINFO`` says: with it, LLVM could not inline what must be inlined.
COMMON: dict[str, Any] = {"error_model": "numpy", "debug": False}
# Options of Numba, set by environment variables, that change compiled code; the processor is in each version's key.
OPTIONS = (
    "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "DISABLE_INTEL_SVML", "EXTEND_VARIABLE_LIFETIMES", "LOOP_VECTORIZE", "OPT",
    "SLP_VECTORIZE",
)  # fmt: skip


def jit(function: Function) -> Function:
    """Compile a function that other compiled functions call; it releases the GIL."""
    return _compile(function, keep=False)


def jit_inline(function: Function) -> Function:
    """Compile as ``jit`` does, for a function that one place calls: Numba makes it a part of its caller."""
    return _compile(function, keep=False, inline="always")


def jit_entry(function: Function) -> Function:
    """Compile a function that Python calls: the machine code is kept for later processes."""
    return _compile(function, keep=True)


def c_function(signature: Signature, function: Callable[..., None]) -> Compiled:
    """Compile a function with a C signature; compiled code or Python calls it through its ``address``.

    Compiled callers then need not contain it: the large kernel is compiled once, not once for every caller.
    """
    options = {"nopython": True, **COMMON}
    compiled: Compiled = CFunc(function, normalize_signature(signature), locals={}, options=options)
    kept = _keep(compiled, function)
    with _compiling(kept, compiled._sig, compiled._targetdescr.target_context):
        compiled.compile()
    return compiled


def _compile(function: Function, keep: bool, inline: str = "never") -> Function:
    options = {"inline": inline, "nogil": True, "_nrt": False, **COMMON}
    with _always_compiled():
        compiled = numba.njit(**options, no_cpython_wrapper=not keep, no_cfunc_wrapper=not keep)(function)
    # ``keep``: Python calls the function, so it has a wrapper, and its machine code is kept.
    if keep:
        compiled.compile = _compiling_alone(compiled, _keep(compiled, function))
    else:
        _wrap_late(compiled, options)
    _compile_once_for_numbers(compiled)
    return cast(Function, compiled)


def _keep(compiled: Compiled, function: Callable[..., Any]) -> CompiledCode | None:
    """Let the versions of a function be kept on disk, if there is a folder for them."""
    folder = cache_folder()
    if folder is None:
        return None
    compiled._cache = CompiledCode(function, folder)
    return compiled._cache  # type: ignore[no-any-return]


def _wrap_late(compiled: Compiled, options: dict[str, Any]) -> None:
    """Give a function a twin for calls from Python, compiled at the first such call.

    The function itself has no wrapper for such calls, since nearly all functions are called by compiled ones alone, and
    wrappers take a third of the time of compilation.
    """

    @cache
    def twin() -> Compiled:
        return numba.njit(**options)(compiled.py_func)

    def compile_twin(*arguments: Any) -> Any:
        with _always_compiled():
            return twin()._compile_for_args(*arguments)

    compiled._insert = lambda *_: None  # Python must not call the function itself, which has no wrapper
    compiled._compile_for_args = compile_twin


def _compile_once_for_numbers(compiled: Compiled) -> None:
    """Ignore the value of a literal argument: Numba would compile a version for each number in the callers' sources."""
    # Numba asks this method for the version that fits a call, first with the types of literal arguments.
    template_for = compiled.get_call_template

    def template_for_types(arguments: Any, keywords: Any) -> Any:
        values = {name: _any_of_its_type(each) for name, each in keywords.items()}
        return template_for([*map(_any_of_its_type, arguments)], values)

    compiled.get_call_template = template_for_types


def _any_of_its_type(argument: Any) -> Any:
    return argument.literal_type if isinstance(argument, types.Literal) else argument


def _compiling_alone(compiled: Compiled, kept: CompiledCode | None) -> Callable[[Signature], Any]:
    """Return the function that compiles a version, for one process at a time."""
    compile_for = compiled.compile

    def compile_alone(argument_types: Signature) -> Any:
        with _compiling(kept, argument_types, compiled.targetctx):
            return compile_for(argument_types)

    return compile_alone


@contextmanager
def _compiling(kept: CompiledCode | None, signature: Signature, target: Target) -> Iterator[None]:
    """Let one process at a time compile; those that waited load its result. Loading does not wait."""
    with _always_compiled():
        is_missing = kept is not None and not kept.has(signature, target)
        # Another process may have compiled it while this one waited: Numba looks at the disk again after this.
        with alone(kept.folder) if kept and is_missing else nullcontext():
            yield


@contextmanager
def _always_compiled() -> Iterator[None]:
    """Compile even where ``NUMBA_DISABLE_JIT`` is set, in one thread at a time."""
    if not IS_DISABLED:
        yield
        return
    with global_compiler_lock:  # the option is global, so that other threads must not compile meanwhile
        before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 0
        try:
            yield
        finally:
            numba.config.DISABLE_JIT = before


@cache
def cache_folder() -> Path | None:
    """Return the folder of compiled code for these sources; None, after a warning, where it cannot be used."""
    root = cache_root()
    if root is None:
        return None
    folder = root / "compiled" / _source_hash()
    fault = unusable(folder)
    if fault:
        warn_once(str(folder), f"no compiled code is kept in {folder}: {fault}; {REMEDY}")
        return None
    return folder


def _source_hash() -> str:
    """Return a hash of everything that decides what the compiled code does."""
    files = (file for name in COMPILED_PACKAGES for file in (PACKAGE / name).rglob("*.py"))
    versions = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
    return hash_of_files(files, repr((versions, [getattr(numba.config, each, None) for each in OPTIONS])))
