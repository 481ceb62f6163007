"""SIMD lanes as a Numba type: one value of each of several tasks in one machine vector.

``Lanes`` wraps LLVM's ``<width x element>``. Arithmetic uses plain operators; comparisons give a bit mask as an
integer, one bit a lane, or select between two values. No operation reassociates or contracts, so a lane's result is
the same for every width and on every machine.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_constant
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_builtin,
    models,
    register_model,
    typeof_impl,
    unbox,
)

ELEMENTS = {
    types.float32: ir.FloatType(),
    types.float64: ir.DoubleType(),
    types.uint32: ir.IntType(32),
    types.uint64: ir.IntType(64),
}
BITS_OF = {types.float32: types.uint32, types.float64: types.uint64}


class Width:
    """Number and element type of lanes, as a type of its own: a compiled function is specialised for it."""

    def __init__(self, dtype: str, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes


class WidthType(types.Opaque):  # type: ignore[misc]
    """Numba's type of a ``Width``."""

    def __init__(self, element: Any, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        super().__init__(name=f"Width({element}, {lanes})")


register_model(WidthType)(models.OpaqueModel)


@typeof_impl.register(Width)  # type: ignore[untyped-decorator]
def _typeof_width(value: Width, _context: Any) -> WidthType:
    return WidthType(getattr(types, value.dtype), value.lanes)


@lower_constant(WidthType)  # type: ignore[untyped-decorator]
def _constant_width(context: Any, _builder: Any, _type: WidthType, _value: Width) -> Any:
    return context.get_dummy_value()


@unbox(WidthType)  # type: ignore[untyped-decorator]
def _unbox_width(_type: WidthType, _object: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())


class Lanes(types.Type):  # type: ignore[misc]
    """``width`` values of one element type."""

    def __init__(self, element: Any, width: int) -> None:
        self.element, self.width = element, width
        super().__init__(name=f"Lanes({element}, {width})")

    @property
    def llvm(self) -> ir.VectorType:
        """The LLVM type."""
        return ir.VectorType(ELEMENTS[self.element], self.width)

    @property
    def bits(self) -> Lanes:
        """Unsigned integers of the same size."""
        return Lanes(BITS_OF[self.element], self.width)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.llvm)


# Memory -----------------------------------------------------------------------------------------------------------
#
# Hot loops take addresses instead of arrays: Numba counts references of an array at every call, which costs more than
# an instruction of a program does. Whoever passes an address keeps the array alive.


def _pointer(builder: Any, base: Any, index: Any, element: Any, target: Any) -> Any:
    pointer = builder.inttoptr(base, ELEMENTS[element].as_pointer())
    return builder.bitcast(builder.gep(pointer, [index]), target.as_pointer())


def _load(base_and_index: tuple[Any, Any], lanes: Lanes, builder: Any) -> Any:
    pointer = _pointer(builder, *base_and_index, lanes.element, lanes.llvm)
    return builder.load(pointer, align=lanes.element.bitwidth // 8)


@intrinsic  # type: ignore[untyped-decorator]
def load(_context: Any, width: WidthType, base: Any, index: Any) -> Any:
    """The lanes that begin at an index of the flat array at an address."""
    lanes = Lanes(width.element, width.lanes)
    return lanes(width, types.intp, types.intp), lambda _c, builder, _s, args: _load(args[1:], lanes, builder)


@intrinsic  # type: ignore[untyped-decorator]
def load_words(_context: Any, width: WidthType, base: Any, index: Any) -> Any:
    """As ``load``, for as many unsigned 32-bit integers."""
    lanes = Lanes(types.uint32, width.lanes)
    return lanes(width, types.intp, types.intp), lambda _c, builder, _s, args: _load(args[1:], lanes, builder)


@intrinsic  # type: ignore[untyped-decorator]
def store(_context: Any, base: Any, index: Any, value: Lanes) -> Any:
    """Write lanes to the flat array at an address, from an index on."""

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        pointer = _pointer(builder, args[0], args[1], value.element, value.llvm)
        builder.store(args[2], pointer, align=value.element.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, value), codegen


def _reader(element: Any) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def read(_context: Any, base: Any, index: Any) -> Any:
        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            llvm = ir.DoubleType() if element == types.float64 else ir.IntType(64)
            return builder.load(builder.gep(builder.inttoptr(args[0], llvm.as_pointer()), [args[1]]))

        return element(types.intp, types.intp), codegen

    return read


@intrinsic  # type: ignore[untyped-decorator]
def read_shared(_context: Any, address: Any) -> Any:
    """The whole number at an address, which another thread may change: it is read anew at every call."""

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "monotonic", 8)

    return types.int64(types.int64), codegen


