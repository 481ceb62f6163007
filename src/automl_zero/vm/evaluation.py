"""One evaluation, compiled: train and validate a lowered program on blocks of tasks, one task in each lane.

The protocol is that of ``reference.evaluate``. A lane that fails is masked, not stopped, and the lanes beside it never
notice: a lane gives what its task gives when it runs alone. A block ends as soon as all its lanes have failed.

Every loop looks at the machine's stop flag once for each example. When it is raised, an evaluation ends at once, and
what it gives is of no meaning: whoever has let it be raised asks the flag before looking at any result.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.vm.jit import jit
from automl_zero.vm.kernel import NOISE, NUM_FEATURES, SCRATCH, SEED, STOP
from automl_zero.vm.lanes import lane_math, lane_noise
from automl_zero.vm.lanes.lanes import (
    absolute,
    at_most_mask,
    bits_of_float,
    call_kernel,
    fma,
    get_lane,
    is_double,
    load,
    read_integer,
    read_shared,
    splat,
    store,
    where_equal,
    where_less,
    width_of,
    zeros,
)
from automl_zero.vm.lower import COLUMNS, MAX_CONSTANTS, SCALARS, SIZE, WRITES_FEATURES, Lowered, mix

TRAINING_STOPPED, VALIDATION_STOPPED = 1, 2  # bits of Scores.stopped
FEATURES, TRAIN, VALID, EPOCHS, CLASSES, BLOCKS = range(6)  # entries of LaneTasks.shape
CODE_ROW_BYTES, DATA_ROW_BYTES = 8 * COLUMNS, 8 * MAX_CONSTANTS
LARGE = 1 << 18  # numbers in a memory from which on an instruction may take a millisecond and more


class LaneTasks(NamedTuple):
    """Tasks packed for lanes: B blocks of L lanes, lane innermost; everything flat.

    Attributes:
        train_x: [B, N, F, L]; ``train_y``: [B, N, L]; ``valid_x``: [B, M, F, L]; ``valid_y``: [B, M, L].
        order: [E, N] example at each step of each epoch.
        noise: [B, L] uint32, each lane's task number times the golden ratio; ``seed``: [1] of the noise.
        active: [B] bit masks of the lanes that hold a task.
        shape: F, N, M, E, number of classes (0 for regression), B.
    """

    train_x: NDArray[Any]
    train_y: NDArray[Any]
    valid_x: NDArray[Any]
    valid_y: NDArray[Any]
    order: NDArray[np.int64]
    noise: NDArray[np.uint32]
    seed: NDArray[np.uint64]
    active: NDArray[np.int64]
    shape: NDArray[np.int64]


class EvaluationBudget(NamedTuple):
    """How much of the tasks an evaluation uses: the first so many steps of each epoch, validation examples, epochs."""

    num_train: int
    num_valid: int
    num_epochs: int


class Scores(NamedTuple):
    """Results of each task, with room for the unused lanes of the last block.

    Attributes:
        fitness: best over the epochs, 0 if none was completed; ``error``: its RMSE or error rate, NaN if none.
        epoch: which epoch that was, -1 if none; ``steps``: training steps done; ``stopped``: bits of what stopped.
        predictions: [tasks, K] first predictions, normalized, of that epoch (class numbers with more than two classes).
    """

    fitness: NDArray[np.float64]
    error: NDArray[np.float64]
    epoch: NDArray[np.int64]
    steps: NDArray[np.int64]
    stopped: NDArray[np.int64]
    predictions: NDArray[np.float64]


class ExecutionBuffers(NamedTuple):
    """What a program runs on.

    Attributes:
        kernel: [1] address of the interpreter; ``context``: [5] what it looks up (see ``kernel.kernel``).
        memory: flat, with scratch at its end; ``saved``: as much, for the lanes whose validation failed.
        trace: flat, room for the traced predictions and one sum, lane innermost.
    """

    kernel: NDArray[np.int64]
    context: NDArray[np.int64]
    memory: NDArray[Any]
    saved: NDArray[Any]
    trace: NDArray[Any]


class BlockArgs(NamedTuple):
    """All that the loops over the examples of a block need, as plain numbers.

    Addresses: ``kernel``, ``context``, ``stop``, ``memory``, ``trace``, ``code``, ``data``, the block's examples and
    ``order``.
    ``predict_from``, ``learn_from`` and ``end`` are rows of the code; ``features_at`` and ``scratch`` are indices of
    the memory, where v0 begins and where the program's part ends.
    """

    kernel: int
    context: int
    stop: int
    memory: int
    trace: int
    code: int
    data: int
    predict_from: int
    learn_from: int
    end: int
    features_at: int
    scratch: int
    writes_features: int
    num_features: int
    num_train: int
    num_valid: int
    classes: int
    train_x: int
    train_y: int
    valid_x: int
    valid_y: int
    order: int


@jit
def full_budget(tasks: LaneTasks) -> EvaluationBudget:
    """All that there is."""
    return EvaluationBudget(tasks.shape[TRAIN], tasks.shape[VALID], tasks.shape[EPOCHS])


@jit
def evaluate(
    width: Any,
    program: Lowered,
    tasks: LaneTasks,
    budget: EvaluationBudget,
    limit: float,
    buffers: ExecutionBuffers,
    scores: Scores,
    repeat: int = 0,
) -> int:
    """Score a placed program on all tasks, or on a part of each; gives the number of training steps done.

    Every ``repeat`` has draws of its own; those of number 0 are by the tasks' seed itself.
    """
    lanes = width_of(width)
    steps = 0
    buffers.context[SEED] = np.int64(tasks.seed[0] ^ lane_noise.mix64(np.uint64(repeat)))  # which takes 0 to 0
    for block in range(tasks.shape[BLOCKS]):
        if is_stopped(buffers):
            break
        _evaluate_block(width, program, tasks, block, budget, limit, buffers, scores)
        for lane in range(lanes):
            if (tasks.active[block] >> lane) & 1:
                steps += scores.steps[block * lanes + lane]
    return steps


@jit
def _evaluate_block(
    width: Any,
    program: Lowered,
    tasks: LaneTasks,
    block: int,
    budget: EvaluationBudget,
    limit: float,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> None:
    first, last = block * width_of(width), (block + 1) * width_of(width)
    scores.fitness[first:last], scores.error[first:last], scores.epoch[first:last] = 0.0, math.nan, -1
    scores.steps[first:last], scores.stopped[first:last] = 0, 0
    args = _set_up(width, program, tasks, block, budget, buffers)
    alive = tasks.active[block]
    for epoch in range(budget.num_epochs):
        if read_shared(args.stop):
            return
        alive = _train(width, args, epoch, limit, alive, first, scores, 0)
        if alive == 0:
            return
        _validate(width, args, epoch, limit, alive, first, buffers, scores)


@jit
def fingerprint(
    width: Any,
    program: Lowered,
    tasks: LaneTasks,
    budget: EvaluationBudget,
    limit: float,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> Any:
    """Hash of what a placed program predicts on a part of the first block's examples (paper, supplement S3).

    The predictions are truncated, so that programs that are equal up to rounding share the fingerprint.
    """
    lanes, traced = width_of(width), budget.num_train + budget.num_valid
    buffers.trace[: traced * lanes] = 0
    buffers.context[SEED] = np.int64(tasks.seed[0])
    args = _set_up(width, program, tasks, 0, budget, buffers)
    if _train(width, args, 0, limit, tasks.active[0], 0, scores, budget.num_train):
        for example in range(budget.num_valid):
            if read_shared(args.stop):
                break
            _predict(width, args, args.valid_x, example, 1 + budget.num_train + example)
            store(args.trace, (budget.num_train + example) * lanes, _raw_prediction(width, args))
    return _hash_of_trace(width, args.trace, traced, tasks.active[0])


@jit
def _hash_of_trace(width: Any, trace: int, count: int, active: int) -> Any:
    """Hash of so many traced values of the active lanes; each lane has two hashes, which are joined in the end."""
    lanes = width_of(width)
    first = bits_of_float(zeros(width))
    second = first
    for row in range(count):
        word = _truncated(load(width, trace, row * lanes))
        first = _stir(first ^ word, 0x9E3779B1)
        second = _stir(second ^ word, 0x85EBCA77)
    key = np.uint64(0x452821E638D01377)
    for lane in range(lanes):
        if (active >> lane) & 1:
            key = mix(mix(key, np.uint64(get_lane(first, lane))), np.uint64(get_lane(second, lane)))
    return key


@jit
def _stir(hashes: Any, factor: int) -> Any:
    product = hashes * splat(hashes, factor)
    return product ^ (product >> splat(hashes, 15))


@jit
def _truncated(value: Any) -> Any:
    """Sign, exponent and 15 bits of the mantissa of every lane; all NaN are one, and so are both zeros."""
    bits = bits_of_float(value + splat(value, 0.0))
    dropped = splat(bits, 37 if is_double(value) else 8)
    return where_equal(value, value, (bits >> dropped) << dropped, splat(bits, 1))


@jit
def _set_up(
    width: Any, program: Lowered, tasks: LaneTasks, block: int, budget: EvaluationBudget, buffers: ExecutionBuffers
) -> BlockArgs:
    """Clear the memory, run Setup, and give the frame of a block."""
    shape, lanes = tasks.shape, width_of(width)
    train, valid = block * shape[TRAIN] * lanes, block * shape[VALID] * lanes
    buffers.context[SCRATCH], buffers.context[NUM_FEATURES] = program.memory[SIZE], shape[FEATURES]
    buffers.context[NOISE] = _address(tasks.noise[block * lanes :])
    args = BlockArgs(
        buffers.kernel[0],
        _address(buffers.context),
        buffers.context[STOP],
        _address(buffers.memory),
        _address(buffers.trace),
        _address(program.code),
        _address(program.data),
        program.bounds[1],
        program.bounds[2],
        program.bounds[3],
        program.memory[SCALARS] * lanes,
        program.memory[SIZE],
        program.memory[WRITES_FEATURES],
        shape[FEATURES],
        budget.num_train,
        budget.num_valid,
        shape[CLASSES],
        _address(tasks.train_x[train * shape[FEATURES] :]),
        _address(tasks.train_y[train:]),
        _address(tasks.valid_x[valid * shape[FEATURES] :]),
        _address(tasks.valid_y[valid:]),
        _address(tasks.order),
    )
    for k in range(0, args.scratch, lanes):
        store(args.memory, k, zeros(width))
    _run(args, 0, args.predict_from, 0)
    return args


@jit
def _address(array: Any) -> int:
    """Where an array begins, as a signed number: a sum of signed and unsigned ones would be a float."""
    return int(np.int64(array.ctypes.data))


@jit
def is_stopped(buffers: ExecutionBuffers) -> bool:
    """Whether the machine's stop flag is raised."""
    return bool(read_shared(buffers.context[STOP]))


