"""SIMD lanes as a Numba type: one value of each of several tasks in one machine vector.

``Lanes`` wraps LLVM's ``<width x element>``, and the operators of Python work on it; ``lane_arithmetic`` has the other
functions. No operation reassociates or contracts, so a lane's result is the same for every width and on every machine.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.core.imputils import lower_constant
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_builtin,
    models,
    register_model,
    typeof_impl,
    unbox,
)

Context: TypeAlias = Any  # Numba's context of typing or of code generation
Values: TypeAlias = Sequence[ir.Value]  # arguments, in LLVM's code

ELEMENTS = {
    types.float32: ir.FloatType(),
    types.float64: ir.DoubleType(),
    types.uint32: ir.IntType(32),
    types.uint64: ir.IntType(64),
}
BITS_OF = {types.float32: types.uint32, types.float64: types.uint64}


class Width:
    """Number and element type of lanes, as an argument of compiled functions.

    Numba gives each combination a type of its own, so that every function is compiled for one number of lanes and one
    precision, and both are constants in its code.
    """

    def __init__(self, dtype: str, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes


class WidthType(types.Opaque):  # type: ignore[misc]
    """Numba's type of a ``Width``."""

    def __init__(self, element: types.Number, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        super().__init__(name=f"Width({element}, {lanes})")


register_model(WidthType)(models.OpaqueModel)


@typeof_impl.register(Width)  # type: ignore[untyped-decorator]
def _typeof_width(value: Width, _context: Context) -> WidthType:
    return WidthType(getattr(types, value.dtype), value.lanes)


@lower_constant(WidthType)  # type: ignore[untyped-decorator]
def _constant_width(context: Context, _builder: ir.IRBuilder, _type: WidthType, _value: Width) -> Any:
    return context.get_dummy_value()


@unbox(WidthType)  # type: ignore[untyped-decorator]
def _unbox_width(_type: WidthType, _object: Any, context: Context) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())


class Lanes(types.Type):  # type: ignore[misc]
    """Numba's type of ``width`` values of one element type, which LLVM keeps in one vector register."""

    def __init__(self, element: types.Number, width: int) -> None:
        self.element, self.width = element, width
        super().__init__(name=f"Lanes({element}, {width})")

    @property
    def llvm(self) -> ir.VectorType:
        """LLVM's vector type."""
        return ir.VectorType(ELEMENTS[self.element], self.width)

    @property
    def bits(self) -> Lanes:
        """The type of as many unsigned integers of the same size, for the bits of floats."""
        return Lanes(BITS_OF[self.element], self.width)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.llvm)


# Memory -----------------------------------------------------------------------------------------------------------
#
# Hot loops take addresses instead of arrays: Numba counts references of an array at every call, which costs more than
# an instruction of a program does. The caller keeps the array alive. Indices count elements, not bytes.


def _pointer(builder: ir.IRBuilder, base: types.Type, index: types.Type, element: types.Number, target: Any) -> Any:
    pointer = builder.inttoptr(base, ELEMENTS[element].as_pointer())
    return builder.bitcast(builder.gep(pointer, [index]), target.as_pointer())


