"""Search of an algorithm for a table: known algorithms with tuned constants compete with evolved ones.

The same seed and number of programs give the same ranking, whatever the number of threads; a clock or a signal may end
the search earlier. Known algorithms are evaluated before evolution, so that there is always a result, and so that the
time for ranking and final training is known: the search leaves that much of the budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from time import monotonic

import numpy as np

from automl_zero.config import Config, override
from automl_zero.estimators.model import Model, TrainingPlan, fit_model
from automl_zero.estimators.proxy_tasks import ProxyTasks
from automl_zero.estimators.reference_programs import known_programs
from automl_zero.estimators.search_budget import KNOWN, SearchBudget, search_config
from automl_zero.estimators.search_outcome import (
    CurvePoint,
    HoldoutEvaluation,
    LeaderboardEntry,
    SearchOutcome,
    final_epochs,
    standard_error,
)
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.rng import seed_at
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.scoring.tune import TuningLimits, tune
from automl_zero.run.stop_control import StopControl
from automl_zero.tasks.task import FloatArray, TaskSet, first
from automl_zero.vm.execute import evaluate
from automl_zero.vm.result import Evaluation
from automl_zero.vm.stop_flag import StopFlag, Stopped

TRIALS = 30  # trials of tuning for each program
FINALISTS = 4  # evolved programs that are tuned and evaluated on held-out rows
OF_ISLAND = 3  # programs of each island that may become finalists
MAX_LOSS = 1e9  # the largest loss of a row
KNOWN_SHARE, TUNE_SHARE = 0.2, 0.2  # fractions of the time to tune known programs, and finalists
MAX_RESERVE = 0.6  # the largest fraction of the time that is reserved for what follows evolution


@dataclass
class TableSearch:
    """A search with a budget.

    Args:
        tasks: the tasks of the table.
        budget: the budget.
        seed: the seed of all random choices.
        num_rows: the number of rows of the final training, for which time is reserved.

    Raises:
        ConfigError, ProgramError: the settings of the search cannot be used.

    Example:
        >>> search = TableSearch(build_proxy_tasks(x, y, 2, 16, seed=0), SearchBudget(max_programs=10_000), 0, len(x))
        >>> with search.stopping as stopping:
        ...     stopping.begin()
        ...     print(search.run().ranked[0].name)
    """

    tasks: ProxyTasks
    budget: SearchBudget
    seed: int
    num_rows: int
    config: Config = field(init=False)
    stopping: StopControl = field(init=False)
    began: float = field(init=False)
    evaluations: dict[Program, HoldoutEvaluation] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.config = search_config(self.budget)
        self.stopping = StopControl(self.budget.max_seconds, StopFlag())

    def run(self) -> SearchOutcome:
        """Tune and evaluate known algorithms, evolve, tune the best programs, and rank all by the held-out rows.

        An evolved program is the best of many, so that it easily scores higher by chance (a "winner's curse"). It
        therefore ranks before a known one only if its score minus the standard error of the difference is higher. Of
        programs that are equal by that, the shorter one is better.

        Raises:
            Stopped: the search was stopped before any program was evaluated.
        """
        self.began = monotonic()
        known = {name: self._tuned(name, each, "known") for name, each in self._known().items()}
        for program in known.values():
            self._evaluate_holdout(program)
        if not self.evaluations:
            raise Stopped
        known = {name: program for name, program in known.items() if program in self.evaluations}
        fittest, curve = self._evolve(list(known.values()))
        finalists = self._finalists(fittest)
        tuned = [self._tuned(str(number), each, "tune") for number, each in enumerate(finalists)]
        evolved = [each for each in dict.fromkeys(tuned) if each not in known.values() and self._evaluate_holdout(each)]
        named = {f"evolved {number}": program for number, program in enumerate(evolved, 1)}
        ranked = self._ranked(known, named)
        self.budget.on_progress(f"best on held-out rows: {ranked[0].name}, {ranked[0].score:.4f}")
        return SearchOutcome(tuple(ranked), self.evaluations, curve)

    def _known(self) -> Mapping[str, Program]:
        return known_programs(self.tasks.tune)

    def compile(self) -> None:
        """Compile or load all compiled code before the clock starts."""
        small = ["search.population_size=2", "islands.migrants=0", "islands.count=1", "islands.epoch_programs=1"]
        self._archipelago(override(self.config, small), list(self._known().values())).run_epoch()
        self._fitness(Program(), first(self.tasks.tune, 1))
        self._losses(self._trained(Program(), 1))

    def _has_time(self, part: str) -> bool:
        """Return whether constants may still be tuned, those of ``known`` programs or of finalists (``tune``)."""
        limit = self.budget.max_seconds
        if self.stopping.is_stop_requested or limit is None:
            return not self.stopping.is_stop_requested
        if part == "known":
            return monotonic() - self.began < KNOWN_SHARE * limit
        return self.stopping.left > self._rank_seconds + self._train_seconds

    @property
    def _rank_seconds(self) -> float:
        """The estimated time to evaluate the finalists."""
        return FINALISTS * max(each.seconds for each in self.evaluations.values())

    @property
    def _train_seconds(self) -> float:
        """The estimated time of the final training."""
        return max(
            each.training_seconds(self.num_rows, final_epochs(each.epochs, self.num_rows))
            for each in self.evaluations.values()
        )

    def _tuned(self, name: str, program: Program, part: str) -> Program:
        if not self._has_time(part):
            return program
        trials = min(TRIALS, max(1, self.budget.max_programs // 20)) if self.budget.max_programs else TRIALS
        config = self.config.model_copy(update={"seed": seed_at(self.seed, "estimator", "tune", part, name)})
        stop = self.stopping.scoring
        try:
            limits = TuningLimits(lambda: not self._has_time(part), stop)
            tuning = tune(program, self.tasks.tune, config, trials, limits=limits)
        except Stopped:
            return program
        return prune(tuning.program, self.tasks.tune.is_multiclass)

    def _archipelago(self, config: Config, known: list[Program], engine: Engine | None = None) -> Archipelago:
        initial = known if self.budget.initial == KNOWN else initial_programs(config)
        tasks = (self.tasks.search,) * config.islands.count
        return Archipelago(config, tasks, seed_at(self.seed, "estimator", "search"), initial, engine)

    def _evolve(self, known: list[Program]) -> tuple[list[Program], tuple[CurvePoint, ...]]:
        """Evolve until the budget is spent; return the fittest programs of all islands, and the curve."""
        limit = self.budget.max_seconds
        if limit is not None:
            after = TUNE_SHARE * limit + self._rank_seconds + self._train_seconds
            self.stopping.reserve = min(after, MAX_RESERVE * limit)
        with closing(ThreadEngine(self.budget.workers)) as engine:
            engine.stop = self.stopping.search
            try:
                archipelago = self._archipelago(self.config, known, engine)
            except Stopped:  # no time to start
                return [], (CurvePoint(0, round(monotonic() - self.began, 3), 0.0),)
            curve = [self._point(archipelago)]
            most = self.budget.max_programs or np.inf
            while not (self.stopping.is_search_over or archipelago.is_cut) and archipelago.programs < most:
                archipelago.run_epoch()
                point = self._point(archipelago)
                if point.best_fitness > curve[-1].best_fitness:
                    self.budget.on_progress(f"{point.programs} programs: best fitness {point.best_fitness:.4f}")
                curve.append(point)
        found = archipelago.islands.fittest(OF_ISLAND, range(len(archipelago.tasks)))
        return [member.program for members in found for member in members], tuple(curve)

    def _point(self, archipelago: Archipelago) -> CurvePoint:
        seconds = round(monotonic() - self.began, 3)
        return CurvePoint(archipelago.programs, seconds, archipelago.fitness)

    def _finalists(self, fittest: list[Program]) -> list[Program]:
        """Return those of the programs that do best with all features and more epochs."""
        different = list(dict.fromkeys(prune(each, self.tasks.tune.is_multiclass) for each in fittest))
        scores: dict[Program, float] = {}
        for each in different:  # the fittest of each island first
            with suppress(Stopped):
                if self._has_time("tune") or (self.stopping.is_stop_requested and not scores):
                    scores[each] = self._fitness(each, self.tasks.tune)
        return sorted(scores, key=lambda each: -scores[each])[:FINALISTS]

    def _evaluate_holdout(self, program: Program) -> bool:
        """Train a program as in the end and score it on the held-out rows; return False if there is no time."""
        if program in self.evaluations:
            return True
        if self.evaluations and self.stopping.left < self._rank_seconds / FINALISTS + self._train_seconds:
            return False
        began = monotonic()
        try:
            epochs, tune_fitness = self._epochs(program), self._fitness(program, self.tasks.tune)
        except Stopped:
            return False
        # Two trainings separate the cost of the first pass over the rows (transfers, caches) from that of further ones.
        moments = [monotonic()]
        for number in (1, epochs):
            model = self._trained(program, number)
            moments.append(monotonic())
        if self.stopping.scoring.is_set:
            return False
        losses, rows = self._losses(model), len(self.tasks.refit_data.x)
        once, whole = (after - before for before, after in pairwise(moments))
        self.evaluations[program] = HoldoutEvaluation(
            model=model,
            epochs=epochs,
            losses=losses,
            tune_fitness=tune_fitness,
            seconds=monotonic() - began,
            row_seconds=once / rows,
            step_seconds=max(whole - once, 0.0) / (rows * max(epochs - 1, 1)),
        )
        return True

    def _ranked(self, known: dict[str, Program], evolved: dict[str, Program]) -> list[LeaderboardEntry]:
        programs = known | evolved
        evaluations = {name: self.evaluations[program] for name, program in programs.items()}
        rival = min((evaluations[name].losses for name in known), key=np.mean)
        ranked = [
            LeaderboardEntry(
                name=name,
                program=program,
                is_evolved=name in evolved,
                tune_fitness=evaluations[name].tune_fitness,
                score=1 - float(evaluations[name].losses.mean()),
                standard_error=standard_error(evaluations[name].losses - rival) if name in evolved else 0.0,
                epochs=evaluations[name].epochs,
            )
            for name, program in programs.items()
        ]
        return sorted(ranked, key=lambda each: (each.standard_error - each.score, len(each.program)))

    def _epochs(self, program: Program) -> int:
        """Return the number of epochs after which a program does best on the held-out rows (median over the tasks)."""
        results = self._results(program, self.tasks.select)
        epochs = [result.best_epoch + 1 for result in results if result.best_epoch is not None]
        return round(median(epochs)) if epochs else 1

    def _trained(self, program: Program, epochs: int) -> Model:
        """Train a program on the refit rows just as it would be on all rows in the end."""
        rows = self.tasks.refit_data
        plan = TrainingPlan(epochs, width=rows.width, members=self.budget.members, seed=self.seed)
        return fit_model(program, rows.x, rows.y, rows.num_classes, plan, self.stopping.scoring)

    def _losses(self, model: Model) -> FloatArray:
        """Return the loss on each held-out row; 1 minus their mean is the score."""
        rows = self.tasks.refit_data
        if rows.num_classes:
            return np.asarray(model.probabilities(rows.holdout_x).argmax(axis=1) != rows.holdout_y, np.float64)
        # R^2 = 1 - mean((p - y)^2) / var(y), so the loss of a row is (p - y)^2 / var(y).
        variance = float(rows.holdout_y.var()) or float(rows.y.var()) or 1.0  # one row, or one value, has none
        with np.errstate(over="ignore"):
            return np.minimum((model.values(rows.holdout_x) - rows.holdout_y) ** 2 / variance, MAX_LOSS)

    def _fitness(self, program: Program, tasks: TaskSet) -> float:
        return fmean(result.fitness for result in self._results(program, tasks))

    def _results(self, program: Program, tasks: TaskSet) -> list[Evaluation]:
        dtype, limit = self.config.dtype, self.config.evaluation.max_abs_error
        stop, epochs = self.stopping.scoring, self.config.evaluation.epochs
        return evaluate(program, tasks, dtype=dtype, max_abs_error=limit, num_predictions=0, stop=stop, epochs=epochs)