@jit
def _run(args: BlockArgs, first: int, last: int, execution_step: int) -> None:
    """Execute rows ``first`` to ``last`` (not included) once."""
    if args.scratch > LARGE:
        _run_row_by_row(args, first, last, execution_step)
        return
    code, data = args.code + first * CODE_ROW_BYTES, args.data + first * DATA_ROW_BYTES
    call_kernel(args.kernel, code, data, last - first, args.memory, args.context, execution_step)


@jit
def _run_row_by_row(args: BlockArgs, first: int, last: int, execution_step: int) -> None:
    """The same, with a look at the stop flag before each row."""
    for row in range(first, last):
        if read_shared(args.stop):
            return
        code, data = args.code + row * CODE_ROW_BYTES, args.data + row * DATA_ROW_BYTES
        call_kernel(args.kernel, code, data, 1, args.memory, args.context, execution_step)


@jit
def _train(
    width: Any,
    args: BlockArgs,
    epoch: int,
    limit: float,
    alive: int,
    first_task: int,
    scores: Scores,
    traced: int,
) -> int:
    """Go through the examples of an epoch; gives the mask of the lanes that did not fail."""
    lanes = width_of(width)
    highest = splat(zeros(width), limit)
    before = epoch * args.num_train
    for step in range(args.num_train):
        if read_shared(args.stop):
            return 0
        example = read_integer(args.order, before + step)
        execution_step = 1 + before + epoch * args.num_valid + step
        _predict(width, args, args.train_x, example, execution_step)
        if step < traced:
            store(args.trace, step * lanes, _raw_prediction(width, args))
        label = load(width, args.train_y, example * lanes)
        failed = alive & ~at_most_mask(absolute(_training_error(width, args, label)), highest)
        if failed:
            _record(scores, first_task, lanes, failed, before + step + 1, TRAINING_STOPPED)
            alive &= ~failed
            if alive == 0:
                return 0
        if args.writes_features:
            _present_features(width, args, args.train_x, example)
        _present_label(width, args, label)
        _run(args, args.learn_from, args.end, execution_step)
    _record(scores, first_task, lanes, alive, before + args.num_train, 0)
    return alive


