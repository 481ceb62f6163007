"""Transcendental functions on lanes, in plain arithmetic: the same result for every width and on every machine.

Worst error against NumPy, tested: 4 units in the last place, float32 and float64. Only sines and cosines of arguments
above ``REDUCTION_LIMIT`` go lane by lane through the C library, since reducing those needs hundreds of bits of pi.
"""

from __future__ import annotations

import math
from typing import Any

from automl_zero.vm.jit import jit
from automl_zero.vm.lanes.lanes import (
    absolute,
    bits_of_float,
    float_from_bits,
    fma,
    get_lane,
    is_double,
    less_mask,
    round_to_even,
    set_lane,
    splat,
    square_root,
    to_float,
    to_integer,
    where_at_most,
    where_equal,
    where_less,
    width_of_lanes,
)

# ln 2 and pi/2 in two and three parts, each exact in its precision.
LN2_DOUBLE = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
LN2_SINGLE = (0.693359375, -2.12194440054690583e-4)
HALF_PI_DOUBLE = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
HALF_PI_SINGLE = (1.57079637050628662109375, -4.37113900018624283e-8, -1.71512476417180497e-15)
REDUCTION_LIMIT = 8192.0


@jit
def exp(x: Any) -> Any:
    """E to the power of x: 2**n times the series of the rest."""
    low, high = (-746.0, 710.0) if is_double(x) else (-104.0, 89.0)
    part1, part2 = LN2_DOUBLE if is_double(x) else LN2_SINGLE
    clamped = where_less(x, splat(x, low), splat(x, low), where_less(splat(x, high), x, splat(x, high), x))
    n = round_to_even(clamped * splat(x, 1.4426950408889634))
    n = where_equal(n, n, n, splat(x, 0.0))  # NaN has no integer
    rest = fma(n, splat(x, -part2), fma(n, splat(x, -part1), clamped))
    half = round_to_even(n * splat(x, 0.5))  # two steps, so that subnormal results come out
    return _exp_series(rest) * _power_of_two(half) * _power_of_two(n - half)


@jit
def _exp_series(x: Any) -> Any:
    series = splat(x, 1 / 5040)
    if is_double(x):
        series = splat(x, 1 / 6227020800)
        series = fma(series, x, splat(x, 1 / 479001600))
        series = fma(series, x, splat(x, 1 / 39916800))
        series = fma(series, x, splat(x, 1 / 3628800))
        series = fma(series, x, splat(x, 1 / 362880))
        series = fma(series, x, splat(x, 1 / 40320))
        series = fma(series, x, splat(x, 1 / 5040))
    series = fma(series, x, splat(x, 1 / 720))
    series = fma(series, x, splat(x, 1 / 120))
    series = fma(series, x, splat(x, 1 / 24))
    series = fma(series, x, splat(x, 1 / 6))
    series = fma(series, x, splat(x, 0.5))
    one = splat(x, 1.0)
    return fma(fma(series, x, one), x, one)


@jit
def _power_of_two(n: Any) -> Any:
    bias, shift = (1023, 52) if is_double(n) else (127, 23)
    exponent = to_integer(n)
    return float_from_bits(n, (exponent + splat(exponent, bias)) << splat(exponent, shift))


@jit
def log(x: Any) -> Any:
    """Natural logarithm: x = 2**k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), then the series in f / (2 + f)."""
    smallest, lift, lifted = (
        (2.2250738585072014e-308, 2.0**54, 54.0) if is_double(x) else (1.17549435e-38, 2.0**24, 24.0)
    )
    part1, part2 = LN2_DOUBLE if is_double(x) else LN2_SINGLE
    bias, shift, root = (1023, 52, 0x3FE6A09E667F3BCD) if is_double(x) else (127, 23, 0x3F3504F3)
    zero, one, subnormal_limit = splat(x, 0.0), splat(x, 1.0), splat(x, smallest)
    bits = bits_of_float(where_less(x, subnormal_limit, x * splat(x, lift), x))
    bits = bits + splat(bits, (bias << shift) - root)
    mantissa = (bits & splat(bits, (1 << shift) - 1)) + splat(bits, root)
    k = to_float(x, bits >> splat(bits, shift)) - splat(x, float(bias))
    k = k - where_less(x, subnormal_limit, splat(x, lifted), zero)
    f = float_from_bits(x, mantissa) - one
    s = f / (splat(x, 2.0) + f)
    half_square = splat(x, 0.5) * f * f
    tail = fma(s, half_square + _log_series(s * s), k * splat(x, part2))
    result = fma(k, splat(x, part1), f - (half_square - tail))
    result = where_equal(x, splat(x, math.inf), x, result)
    result = where_equal(x, zero, splat(x, -math.inf), result)
    return where_at_most(zero, x, result, splat(x, math.nan))


@jit
def _log_series(z: Any) -> Any:
    """2 (z/3 + z**2/5 + z**3/7 + ...)."""
    series = splat(z, 2 / 11)
    if is_double(z):
        series = splat(z, 2 / 25)
        series = fma(series, z, splat(z, 2 / 23))
        series = fma(series, z, splat(z, 2 / 21))
        series = fma(series, z, splat(z, 2 / 19))
        series = fma(series, z, splat(z, 2 / 17))
        series = fma(series, z, splat(z, 2 / 15))
        series = fma(series, z, splat(z, 2 / 13))
        series = fma(series, z, splat(z, 2 / 11))
    series = fma(series, z, splat(z, 2 / 9))
    series = fma(series, z, splat(z, 2 / 7))
    series = fma(series, z, splat(z, 2 / 5))
    series = fma(series, z, splat(z, 2 / 3))
    return series * z