read_integer = _reader(types.int64)
read_number = _reader(types.float64)


@intrinsic  # type: ignore[untyped-decorator]
def zeros(_context: Any, width: WidthType) -> Any:
    """Zero in every lane."""
    lanes = Lanes(width.element, width.lanes)
    return lanes(width), lambda _c, _b, _s, _a: ir.Constant(lanes.llvm, [0.0] * lanes.width)


def _broadcast(builder: Any, scalar: Any, vector: ir.VectorType) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


@intrinsic  # type: ignore[untyped-decorator]
def splat(_context: Any, like: Lanes, scalar: Any) -> Any:
    """A scalar in every lane, in the type of ``like``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _broadcast(builder, context.cast(builder, args[1], sig.args[1], like.element), like.llvm)

    return like(like, scalar), codegen


@intrinsic  # type: ignore[untyped-decorator]
def width_of(_context: Any, width: WidthType) -> Any:
    """The number of lanes, a constant for the compiler."""

    def codegen(context: Any, _builder: Any, _sig: Any, _args: Any) -> Any:
        return context.get_constant(types.intp, width.lanes)

    return types.intp(width), codegen


@intrinsic  # type: ignore[untyped-decorator]
def width_of_lanes(_context: Any, like: Lanes) -> Any:
    """The number of lanes of a value, a constant for the compiler."""

    def codegen(context: Any, _builder: Any, _sig: Any, _args: Any) -> Any:
        return context.get_constant(types.intp, like.width)

    return types.intp(like), codegen


@intrinsic  # type: ignore[untyped-decorator]
def is_double(_context: Any, like: Lanes) -> Any:
    """Whether the lanes are float64, a constant for the compiler."""

    def codegen(context: Any, _builder: Any, _sig: Any, _args: Any) -> Any:
        return context.get_constant(types.boolean, like.element == types.float64)

    return types.boolean(like), codegen


KERNEL_ARGUMENTS = 6  # whole numbers, most of them addresses


@intrinsic  # type: ignore[untyped-decorator]
def call_kernel(
    _context: Any, address: Any, code: Any, data: Any, count: Any, memory: Any, context: Any, execution_step: Any
) -> Any:
    """Call the C function at an address; its whole numbers are as many as fit in registers."""
    word = ir.IntType(64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        function_type = ir.FunctionType(ir.VoidType(), [word] * KERNEL_ARGUMENTS)
        builder.call(builder.inttoptr(args[0], function_type.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * (1 + KERNEL_ARGUMENTS)), codegen


def _function_attribute(name: str) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def mark(_context: Any) -> Any:
        def codegen(context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
            builder.function.attributes.add(name)
            return context.get_dummy_value()

        return types.void(), codegen

    return mark


# Called by a function, these keep LLVM from making it a part of its callers, and what it would then compute ahead of
# every use with it; or they have it made a part, however large it is.
keep_apart = _function_attribute("noinline")
keep_inside = _function_attribute("alwaysinline")


# Arithmetic -------------------------------------------------------------------------------------------------------


class _SameLanes(AbstractTemplate):  # type: ignore[misc]
    """Both operands and the result are of one type."""

    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and not kws and isinstance(args[0], Lanes) and args[0] == args[1]:
            return signature(args[0], *args)
        return None


def _register_operator(operation: Any, float_name: str | None, integer_name: str | None) -> None:
    infer_global(operation)(type(f"Lanes_{operation.__name__}", (_SameLanes,), {"key": operation}))

    @lower_builtin(operation, Lanes, Lanes)  # type: ignore[untyped-decorator]
    def _lower(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        is_float = isinstance(sig.args[0].element, types.Float)
        return getattr(builder, str(float_name if is_float else integer_name))(*args)


for _operation, _float_name, _integer_name in (
    (operator.add, "fadd", "add"),
    (operator.sub, "fsub", "sub"),
    (operator.mul, "fmul", "mul"),
    (operator.truediv, "fdiv", None),
    (operator.and_, None, "and_"),
    (operator.or_, None, "or_"),
    (operator.xor, None, "xor"),
    (operator.lshift, None, "shl"),
    (operator.rshift, None, "lshr"),
):
    _register_operator(_operation, _float_name, _integer_name)


def _llvm_function(name: str, arity: int) -> Any:
    """An LLVM intrinsic on lanes of one type."""

    def generate(builder: Any, lanes: Lanes, args: Any) -> Any:
        full_name = f"llvm.{name}.v{lanes.width}f{lanes.element.bitwidth}"
        function_type = ir.FunctionType(lanes.llvm, [lanes.llvm] * arity)
        return builder.call(cgutils.get_or_insert_function(builder.module, function_type, full_name), args)

    if arity == 1:

        @intrinsic  # type: ignore[untyped-decorator]
        def unary(_context: Any, a: Lanes) -> Any:
            return a(a), lambda _c, builder, _s, args: generate(builder, a, args)

        return unary

    @intrinsic  # type: ignore[untyped-decorator]
    def ternary(_context: Any, a: Lanes, b: Lanes, c: Lanes) -> Any:
        return a(a, b, c), lambda _c, builder, _s, args: generate(builder, a, args)

    return ternary


absolute = _llvm_function("fabs", 1)
square_root = _llvm_function("sqrt", 1)
round_to_even = _llvm_function("rint", 1)
fma = _llvm_function("fma", 3)


@intrinsic  # type: ignore[untyped-decorator]
def float_from_bits(_context: Any, like: Lanes, bits: Lanes) -> Any:
    """Reinterpret unsigned integers as floats of the type of ``like``."""
    return like(like, bits), lambda _c, builder, _s, args: builder.bitcast(args[1], like.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def bits_of_float(_context: Any, a: Lanes) -> Any:
    """Reinterpret floats as unsigned integers."""
    return a.bits(a), lambda _c, builder, _s, args: builder.bitcast(args[0], a.bits.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def to_float(_context: Any, like: Lanes, integers: Lanes) -> Any:
    """Convert unsigned integers below 2**31 to floats of the type of ``like``."""
    return like(like, integers), lambda _c, builder, _s, args: builder.sitofp(args[1], like.llvm)


@intrinsic  # type: ignore[untyped-decorator]
def to_integer(_context: Any, a: Lanes) -> Any:
    """Convert floats that are small whole numbers to integers (two's complement, in the unsigned type)."""
    return a.bits(a), lambda _c, builder, _s, args: builder.fptosi(args[0], a.bits.llvm)


# Comparison -------------------------------------------------------------------------------------------------------


def _compare(predicate: str) -> tuple[Any, Any]:
    """A comparison as a mask and as a selection; it is false where an operand is NaN."""

    @intrinsic  # type: ignore[untyped-decorator]
    def mask(_context: Any, a: Lanes, b: Lanes) -> Any:
        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            flags = builder.fcmp_ordered(predicate, args[0], args[1])
            return builder.zext(builder.bitcast(flags, ir.IntType(a.width)), ir.IntType(64))

        return types.int64(a, b), codegen

    @intrinsic  # type: ignore[untyped-decorator]
    def choose(_context: Any, a: Lanes, b: Lanes, yes: Lanes, no: Lanes) -> Any:
        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(predicate, args[0], args[1]), args[2], args[3])

        return yes(a, b, yes, no), codegen

    return mask, choose


less_mask, where_less = _compare("<")
at_most_mask, where_at_most = _compare("<=")
equal_mask, where_equal = _compare("==")


# Single lanes -----------------------------------------------------------------------------------------------------


@intrinsic  # type: ignore[untyped-decorator]
def get_lane(_context: Any, a: Lanes, lane: Any) -> Any:
    """The value of one lane."""
    return a.element(a, lane), lambda _c, builder, _s, args: builder.extract_element(args[0], args[1])


@intrinsic  # type: ignore[untyped-decorator]
def set_lane(_context: Any, a: Lanes, lane: Any, value: Any) -> Any:
    """``a`` with the value of one lane replaced."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scalar = context.cast(builder, args[2], sig.args[2], a.element)
        return builder.insert_element(args[0], scalar, args[1])

    return a(a, lane, value), codegen