@jit
def _record(scores: Scores, first_task: int, lanes: int, mask: int, steps: int, stopped: int) -> None:
    """Note how many training steps the lanes of a mask have done, and what stopped them."""
    for lane in range(lanes):
        if (mask >> lane) & 1:
            scores.steps[first_task + lane] = steps
            scores.stopped[first_task + lane] |= stopped


@jit
def _predict(width: Any, args: BlockArgs, x: int, example: int, execution_step: int) -> None:
    """Present an example without its label and run Predict."""
    _present_features(width, args, x, example)
    store(args.memory, 0, zeros(width))
    if args.classes > 2:
        side = args.num_features * width_of(width)
        for k in range(0, side, width_of(width)):
            store(args.memory, args.features_at + side + k, zeros(width))
    _run(args, args.predict_from, args.learn_from, execution_step)


@jit
def _present_features(width: Any, args: BlockArgs, x: int, example: int) -> None:
    side = args.num_features * width_of(width)
    source = example * side
    for k in range(0, side, width_of(width)):
        store(args.memory, args.features_at + k, load(width, x, source + k))


@jit
def _present_label(width: Any, args: BlockArgs, label: Any) -> None:
    """Write the label to s0, or, with more than two classes, to v1 as a one-hot vector."""
    if args.classes <= 2:
        store(args.memory, 0, label)
        return
    lanes = width_of(width)
    place = args.features_at + args.num_features * lanes
    one, zero = splat(label, 1.0), zeros(width)
    store(args.memory, 0, zero)
    for k in range(args.num_features):
        store(args.memory, place + k * lanes, where_equal(label, splat(label, float(k)), one, zero))


