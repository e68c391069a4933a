"""Eight rows in one register: a small vector type for numba.

numba's own vectoriser has to prove that buffers do not overlap before each inner loop, and prefers
half-width registers; spelled out, the same loops are several times faster. LLVM maps eight float64
lanes to whatever the machine has (one AVX-512 register, two of AVX2, four of SSE2 or NEON), and every
operation rounds as IEEE says, so results do not depend on the machine.

Indices are not checked and do not wrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = 8

_F64 = ir.VectorType(ir.DoubleType(), LANES)
_F32 = ir.VectorType(ir.FloatType(), LANES)
_I32 = ir.VectorType(ir.IntType(32), LANES)


class Lanes(types.Type):  # type: ignore[misc]  # numba has no types
    """The numba type of eight float64 lanes."""

    def __init__(self) -> None:
        super().__init__(name="churnkit_lanes8")


lanes = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]  # numba has no types
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _F64)


def _at(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.gep(pointer, [index])


def _spread(builder: Any, scalar: Any) -> Any:
    none = ir.Constant(_F64, ir.Undefined)
    first = builder.insert_element(none, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, none, ir.Constant(_I32, [0] * LANES))


@intrinsic
def pointer(_context: Any, array: Any) -> Any:
    """Give where an array's data start: unlike arrays, pointers are not counted when functions hand them on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), code


@intrinsic
def put(_context: Any, pointer: Any, _index: Any, _value: Any) -> Any:
    """Write one float64 to ``pointer[index]``."""

    def code(context: Any, builder: Any, _s: Any, args: Any) -> Any:
        builder.store(args[2], _at(builder, args[0], args[1]))
        return context.get_dummy_value()

    return types.void(pointer, types.intp, types.float64), code


@intrinsic
def load(_context: Any, pointer: Any, _index: Any) -> Any:
    """Read eight float64 from ``pointer[index:]``."""

    def code(_c: Any, builder: Any, _s: Any, args: Any) -> Any:
        place = _at(builder, args[0], args[1])
        return builder.load(builder.bitcast(place, _F64.as_pointer()), align=8)

    return lanes(pointer, types.intp), code


@intrinsic
def store(_context: Any, pointer: Any, _index: Any, _value: Any) -> Any:
    """Write eight float64 to ``pointer[index:]``."""

    def code(context: Any, builder: Any, _s: Any, args: Any) -> Any:
        place = _at(builder, args[0], args[1])
        builder.store(args[2], builder.bitcast(place, _F64.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, lanes), code


@intrinsic
def raw(_context: Any, pointer: Any, _index: Any) -> Any:
    """Read ``pointer[index]``, neither checked nor wrapped."""

    def code(_c: Any, builder: Any, _s: Any, args: Any) -> Any:
        return builder.load(_at(builder, args[0], args[1]))

    return pointer.dtype(pointer, types.intp), code


@intrinsic
def spread(_context: Any, _value: Any) -> Any:
    """Put one float64 into all lanes."""
    return lanes(types.float64), lambda _c, builder, _s, args: _spread(builder, args[0])


@intrinsic
def spread_at(_context: Any, pointer: Any, _index: Any) -> Any:
    """Put ``pointer[index]`` into all lanes."""

    def code(_c: Any, builder: Any, _s: Any, args: Any) -> Any:
        return _spread(builder, builder.load(_at(builder, args[0], args[1])))

    return lanes(pointer, types.intp), code


@intrinsic
def fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Give a x b + c, rounded once."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_F64, [_F64] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f64"), args)

    return lanes(lanes, lanes, lanes), code


def _binary(name: str) -> Callable[..., Any]:
    def operation(_context: Any, _a: Any, _b: Any) -> Any:
        return lanes(lanes, lanes), lambda _c, builder, _s, args: getattr(builder, name)(*args)

    return intrinsic(operation)  # type: ignore[no-any-return]  # numba has no types


add, subtract, multiply = _binary("fadd"), _binary("fsub"), _binary("fmul")


def _choice(compare: str) -> Callable[..., Any]:
    def operation(_context: Any, pointer: Any, _index: Any, _threshold: Any, _yes: Any, _no: Any) -> Any:
        def code(_c: Any, builder: Any, _s: Any, args: Any) -> Any:
            place = _at(builder, args[0], args[1])
            narrow = builder.load(builder.bitcast(place, _F32.as_pointer()), align=4)
            test = getattr(builder, compare)("<=", builder.fpext(narrow, _F64), _spread(builder, args[2]))
            return builder.select(test, _spread(builder, args[3]), _spread(builder, args[4]))

        return lanes(pointer, types.intp, types.float64, types.float64, types.float64), code

    return intrinsic(operation)  # type: ignore[no-any-return]  # numba has no types


if_below = _choice("fcmp_ordered")
"""``if_below(x, index, threshold, yes, no)``: where the float32 is at most the threshold; missing says no."""

if_below_or_missing = _choice("fcmp_unordered")
"""The same, where missing says yes."""