def _load(base_and_index: tuple[Any, Any], lanes: Lanes, builder: ir.IRBuilder) -> Any:
    pointer = _pointer(builder, *base_and_index, lanes.element, lanes.llvm)
    return builder.load(pointer, align=lanes.element.bitwidth // 8)


@intrinsic  # type: ignore[untyped-decorator]
def load(_context: Context, width: WidthType, base: types.Type, index: types.Type) -> Any:
    """Read the lanes that begin at an index of the flat array at an address."""
    lanes = Lanes(width.element, width.lanes)
    return lanes(width, types.intp, types.intp), lambda _c, builder, _s, args: _load(args[1:], lanes, builder)


@intrinsic  # type: ignore[untyped-decorator]
def load_words(_context: Context, width: WidthType, base: types.Type, index: types.Type) -> Any:
    """Read as many unsigned 32-bit integers as there are lanes, as ``load`` does."""
    lanes = Lanes(types.uint32, width.lanes)
    return lanes(width, types.intp, types.intp), lambda _c, builder, _s, args: _load(args[1:], lanes, builder)


@intrinsic  # type: ignore[untyped-decorator]
def store(_context: Context, base: types.Type, index: types.Type, value: Lanes) -> Any:
    """Write lanes to the flat array at an address, from an index on."""

    def codegen(context: Context, builder: ir.IRBuilder, _sig: Signature, args: Values) -> Any:
        pointer = _pointer(builder, args[0], args[1], value.element, value.llvm)
        builder.store(args[2], pointer, align=value.element.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, value), codegen


def _reader(element: types.Number) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def read(_context: Context, base: types.Type, index: types.Type) -> Any:
        def codegen(_context: Context, builder: ir.IRBuilder, _sig: Signature, args: Values) -> Any:
            llvm = ir.DoubleType() if element == types.float64 else ir.IntType(64)
            return builder.load(builder.gep(builder.inttoptr(args[0], llvm.as_pointer()), [args[1]]))

        return element(types.intp, types.intp), codegen

    return read


@intrinsic  # type: ignore[untyped-decorator]
def read_shared(_context: Context, address: types.Type) -> Any:
    """Read the integer at an address that another thread may write to: every call reads the memory again."""

    def codegen(context: Context, builder: ir.IRBuilder, _sig: Signature, args: Values) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        # Atomic, so that LLVM neither moves the read out of a loop nor splits it; ordered with nothing else.
        return builder.load_atomic(pointer, "monotonic", 8)

    return types.int64(types.int64), codegen


read_integer = _reader(types.int64)
read_number = _reader(types.float64)


@intrinsic  # type: ignore[untyped-decorator]
def zeros(_context: Context, width: WidthType) -> Any:
    """Return zero in every lane."""
    lanes = Lanes(width.element, width.lanes)
    return lanes(width), lambda _c, _b, _s, _a: ir.Constant(lanes.llvm, [0.0] * lanes.width)


def _broadcast(builder: ir.IRBuilder, scalar: types.Type, vector: ir.VectorType) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    # One element, and a shuffle that takes element 0 for every lane: the pattern that LLVM turns into a broadcast.
    first = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


@intrinsic  # type: ignore[untyped-decorator]
def splat(_context: Context, like: Lanes, scalar: types.Type) -> Any:
    """Return a scalar in every lane, in the type of ``like``."""

    def codegen(context: Context, builder: ir.IRBuilder, sig: Signature, args: Values) -> Any:
        return _broadcast(builder, context.cast(builder, args[1], sig.args[1], like.element), like.llvm)

    return like(like, scalar), codegen


@intrinsic  # type: ignore[untyped-decorator]
def width_of(_context: Context, width: WidthType) -> Any:
    """Return the number of lanes, a constant for the compiler."""

    def codegen(context: Context, _builder: ir.IRBuilder, _sig: Signature, _args: Any) -> Any:
        return context.get_constant(types.intp, width.lanes)

    return types.intp(width), codegen


@intrinsic  # type: ignore[untyped-decorator]
def width_of_lanes(_context: Context, like: Lanes) -> Any:
    """Return the number of lanes of a value, a constant for the compiler."""

    def codegen(context: Context, _builder: ir.IRBuilder, _sig: Signature, _args: Any) -> Any:
        return context.get_constant(types.intp, like.width)

    return types.intp(like), codegen


@intrinsic  # type: ignore[untyped-decorator]
def is_double(_context: Context, like: Lanes) -> Any:
    """Return whether the lanes are float64, a constant for the compiler."""

    def codegen(context: Context, _builder: ir.IRBuilder, _sig: Signature, _args: Any) -> Any:
        return context.get_constant(types.boolean, like.element == types.float64)

    return types.boolean(like), codegen


KERNEL_ARGUMENTS = 6  # integers, most of them addresses: as many as the C calling convention passes in registers


@intrinsic  # type: ignore[untyped-decorator]
def call_kernel(
    _context: Context,
    address: types.Type,
    code: types.Type,
    data: types.Type,
    count: types.Type,
    memory: types.Type,
    context: Context,
    execution_step: types.Type,
) -> Any:
    """Call the kernel at an address, a C function of six integers (see ``vm.kernel.kernel``)."""
    word = ir.IntType(64)

    def codegen(context: Context, builder: ir.IRBuilder, sig: Signature, args: Values) -> Any:
        function_type = ir.FunctionType(ir.VoidType(), [word] * KERNEL_ARGUMENTS)
        builder.call(builder.inttoptr(args[0], function_type.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * (1 + KERNEL_ARGUMENTS)), codegen


def _function_attribute(name: str) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def mark(_context: Context) -> Any:
        def codegen(context: Context, builder: ir.IRBuilder, _sig: Signature, _args: Any) -> Any:
            builder.function.attributes.add(name)
            return context.get_dummy_value()

        return types.void(), codegen

    return mark


# A function that calls ``keep_apart`` is never inlined, so that LLVM does not prepare what it needs (constants in
# registers, hoisted loads) in callers that seldom call it. One that calls ``keep_inside`` always is, however large.
keep_apart = _function_attribute("noinline")
keep_inside = _function_attribute("alwaysinline")


# Arithmetic -------------------------------------------------------------------------------------------------------


class _SameLanes(AbstractTemplate):  # type: ignore[misc]
    """Type of an operator: both operands and the result are the same lanes."""

    def generic(self, args: Values, kws: Any) -> Any:
        if len(args) == 2 and not kws and isinstance(args[0], Lanes) and args[0] == args[1]:
            return signature(args[0], *args)
        return None


def _register_operator(operation: Any, float_name: str | None, integer_name: str | None) -> None:
    infer_global(operation)(type(f"Lanes_{operation.__name__}", (_SameLanes,), {"key": operation}))

    @lower_builtin(operation, Lanes, Lanes)  # type: ignore[untyped-decorator]
    def _lower(_context: Context, builder: ir.IRBuilder, sig: Signature, args: Values) -> Any:
        is_float = isinstance(sig.args[0].element, types.Float)
        return getattr(builder, str(float_name if is_float else integer_name))(*args)


# Operator, and LLVM's instruction for floats and for integers. None has a fast-math flag: a NaN must stay a NaN, and no
# sum may be reassociated.
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
