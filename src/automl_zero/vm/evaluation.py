"""One evaluation, compiled: train and validate a lowered program on blocks of tasks, one task in each lane.

The protocol is that of ``reference.evaluate``. A lane that fails is masked, not stopped, and the other lanes are not
affected: a lane gives what its task gives when it runs alone. A block ends as soon as all its lanes have failed.

Every loop reads the stop flag once for each example. When it is raised, an evaluation ends at once, and its result is
undefined: the caller checks the flag before it uses any result.
"""

from __future__ import annotations

import math

import numpy as np

from automl_zero.vm.aliases import Address, Key, LaneMask, LaneValues, LaneWords, Numbers
from automl_zero.vm.block import (
    BlockArgs,
    execute_rows,
    is_stopped,
    predict,
    present_features,
    present_label,
    raw_prediction,
    start_block,
)
from automl_zero.vm.evaluation_arrays import (
    BLOCKS,
    EPOCHS,
    TRAIN,
    TRAINING_STOPPED,
    VALID,
    VALIDATION_STOPPED,
    EvaluationBudget,
    ExecutionBuffers,
    LaneTasks,
    Scores,
)
from automl_zero.vm.jit import jit
from automl_zero.vm.kernel import SEED
from automl_zero.vm.lanes import lane_noise
from automl_zero.vm.lanes.lane_arithmetic import absolute, at_most_mask, bits_of_float, fma, get_lane, where_equal
from automl_zero.vm.lanes.lanes import (
    Width,
    is_double,
    load,
    read_integer,
    read_shared,
    splat,
    store,
    width_of,
    zeros,
)
from automl_zero.vm.lower import Lowered, mix
from automl_zero.vm.predictions import training_error, validation_error


@jit
def full_budget(tasks: LaneTasks, only_last: bool) -> EvaluationBudget:
    """Return the budget that uses all of the tasks, and validates after every epoch or after the last one alone."""
    epochs = tasks.shape[EPOCHS]
    return EvaluationBudget(
        num_train=tasks.shape[TRAIN],
        num_valid=tasks.shape[VALID],
        num_epochs=epochs,
        validated_from=epochs - 1 if only_last else 0,
        blocks=(0, tasks.shape[BLOCKS]),
    )


@jit
def with_blocks(budget: EvaluationBudget, first: int, end: int) -> EvaluationBudget:
    """Return a budget for the blocks of tasks from ``first`` on, before ``end``."""
    return EvaluationBudget(budget.num_train, budget.num_valid, budget.num_epochs, budget.validated_from, (first, end))


@jit
def evaluate(
    width: Width,
    program: Lowered,
    tasks: LaneTasks,
    budget: EvaluationBudget,
    limit: float,
    buffers: ExecutionBuffers,
    scores: Scores,
    repeat: int = 0,
) -> int:
    """Score an allocated program on all tasks, or on a part of each; return the number of training steps done.

    Args:
        width: precision and number of lanes.
        program: lowered and allocated (see ``lower``).
        tasks: what to train and validate on.
        budget: how much of the tasks to use.
        limit: the largest absolute error that does not stop a task.
        buffers: memory; its contents are replaced.
        scores: the results, replaced.
        repeat: number of this evaluation of the program: each has noise of its own, and number 0 has the tasks' own.
    """
    lanes = width_of(width)
    steps = 0
    buffers.context[SEED] = np.int64(tasks.seed[0] ^ lane_noise.mix64(np.uint64(repeat)))  # mix64(0) = 0
    for block in range(budget.blocks[0], budget.blocks[1]):
        if is_stopped(buffers):
            break
        _evaluate_block(width, program, tasks, block, budget, limit, buffers, scores)
        for lane in range(lanes):
            if (tasks.active[block] >> lane) & 1:
                steps += scores.steps[block * lanes + lane]
    return steps


