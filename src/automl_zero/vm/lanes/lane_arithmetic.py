"""Functions of lanes beyond the operators: roots, fused multiply-add, bits of floats, comparisons, single lanes.

Each is one LLVM instruction or intrinsic, so it rounds as IEEE arithmetic does on every machine.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from automl_zero.vm.lanes.lanes import Context, Lanes, Values

# Arithmetic -------------------------------------------------------------------------------------------------------


def _llvm_function(name: str, arity: int) -> Any:
    """Return an LLVM intrinsic on lanes of one type, as a function of one or three of them."""

    def generate(builder: ir.IRBuilder, lanes: Lanes, args: Values) -> Any:
        full_name = f"llvm.{name}.v{lanes.width}f{lanes.element.bitwidth}"
        function_type = ir.FunctionType(lanes.llvm, [lanes.llvm] * arity)
        return builder.call(cgutils.get_or_insert_function(builder.module, function_type, full_name), args)

    if arity == 1:

        @intrinsic  # type: ignore[untyped-decorator]
        def unary(_context: Context, a: Lanes) -> Any:
            return a(a), lambda _c, builder, _s, args: generate(builder, a, args)

        return unary

    @intrinsic  # type: ignore[untyped-decorator]
    def ternary(_context: Context, a: Lanes, b: Lanes, c: Lanes) -> Any:
        return a(a, b, c), lambda _c, builder, _s, args: generate(builder, a, args)

    return ternary


# ``fma`` rounds once, also where the processor has no such instruction.
absolute = _llvm_function("fabs", 1)
square_root = _llvm_function("sqrt", 1)
round_to_even = _llvm_function("rint", 1)
fma = _llvm_function("fma", 3)


@intrinsic  # type: ignore[untyped-decorator]
def float_from_bits(_context: Context, like: Lanes, bits: Lanes) -> Any:
    """Reinterpret unsigned integers as floats of the type of ``like``."""
    return like(like, bits), lambda _c, builder, _s, args: builder.bitcast(args[1], like.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def bits_of_float(_context: Context, a: Lanes) -> Any:
    """Reinterpret floats as unsigned integers."""
    return a.bits(a), lambda _c, builder, _s, args: builder.bitcast(args[0], a.bits.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def to_float(_context: Context, like: Lanes, integers: Lanes) -> Any:
    """Convert unsigned integers below 2**31 to floats of the type of ``like``."""
    return like(like, integers), lambda _c, builder, _s, args: builder.sitofp(args[1], like.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def to_integer(_context: Context, a: Lanes) -> Any:
    """Convert floats that are small whole numbers to integers (two's complement, in the unsigned type)."""
    return a.bits(a), lambda _c, builder, _s, args: builder.fptosi(args[0], a.bits.llvm)


# Comparison -------------------------------------------------------------------------------------------------------


def _compare(predicate: str) -> tuple[Any, Any]:
    """Return a comparison as a mask, bit k for lane k, and as a selection; it is false where an operand is NaN."""

    @intrinsic  # type: ignore[untyped-decorator]
    def mask(_context: Context, a: Lanes, b: Lanes) -> Any:
        def codegen(_context: Context, builder: ir.IRBuilder, _sig: Signature, args: Values) -> Any:
            flags = builder.fcmp_ordered(predicate, args[0], args[1])
            # <width x i1> is reinterpreted as one integer of that many bits.
            return builder.zext(builder.bitcast(flags, ir.IntType(a.width)), ir.IntType(64))

        return types.int64(a, b), codegen

    @intrinsic  # type: ignore[untyped-decorator]
    def choose(_context: Context, a: Lanes, b: Lanes, yes: Lanes, no: Lanes) -> Any:
        def codegen(_context: Context, builder: ir.IRBuilder, _sig: Signature, args: Values) -> Any:
            return builder.select(builder.fcmp_ordered(predicate, args[0], args[1]), args[2], args[3])

        return yes(a, b, yes, no), codegen

    return mask, choose


less_mask, where_less = _compare("<")
at_most_mask, where_at_most = _compare("<=")
equal_mask, where_equal = _compare("==")


# Single lanes -----------------------------------------------------------------------------------------------------


@intrinsic  # type: ignore[untyped-decorator]
def get_lane(_context: Context, a: Lanes, lane: types.Type) -> Any:
    """Return the value of one lane."""
    return a.element(a, lane), lambda _c, builder, _s, args: builder.extract_element(args[0], args[1])


@intrinsic  # type: ignore[untyped-decorator]
def set_lane(_context: Context, a: Lanes, lane: types.Type, value: types.Type) -> Any:
    """Return ``a`` with the value of one lane replaced."""

    def codegen(context: Context, builder: ir.IRBuilder, sig: Signature, args: Values) -> Any:
        scalar = context.cast(builder, args[2], sig.args[2], a.element)
        return builder.insert_element(args[0], scalar, args[1])

    return a(a, lane, value), codegen
