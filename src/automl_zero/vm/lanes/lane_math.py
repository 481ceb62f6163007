"""Transcendental functions on lanes, in plain arithmetic: the same result for every width and on every machine.

The largest error against NumPy is 4 units in the last place, in float32 and float64 (tests measure it). Only sines and
cosines of arguments above ``REDUCTION_LIMIT`` go lane by lane through the C library, since their reduction needs
hundreds of bits of pi. ``fma(a, b, c)`` is a * b + c, rounded once; series are evaluated by Horner's rule.
"""

from __future__ import annotations

import math

from automl_zero.vm.aliases import LaneValues
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes.lane_arithmetic import (
    absolute,
    bits_of_float,
    float_from_bits,
    fma,
    get_lane,
    less_mask,
    round_to_even,
    set_lane,
    square_root,
    to_float,
    to_integer,
    where_at_most,
    where_equal,
    where_less,
)
from automl_zero.vm.lanes.lanes import is_double, splat, width_of_lanes

# ln 2 and pi/2 in two and three parts, whose sum has more bits than the precision: x - n * ln 2 is computed part by
# part, so that the leading bits, which cancel, are exact (Cody and Waite).
LN2_DOUBLE = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
LN2_SINGLE = (0.693359375, -2.12194440054690583e-4)
HALF_PI_DOUBLE = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
HALF_PI_SINGLE = (1.57079637050628662109375, -4.37113900018624283e-8, -1.71512476417180497e-15)
REDUCTION_LIMIT = 8192.0  # up to here, the number of quarter turns times each part of pi/2 keeps enough bits


@jit
def exp(x: LaneValues) -> LaneValues:
    """Exponential of x = n ln 2 + r with |r| <= ln 2 / 2, as 2**n times the exponential series of r."""
    # Beyond these limits the result is 0 or infinite, and n would not fit the exponent's bits.
    low, high = (-746.0, 710.0) if is_double(x) else (-104.0, 89.0)
    part1, part2 = LN2_DOUBLE if is_double(x) else LN2_SINGLE
    clamped = where_less(x, splat(x, low), splat(x, low), where_less(splat(x, high), x, splat(x, high), x))
    n = round_to_even(clamped * splat(x, 1.4426950408889634))  # 1 / ln 2
    n = where_equal(n, n, n, splat(x, 0.0))  # a NaN has no integer value; the series keeps it
    rest = fma(n, splat(x, -part2), fma(n, splat(x, -part1), clamped))
    half = round_to_even(n * splat(x, 0.5))  # 2**n in two factors, so that subnormal results are possible
    return _exp_series(rest) * _power_of_two(half) * _power_of_two(n - half)


@jit
def _exp_series(x: LaneValues) -> LaneValues:
    """Return 1 + x + x**2/2! + ..., up to x**13 in float64 and x**7 in float32."""
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
def _power_of_two(n: LaneValues) -> LaneValues:
    """Return 2**n for whole n, by writing n into the bits of the exponent."""
    bias, shift = (1023, 52) if is_double(n) else (127, 23)  # IEEE 754: offset of the exponent, and its lowest bit
    exponent = to_integer(n)
    return float_from_bits(n, (exponent + splat(exponent, bias)) << splat(exponent, shift))


@jit
def log(x: LaneValues) -> LaneValues:
    """Natural logarithm: x = 2**k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), then the series in s = f / (2 + f)."""
    # Subnormal numbers are multiplied by a power of two first; its exponent is subtracted from k below.
    smallest, lift, lifted = (
        (2.2250738585072014e-308, 2.0**54, 54.0) if is_double(x) else (1.17549435e-38, 2.0**24, 24.0)
    )
    part1, part2 = LN2_DOUBLE if is_double(x) else LN2_SINGLE
    # root: the bits of sqrt(1/2). Subtracted from the bits of x, they leave k in the exponent and f in the mantissa.
    bias, shift, root = (1023, 52, 0x3FE6A09E667F3BCD) if is_double(x) else (127, 23, 0x3F3504F3)
    zero, one, subnormal_limit = splat(x, 0.0), splat(x, 1.0), splat(x, smallest)
    bits = bits_of_float(where_less(x, subnormal_limit, x * splat(x, lift), x))
    bits = bits + splat(bits, (bias << shift) - root)
    mantissa = (bits & splat(bits, (1 << shift) - 1)) + splat(bits, root)
    k = to_float(x, bits >> splat(bits, shift)) - splat(x, float(bias))
    k = k - where_less(x, subnormal_limit, splat(x, lifted), zero)
    f = float_from_bits(x, mantissa) - one
    s = f / (splat(x, 2.0) + f)
    # log(1 + f) = f - f**2/2 + s (f**2/2 + series(s**2)), in the order that loses the fewest bits (fdlibm).
    half_square = splat(x, 0.5) * f * f
    tail = fma(s, half_square + _log_series(s * s), k * splat(x, part2))
    result = fma(k, splat(x, part1), f - (half_square - tail))
    # log(inf) = inf, log(0) = -inf; of negative numbers and NaN, NaN
    result = where_equal(x, splat(x, math.inf), x, result)
    result = where_equal(x, zero, splat(x, -math.inf), result)
    return where_at_most(zero, x, result, splat(x, math.nan))