@jit
def _raw_prediction(width: Any, args: BlockArgs) -> Any:
    """The prediction as Predict left it: s1, or a sum of v2 with weights that no whole numbers can balance."""
    lanes = width_of(width)
    if args.classes <= 2:
        return load(width, args.memory, lanes)
    place = _class_prediction(width, args)
    value = zeros(width)
    for k in range(args.classes):
        value = fma(splat(value, 1.0 / (k + math.pi)), load(width, args.memory, place + k * lanes), value)
    return value


@jit
def _class_prediction(width: Any, args: BlockArgs) -> int:
    """Index of v2 in the memory."""
    return int(args.features_at + 2 * args.num_features * width_of(width))


@jit
def _training_error(width: Any, args: BlockArgs, label: Any) -> Any:
    """Normalize the prediction in memory and compare it with the label."""
    lanes = width_of(width)
    if args.classes == 0:
        return label - load(width, args.memory, lanes)
    if args.classes == 2:
        probability = lane_math.sigmoid(load(width, args.memory, lanes))
        store(args.memory, lanes, probability)
        return label - probability
    return splat(label, 1.0) - _softmax(width, args, label)


@jit
def _softmax(width: Any, args: BlockArgs, label: Any) -> Any:
    """Turn v2 into probabilities, 0 beyond the classes; gives the one of the label."""
    lanes, mem, place = width_of(width), args.memory, _class_prediction(width, args)
    highest = load(width, mem, place)
    for k in range(1, args.classes):
        value = load(width, mem, place + k * lanes)
        highest = where_less(highest, value, value, highest)
    total = zeros(width)
    for k in range(args.classes):
        value = lane_math.exp(load(width, mem, place + k * lanes) - highest)
        store(mem, place + k * lanes, value)
        total = total + value
    chosen = zeros(width)
    for k in range(args.num_features):
        value = load(width, mem, place + k * lanes) / total if k < args.classes else zeros(width)
        store(mem, place + k * lanes, value)
        chosen = where_equal(label, splat(label, float(k)), value, chosen)
    return chosen