@jit
def _evaluate_block(
    width: Width,
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
    args = start_block(width, program, tasks, block, budget, buffers)
    alive = tasks.active[block]  # bit k: lane k holds a task that has not failed
    for epoch in range(budget.num_epochs):
        if read_shared(args.stop):
            return
        alive = train_epoch(width, args, epoch, limit, alive, first, scores, 0)
        if alive == 0:
            return
        if epoch >= budget.validated_from:
            _validate(width, args, epoch, limit, alive, first, buffers, scores)


# Training ---------------------------------------------------------------------------------------------------------


@jit
def train_epoch(
    width: Width,
    args: BlockArgs,
    epoch: int,
    limit: float,
    alive: LaneMask,
    first_task: int,
    scores: Scores,
    traced: int,
) -> LaneMask:
    """Train on the examples of an epoch; return the mask of the lanes that did not fail.

    The predictions of the first ``traced`` steps are written to the trace. Execution steps are numbered from 1 on, as
    0 is Setup: first the training steps of an epoch, then its validation examples.
    """
    lanes = width_of(width)
    highest = splat(zeros(width), limit)
    before = epoch * args.num_train
    for step in range(args.num_train):
        if read_shared(args.stop):
            return 0
        example = read_integer(args.order, before + step)
        execution_step = 1 + before + epoch * args.num_valid + step
        predict(width, args, args.train_x, example, execution_step)
        if step < traced:
            store(args.trace, step * lanes, raw_prediction(width, args))
        label = load(width, args.train_y, example * lanes)
        # ``at_most_mask`` is false for NaN, so that an error that is NaN fails, too.
        failed = alive & ~at_most_mask(absolute(training_error(width, args, label)), highest)
        if failed:
            _record_steps(scores, first_task, lanes, failed, before + step + 1, TRAINING_STOPPED)
            alive &= ~failed
            if alive == 0:
                return 0
        # Learn sees the features as they were given, even if Predict has overwritten v0.
        if args.writes_features:
            present_features(width, args, args.train_x, example)
        present_label(width, args, label)
        execute_rows(args, args.learn_from, args.end, execution_step)
    _record_steps(scores, first_task, lanes, alive, before + args.num_train, 0)
    return alive


@jit
def _record_steps(scores: Scores, first_task: int, lanes: int, mask: LaneMask, steps: int, stopped: int) -> None:
    """Write down how many training steps the lanes of a mask have done, and what stopped them."""
    for lane in range(lanes):
        if (mask >> lane) & 1:
            scores.steps[first_task + lane] = steps
            scores.stopped[first_task + lane] |= stopped


# Validation -------------------------------------------------------------------------------------------------------


@jit
def _validate(
    width: Width,
    args: BlockArgs,
    epoch: int,
    limit: float,
    alive: LaneMask,
    first_task: int,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> None:
    """Validate after an epoch, and keep each lane's best result.

    A lane that fails trains on in the next epoch from the memory that it failed with: it is saved then, since the other
    lanes go on changing the memory, and put back in the end.
    """
    lanes, traced = width_of(width), scores.predictions.shape[1]
    total, highest = zeros(width), splat(zeros(width), limit)
    failed = 0
    for example in range(args.num_valid):
        if read_shared(args.stop):
            return
        execution_step = 1 + (epoch + 1) * args.num_train + epoch * args.num_valid + example
        predict(width, args, args.valid_x, example, execution_step)
        label = load(width, args.valid_y, example * lanes)
        prediction, error = validation_error(width, args, label)
        if example < traced:
            store(args.trace, example * lanes, prediction)
        bad = alive & ~failed & ~at_most_mask(absolute(error), highest)
        if bad:
            _copy_lanes(buffers.memory, buffers.saved, args.scratch, lanes, bad)
            failed |= bad
            if failed == alive:
                break
        total = fma(error, error, total)  # sum of squares; of errors 0 and 1, their number
    # The sum follows the traced predictions, so that single lanes of both can be read from memory.
    store(args.trace, traced * lanes, total)
    _record_steps(scores, first_task, lanes, failed, (epoch + 1) * args.num_train, VALIDATION_STOPPED)
    _keep_best(args, first_task, lanes, epoch, alive & ~failed, buffers.trace, scores)
    _copy_lanes(buffers.saved, buffers.memory, args.scratch, lanes, failed)


@jit
def _copy_lanes(source: Numbers, target: Numbers, size: int, lanes: int, mask: LaneMask) -> None:
    """Copy the lanes of a mask from one memory to another."""
    for lane in range(lanes):
        if (mask >> lane) & 1:
            for k in range(lane, size, lanes):
                target[k] = source[k]


@jit
def _keep_best(
    args: BlockArgs, first_task: int, lanes: int, epoch: int, valid: LaneMask, trace: Numbers, scores: Scores
) -> None:
    """Turn the sums at the end of the trace into fitness, and keep it where it is better than in earlier epochs."""
    traced = scores.predictions.shape[1]
    for lane in range(lanes):
        task = first_task + lane
        if (valid >> lane) & 1:
            mean = float(trace[traced * lanes + lane]) / args.num_valid
            error = math.sqrt(mean) if args.classes == 0 else mean
            # ``fitness.rmse_fitness``, or the share of examples that are classified correctly
            fitness = 1.0 - 2.0 / math.pi * math.atan(error) if args.classes == 0 else 1.0 - error
            # The first of several equally good epochs is kept.
            if scores.epoch[task] < 0 or fitness > scores.fitness[task]:
                scores.fitness[task], scores.error[task], scores.epoch[task] = fitness, error, epoch
                for k in range(min(traced, args.num_valid)):
                    scores.predictions[task, k] = trace[k * lanes + lane]


# Fingerprints -----------------------------------------------------------------------------------------------------


@jit
def fingerprint(
    width: Width,
    program: Lowered,
    tasks: LaneTasks,
    budget: EvaluationBudget,
    limit: float,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> Key:
    """Return a hash of what an allocated program predicts on a part of the first block's examples (supplement S3).

    The predictions are truncated, so that programs that are equal up to rounding have the same fingerprint.
    """
    lanes, traced = width_of(width), budget.num_train + budget.num_valid
    buffers.trace[: traced * lanes] = 0
    buffers.context[SEED] = np.int64(tasks.seed[0])
    args = start_block(width, program, tasks, 0, budget, buffers)
    if train_epoch(width, args, 0, limit, tasks.active[0], 0, scores, budget.num_train):
        for example in range(budget.num_valid):
            if read_shared(args.stop):
                break
            predict(width, args, args.valid_x, example, 1 + budget.num_train + example)
            store(args.trace, (budget.num_train + example) * lanes, raw_prediction(width, args))
    return _hash_of_trace(width, args.trace, traced, tasks.active[0])


@jit
def _hash_of_trace(width: Width, trace: Address, count: int, active: LaneMask) -> Key:
    """Return a hash of the first ``count`` traced values of the active lanes.

    Each lane has two hashes of its own, in parallel; they are joined at the end.
    """
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
def _stir(hashes: LaneWords, factor: int) -> LaneWords:
    product = hashes * splat(hashes, factor)
    return product ^ (product >> splat(hashes, 15))


@jit
def _truncated(value: LaneValues) -> LaneWords:
    """Return sign, exponent and 15 bits of the mantissa of every lane; all NaN are equal, and so are both zeros."""
    bits = bits_of_float(value + splat(value, 0.0))  # -0.0 + 0.0 = 0.0
    dropped = splat(bits, 37 if is_double(value) else 8)  # of 52 or 23 bits of mantissa
    return where_equal(value, value, (bits >> dropped) << dropped, splat(bits, 1))