@jit
def _log_series(z: LaneValues) -> LaneValues:
    """Return 2 (z/3 + z**2/5 + z**3/7 + ...) in z = s**2."""
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
def sin(x: LaneValues) -> LaneValues:
    """Sine; the sine of a negative zero is a negative zero."""
    return where_equal(x, splat(x, 0.0), x, _by_lane(x, _turned(x, 0), False))


@jit
def cos(x: LaneValues) -> LaneValues:
    """Cosine, the sine of an argument that is a quarter turn larger."""
    return _by_lane(x, _turned(x, 1), True)


@jit
def tan(x: LaneValues) -> LaneValues:
    """Tangent."""
    return sin(x) / cos(x)


@jit
def _turned(x: LaneValues, quarters: int) -> LaneValues:
    """Return sin(x + quarters * pi/2) for |x| below the limit; other lanes hold numbers without a meaning."""
    part1, part2, part3 = HALF_PI_DOUBLE if is_double(x) else HALF_PI_SINGLE
    turns = round_to_even(x * splat(x, 0.6366197723675814))  # 2 / pi: quarter turns
    turns = where_less(absolute(x), splat(x, REDUCTION_LIMIT), turns, splat(x, 0.0))
    rest = fma(turns, splat(x, -part3), fma(turns, splat(x, -part2), fma(turns, splat(x, -part1), x)))
    quadrant = to_integer(turns)
    quadrant = quadrant + splat(quadrant, quarters)
    square = rest * rest
    # Bit 0 of the quadrant chooses between sine and cosine of the rest, bit 1 is the sign; it is moved to the top bit.
    odd = to_float(x, quadrant & splat(quadrant, 1))
    value = where_equal(odd, splat(x, 0.0), fma(rest * square, _sin_series(square), rest), _cos_series(square))
    negative = (quadrant & splat(quadrant, 2)) << splat(quadrant, 62 if is_double(x) else 30)
    return float_from_bits(x, bits_of_float(value) ^ negative)


@jit
def _sin_series(z: LaneValues) -> LaneValues:
    """Return (sin(r) - r) / r**3 in z = r**2: -1/3! + z/5! - ..."""
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
def _cos_series(z: LaneValues) -> LaneValues:
    """Return cos(r) in z = r**2: 1 - z/2! + z**2/4! - ..."""
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
def _by_lane(x: LaneValues, value: LaneValues, cosine: bool) -> LaneValues:
    """Return ``value`` with the lanes replaced whose argument is NaN or too large for the reduction."""
    lanes = width_of_lanes(x)
    good = less_mask(absolute(x), splat(x, REDUCTION_LIMIT))
    if good == (1 << lanes) - 1:  # nearly always
        return value
    for lane in range(lanes):
        if not (good >> lane) & 1:
            argument = float(get_lane(x, lane))
            value = set_lane(value, lane, math.cos(argument) if cosine else math.sin(argument))
    return value


@jit
def arctan(x: LaneValues) -> LaneValues:
    """Arc tangent: reduced to [-0.66, 0.66], then a rational function (coefficients of Cephes' atan)."""
    size, one = absolute(x), splat(x, 1.0)
    eighths = splat(x, 2.414213562373095)  # tan(3 pi / 8)
    # atan(x) = pi/4 + atan((x - 1) / (x + 1)) = pi/2 + atan(-1 / x)
    middle = where_less(splat(x, 0.66), size, (size - one) / (size + one), size)
    reduced = where_less(eighths, size, splat(x, -1.0) / size, middle)
    offset = where_less(splat(x, 0.66), size, splat(x, 0.7853981633974483), splat(x, 0.0))
    offset = where_less(eighths, size, splat(x, 1.5707963267948966), offset)
    square = reduced * reduced
    # The last term is what the offset lacks in float64: pi/2 and pi/4 are larger by 3.9e-17 of their size.
    value = offset + (fma(reduced, _arctan_ratio(square), reduced) + offset * splat(x, 3.8981718325193755e-17))
    sign = bits_of_float(x) ^ bits_of_float(size)
    return float_from_bits(x, bits_of_float(value) ^ sign)


@jit
def _arctan_ratio(z: LaneValues) -> LaneValues:
    """Return (atan(r) - r) / r in z = r**2, a polynomial of degree 4 over one of degree 5."""
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
def arcsin(x: LaneValues) -> LaneValues:
    """Arc sine, atan(x / sqrt(1 - x**2)); NaN outside [-1, 1]."""
    one = splat(x, 1.0)
    return arctan(x / square_root((one - x) * (one + x)))


@jit
def arccos(x: LaneValues) -> LaneValues:
    """Arc cosine, 2 atan(sqrt((1 - x) / (1 + x))); NaN outside [-1, 1]."""
    one = splat(x, 1.0)
    return splat(x, 2.0) * arctan(square_root((one - x) / (one + x)))


@jit
def sigmoid(x: LaneValues) -> LaneValues:
    """Logistic function, which turns a prediction into the probability of class 1."""
    one = splat(x, 1.0)
    return one / (one + exp(splat(x, 0.0) - x))