@jit
def _validate(
    width: Any,
    args: BlockArgs,
    epoch: int,
    limit: float,
    alive: int,
    first_task: int,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> None:
    """Validate after an epoch and keep each lane's best result; a lane that fails goes on from where it failed."""
    lanes, traced = width_of(width), scores.predictions.shape[1]
    total, highest = zeros(width), splat(zeros(width), limit)
    failed = 0
    for example in range(args.num_valid):
        if read_shared(args.stop):
            return
        execution_step = 1 + (epoch + 1) * args.num_train + epoch * args.num_valid + example
        _predict(width, args, args.valid_x, example, execution_step)
        label = load(width, args.valid_y, example * lanes)
        prediction, error = _validation_error(width, args, label)
        if example < traced:
            store(args.trace, example * lanes, prediction)
        bad = alive & ~failed & ~at_most_mask(absolute(error), highest)
        if bad:
            _copy_lanes(buffers.memory, buffers.saved, args.scratch, lanes, bad)
            failed |= bad
            if failed == alive:
                break
        total = fma(error, error, total)
    store(args.trace, traced * lanes, total)
    _record(scores, first_task, lanes, failed, (epoch + 1) * args.num_train, VALIDATION_STOPPED)
    _keep_best(args, first_task, lanes, epoch, alive & ~failed, buffers.trace, scores)
    _copy_lanes(buffers.saved, buffers.memory, args.scratch, lanes, failed)


@jit
def _validation_error(width: Any, args: BlockArgs, label: Any) -> Any:
    """(normalized prediction, error); the error of a classification is 0 or 1."""
    lanes, mem = width_of(width), args.memory
    zero, one = zeros(width), splat(label, 1.0)
    if args.classes == 0:
        prediction = load(width, mem, lanes)
        return prediction, label - prediction
    if args.classes == 2:
        prediction = lane_math.sigmoid(load(width, mem, lanes))
        positive = where_less(splat(label, 0.5), prediction, one, zero)
        return prediction, where_equal(label, positive, zero, one)
    place = _class_prediction(width, args)
    best, highest = splat(label, -1.0), splat(label, -math.inf)
    for k in range(args.classes):
        value = load(width, mem, place + k * lanes)
        best = where_less(highest, value, splat(label, float(k)), best)
        highest = where_less(highest, value, value, highest)
    return best, where_equal(best, label, zero, one)


@jit
def _copy_lanes(source: Any, target: Any, size: int, lanes: int, mask: int) -> None:
    """Copy the lanes of a mask from one memory to another."""
    for lane in range(lanes):
        if (mask >> lane) & 1:
            for k in range(lane, size, lanes):
                target[k] = source[k]


@jit
def _keep_best(
    args: BlockArgs, first_task: int, lanes: int, epoch: int, valid: int, trace: Any, scores: Scores
) -> None:
    """Turn the sums at the end of the trace into fitness, and keep what is better than the epochs before."""
    traced = scores.predictions.shape[1]
    for lane in range(lanes):
        task = first_task + lane
        if (valid >> lane) & 1:
            mean = float(trace[traced * lanes + lane]) / args.num_valid
            error = math.sqrt(mean) if args.classes == 0 else mean
            fitness = 1.0 - 2.0 / math.pi * math.atan(error) if args.classes == 0 else 1.0 - error
            if scores.epoch[task] < 0 or fitness > scores.fitness[task]:
                scores.fitness[task], scores.error[task], scores.epoch[task] = fitness, error, epoch
                for k in range(min(traced, args.num_valid)):
                    scores.predictions[task, k] = trace[k * lanes + lane]
