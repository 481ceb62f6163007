"""Normalized predictions and their errors, for all lanes at once: the compiled twin of ``vm.fitness``.

In training, a prediction is normalized in the memory, where Learn sees it: a sigmoid with two classes, a softmax with
more. In validation, the memory stays as Predict left it.
"""

from __future__ import annotations

import math

from automl_zero.vm.aliases import LaneValues
from automl_zero.vm.block import BlockArgs, class_prediction
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import lane_math
from automl_zero.vm.lanes.lane_arithmetic import where_equal, where_less
from automl_zero.vm.lanes.lanes import Width, load, splat, store, width_of, zeros


@jit
def training_error(width: Width, args: BlockArgs, label: LaneValues) -> LaneValues:
    """Normalize the prediction in the memory, and return the label minus the prediction.

    With more than two classes, the error is 1 minus the probability of the label.
    """
    lanes = width_of(width)
    if args.classes == 0:
        return label - load(width, args.memory, lanes)
    if args.classes == 2:
        probability = lane_math.sigmoid(load(width, args.memory, lanes))
        store(args.memory, lanes, probability)
        return label - probability
    return splat(label, 1.0) - _softmax(width, args, label)


@jit
def _softmax(width: Width, args: BlockArgs, label: LaneValues) -> LaneValues:
    """Turn v2 into probabilities, 0 beyond the classes; return that of the label."""
    lanes, mem, outputs = width_of(width), args.memory, class_prediction(width, args)
    # The largest output is subtracted from all, so that no exponential overflows.
    highest = load(width, mem, outputs)
    for k in range(1, args.classes):
        value = load(width, mem, outputs + k * lanes)
        highest = where_less(highest, value, value, highest)
    total = zeros(width)
    for k in range(args.classes):
        value = lane_math.exp(load(width, mem, outputs + k * lanes) - highest)
        store(mem, outputs + k * lanes, value)
        total = total + value
    chosen = zeros(width)
    for k in range(args.num_features):
        value = load(width, mem, outputs + k * lanes) / total if k < args.classes else zeros(width)
        store(mem, outputs + k * lanes, value)
        chosen = where_equal(label, splat(label, float(k)), value, chosen)
    return chosen


@jit
def validation_error(width: Width, args: BlockArgs, label: LaneValues) -> tuple[LaneValues, LaneValues]:
    """Return the normalized prediction and its error; the error of a classification is 0 or 1."""
    lanes, mem = width_of(width), args.memory
    zero, one = zeros(width), splat(label, 1.0)
    if args.classes == 0:
        prediction = load(width, mem, lanes)
        return prediction, label - prediction
    if args.classes == 2:
        # A probability of 0.5, and NaN, count as class 0.
        prediction = lane_math.sigmoid(load(width, mem, lanes))
        positive = where_less(splat(label, 0.5), prediction, one, zero)
        return prediction, where_equal(label, positive, zero, one)
    # The first of the largest outputs; NaN never wins, and -1, always wrong, stands for no winner.
    outputs = class_prediction(width, args)
    best, highest = splat(label, -1.0), splat(label, -math.inf)
    for k in range(args.classes):
        value = load(width, mem, outputs + k * lanes)
        best = where_less(highest, value, splat(label, float(k)), best)
        highest = where_less(highest, value, value, highest)
    return best, where_equal(best, label, zero, one)