@jit
def sin(x: Any) -> Any:
    """Sine; of a zero, the same zero."""
    return where_equal(x, splat(x, 0.0), x, _by_lane(x, _turned(x, 0), False))


@jit
def cos(x: Any) -> Any:
    """Cosine: the sine a quarter turn ahead."""
    return _by_lane(x, _turned(x, 1), True)


@jit
def tan(x: Any) -> Any:
    """Tangent."""
    return sin(x) / cos(x)


@jit
def _turned(x: Any, quarters: int) -> Any:
    """sin(x + quarters * pi/2) for arguments below the limit."""
    part1, part2, part3 = HALF_PI_DOUBLE if is_double(x) else HALF_PI_SINGLE
    turns = round_to_even(x * splat(x, 0.6366197723675814))
    turns = where_less(absolute(x), splat(x, REDUCTION_LIMIT), turns, splat(x, 0.0))
    rest = fma(turns, splat(x, -part3), fma(turns, splat(x, -part2), fma(turns, splat(x, -part1), x)))
    quadrant = to_integer(turns)
    quadrant = quadrant + splat(quadrant, quarters)
    square = rest * rest
    odd = to_float(x, quadrant & splat(quadrant, 1))
    value = where_equal(odd, splat(x, 0.0), fma(rest * square, _sin_series(square), rest), _cos_series(square))
    negative = (quadrant & splat(quadrant, 2)) << splat(quadrant, 62 if is_double(x) else 30)
    return float_from_bits(x, bits_of_float(value) ^ negative)


@jit
def _sin_series(z: Any) -> Any:
    """(sin(r) - r) / r**3 in z = r**2."""
    series = splat(z, 1 / 362880)
    if is_double(z):
        series = splat(z, 1 / 355687428096000)
        series = fma(series, z, splat(z, -1 / 1307674368000))
        series = fma(series, z, splat(z, 1 / 6227020800))
        series = fma(series, z, splat(z, -1 / 39916800))
        series = fma(series, z, splat(z, 1 / 362880))
    series = fma(series, z, splat(z, -1 / 5040))
    series = fma(series, z, splat(z, 1 / 120))
    return fma(series, z, splat(z, -1 / 6))


@jit
def _cos_series(z: Any) -> Any:
    """cos(r) in z = r**2."""
    series = splat(z, -1 / 3628800)
    if is_double(z):
        series = splat(z, 1 / 20922789888000)
        series = fma(series, z, splat(z, -1 / 87178291200))
        series = fma(series, z, splat(z, 1 / 479001600))
        series = fma(series, z, splat(z, -1 / 3628800))
    series = fma(series, z, splat(z, 1 / 40320))
    series = fma(series, z, splat(z, -1 / 720))
    series = fma(series, z, splat(z, 1 / 24))
    series = fma(series, z, splat(z, -0.5))
    return fma(series, z, splat(z, 1.0))


@jit
def _by_lane(x: Any, value: Any, cosine: bool) -> Any:
    """``value``, with the lanes replaced whose argument is NaN or too large for the reduction."""
    lanes = width_of_lanes(x)
    good = less_mask(absolute(x), splat(x, REDUCTION_LIMIT))
    if good == (1 << lanes) - 1:
        return value
    for lane in range(lanes):
        if not (good >> lane) & 1:
            argument = float(get_lane(x, lane))
            value = set_lane(value, lane, math.cos(argument) if cosine else math.sin(argument))
    return value


@jit
def arctan(x: Any) -> Any:
    """Arc tangent: reduced to [-0.66, 0.66], then a rational function (Cephes' coefficients)."""
    size, one = absolute(x), splat(x, 1.0)
    eighths = splat(x, 2.414213562373095)  # tan(3 pi / 8)
    middle = where_less(splat(x, 0.66), size, (size - one) / (size + one), size)
    reduced = where_less(eighths, size, splat(x, -1.0) / size, middle)
    offset = where_less(splat(x, 0.66), size, splat(x, 0.7853981633974483), splat(x, 0.0))
    offset = where_less(eighths, size, splat(x, 1.5707963267948966), offset)
    square = reduced * reduced
    value = offset + (fma(reduced, _arctan_ratio(square), reduced) + offset * splat(x, 3.8981718325193755e-17))
    sign = bits_of_float(x) ^ bits_of_float(size)
    return float_from_bits(x, bits_of_float(value) ^ sign)


@jit
def _arctan_ratio(z: Any) -> Any:
    top = fma(splat(z, -8.750608600031904122785e-1), z, splat(z, -1.615753718733365076637e1))
    top = fma(top, z, splat(z, -7.500855792314704667340e1))
    top = fma(top, z, splat(z, -1.228866684490136173410e2))
    top = fma(top, z, splat(z, -6.485021904942025371773e1))
    bottom = z + splat(z, 2.485846490142306297962e1)
    bottom = fma(bottom, z, splat(z, 1.650270098316988542046e2))
    bottom = fma(bottom, z, splat(z, 4.328810604912902668951e2))
    bottom = fma(bottom, z, splat(z, 4.853903996359136964868e2))
    bottom = fma(bottom, z, splat(z, 1.945506571482613964425e2))
    return z * top / bottom


@jit
def arcsin(x: Any) -> Any:
    """Arc sine; NaN outside [-1, 1]."""
    one = splat(x, 1.0)
    return arctan(x / square_root((one - x) * (one + x)))


@jit
def arccos(x: Any) -> Any:
    """Arc cosine; NaN outside [-1, 1]."""
    one = splat(x, 1.0)
    return splat(x, 2.0) * arctan(square_root((one - x) / (one + x)))


@jit
def sigmoid(x: Any) -> Any:
    """The logistic function, which turns a prediction into a probability."""
    one = splat(x, 1.0)
    return one / (one + exp(splat(x, 0.0) - x))
