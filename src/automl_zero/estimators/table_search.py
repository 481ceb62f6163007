"""From a table to a ranked list of algorithms: known ones with tuned constants, and evolved ones.

The same seed and number of programs give the same list, whatever the number of threads; a clock or a signal may end
things earlier. Known algorithms are ranked before the search begins, so that there is always something to use, and so
that it is known how long ranking and training in the end will take: the search leaves that much of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from time import monotonic

import numpy as np

from automl_zero.analysis.studies.tune import tune
from automl_zero.config import Config, override
from automl_zero.estimators.model import Model, TrainingPlan, fit_model
from automl_zero.estimators.proxy_tasks import SELECT_STEPS, ProxyTasks
from automl_zero.estimators.reference_programs import known_programs
from automl_zero.estimators.search_budget import KNOWN, SearchBudget, search_config
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.rng import seed_at
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.stop_control import StopControl
from automl_zero.tasks.task import FloatArray, TaskSet, first
from automl_zero.vm.execute import evaluate
from automl_zero.vm.result import Evaluation
from automl_zero.vm.stop_flag import StopFlag, Stopped

TRIALS = 30  # of constants, for each program
FINALISTS = 4  # evolved programs that are tuned and judged
OF_ISLAND = 3  # programs of each island that may become finalists
MOST_LOSS = 1e9  # on a row
MOST_STEPS = 10 * SELECT_STEPS  # of training in the end, unless one epoch has more
KNOWN_SHARE, TUNE_SHARE = 0.2, 0.2  # of the time: for the constants of known programs, and of finalists
CACHE_MISSES = 1.5  # times what a step takes on few rows does one of many take
MOST_RESERVE = 0.6  # of the time, for all that follows the search


@dataclass(frozen=True)
class Ranked:
    """A program and how it does.

    Attributes:
        name: for people.
        program: without instructions that have no effect.
        is_evolved: or known.
        tune_fitness: on the rows that it was chosen and tuned on.
        score: on the select rows, trained as it will be in the end: accuracy or R^2.
        doubt: how much of its lead of the best known program, or its lag, may be chance: a standard error of it, from
            row to row; 0 of a known one.
        epochs: of its training.
    """

    name: str
    program: Program
    is_evolved: bool
    tune_fitness: float
    score: float
    doubt: float
    epochs: int


@dataclass(frozen=True, eq=False)
class Judged:
    """A program that was trained on the rehearsal's rows.

    Attributes:
        model: what it has learnt there.
        epochs: of its training, after which it does best on the select rows.
        losses: on each select row; 1 less their mean is the score.
        tune_fitness: as in ``Ranked``.
        seconds: that all of this took.
        row_seconds: of training on one row once, its way into the machine included; ``step_seconds``: once more.
    """

    model: Model
    epochs: int
    losses: FloatArray
    tune_fitness: float
    seconds: float
    row_seconds: float
    step_seconds: float

    def training_seconds(self, num_rows: int, epochs: int) -> float:
        """Of training on so many rows, about: those of many do not stay in the caches of the processor."""
        return CACHE_MISSES * num_rows * (self.row_seconds + (epochs - 1) * self.step_seconds)

    def affordable_epochs(self, num_rows: int, seconds: float) -> int:
        """So many can be done in that time; 0 if there is none for a single one."""
        left = seconds / (CACHE_MISSES * num_rows) - self.row_seconds
        return 0 if left < 0 else 1 + int(left / max(self.step_seconds, 1e-12))


@dataclass(frozen=True)
class CurvePoint:
    """How far the search was: programs made, seconds since it began, the best fitness on the search tasks."""

    programs: int
    seconds: float
    best_fitness: float


@dataclass(frozen=True)
class SearchOutcome:
    """What came of a search: the programs, the one to use first, how each was judged, and the course of the search."""

    ranked: tuple[Ranked, ...]
    judged: Mapping[Program, Judged]
    course: tuple[CurvePoint, ...]


def epochs_in_the_end(epochs: int, num_rows: int) -> int:
    """Of training on all rows, of a program that does best after so many: not too many steps in all."""
    return max(1, min(epochs, MOST_STEPS // num_rows))


def standard_error(differences: FloatArray) -> float:
    """Of the mean of some numbers."""
    return float(differences.std() / np.sqrt(len(differences)))


@dataclass
class TableSearch:
    """One search, with its clock.

    Args:
        suite: the tasks.
        budget: what may be spent.
        seed: of all choices.
        num_rows: that the chosen program is trained on in the end, for which time is left.

    Raises:
        ConfigError, ProgramError: the settings of the search cannot be used.
    """

    suite: ProxyTasks
    budget: SearchBudget
    seed: int
    num_rows: int
    config: Config = field(init=False)
    stopping: StopControl = field(init=False)
    began: float = field(init=False)
    judged: dict[Program, Judged] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.config = search_config(self.budget)
        self.stopping = StopControl(self.budget.max_seconds, StopFlag())

    def find(self) -> SearchOutcome:
        """Tune and judge known algorithms, evolve, tune the best, and rank all on the select rows.

        Whatever was searched for is easily better on some rows by chance, so an evolved program comes before a known
        one only where its score is, less its doubt. Of programs that do equally well, the shorter one is the better.

        Raises:
            Stopped: it was over before any program was judged.
        """
        self.began = monotonic()
        known = {name: self._tuned(name, each, "known") for name, each in self._known().items()}
        for program in known.values():
            self._judge(program)
        if not self.judged:
            raise Stopped
        known = {name: program for name, program in known.items() if program in self.judged}
        fittest, course = self._evolve(list(known.values()))
        finalists = self._finalists(fittest)
        tuned = [self._tuned(str(number), each, "tune") for number, each in enumerate(finalists)]
        evolved = [each for each in dict.fromkeys(tuned) if each not in known.values() and self._judge(each)]
        named = {f"evolved {number}": program for number, program in enumerate(evolved, 1)}
        ranked = self._ranked(known, named)
        self.budget.on_progress(f"best on rows put aside: {ranked[0].name}, {ranked[0].score:.4f}")
        return SearchOutcome(tuple(ranked), self.judged, course)

    def _known(self) -> Mapping[str, Program]:
        return known_programs(self.suite.tune)

    def compile(self) -> None:
        """Compile what is missing, or load it, before the clock runs."""
        small = ["search.population_size=2", "islands.migrants=0", "islands.count=1", "islands.epoch_programs=1"]
        self._archipelago(override(self.config, small), list(self._known().values())).run_epoch()
        self._fitness(Program(), first(self.suite.tune, 1))
        self._losses(self._trained(Program(), 1))

    def _has_time(self, part: str) -> bool:
        """Whether constants may still be tuned: of known programs, or of finalists."""
        limit = self.budget.max_seconds
        if self.stopping.is_stop_requested or limit is None:
            return not self.stopping.is_stop_requested
        if part == "known":
            return monotonic() - self.began < KNOWN_SHARE * limit
        return self.stopping.left > self._rank_seconds + self._train_seconds

    @property
    def _rank_seconds(self) -> float:
        """To judge the finalists, about."""
        return FINALISTS * max(each.seconds for each in self.judged.values())

    @property
    def _train_seconds(self) -> float:
        """Of training in the end, about."""
        return max(
            each.training_seconds(self.num_rows, epochs_in_the_end(each.epochs, self.num_rows))
            for each in self.judged.values()
        )

    def _tuned(self, name: str, program: Program, part: str) -> Program:
        if not self._has_time(part):
            return program
        trials = min(TRIALS, max(1, self.budget.max_programs // 20)) if self.budget.max_programs else TRIALS
        config = self.config.model_copy(update={"seed": seed_at(self.seed, "estimator", "tune", part, name)})
        stop = self.stopping.scoring
        try:
            tuning = tune(program, self.suite.tune, config, trials, is_over=lambda: not self._has_time(part), stop=stop)
        except Stopped:
            return program
        return prune(tuning.program, self.suite.tune.is_multiclass)

    def _archipelago(self, config: Config, known: list[Program], engine: Engine | None = None) -> Archipelago:
        initial = known if self.budget.initial == KNOWN else initial_programs(config)
        tasks = (self.suite.search,) * config.islands.count
        return Archipelago(config, tasks, seed_at(self.seed, "estimator", "search"), initial, engine)

    def _evolve(self, known: list[Program]) -> tuple[list[Program], tuple[CurvePoint, ...]]:
        """Search until the budget is spent; gives the fittest of all islands, and the course of the search."""
        limit = self.budget.max_seconds
        if limit is not None:
            after = TUNE_SHARE * limit + self._rank_seconds + self._train_seconds
            self.stopping.reserve = min(after, MOST_RESERVE * limit)
        with closing(ThreadEngine(self.budget.workers)) as engine:
            engine.stop = self.stopping.search
            try:
                archipelago = self._archipelago(self.config, known, engine)
            except Stopped:  # there was no time to begin
                return [], (CurvePoint(0, round(monotonic() - self.began, 3), 0.0),)
            course = [self._point(archipelago)]
            most = self.budget.max_programs or np.inf
            while not (self.stopping.is_search_over or archipelago.is_cut) and archipelago.programs < most:
                archipelago.run_epoch()
                point = self._point(archipelago)
                if point.best_fitness > course[-1].best_fitness:
                    self.budget.on_progress(f"{point.programs} programs: best fitness {point.best_fitness:.4f}")
                course.append(point)
        found = archipelago.islands.fittest(OF_ISLAND, range(len(archipelago.tasks)))
        return [member.program for members in found for member in members], tuple(course)

    def _point(self, archipelago: Archipelago) -> CurvePoint:
        seconds = round(monotonic() - self.began, 3)
        return CurvePoint(archipelago.programs, seconds, archipelago.fitness)

    def _finalists(self, fittest: list[Program]) -> list[Program]:
        """Of the fittest of all islands, those that do best with all features and more epochs."""
        different = list(dict.fromkeys(prune(each, self.suite.tune.is_multiclass) for each in fittest))
        scores: dict[Program, float] = {}
        for each in different:  # the fittest of each island first
            with suppress(Stopped):
                if self._has_time("tune") or (self.stopping.is_stop_requested and not scores):
                    scores[each] = self._fitness(each, self.suite.tune)
        return sorted(scores, key=lambda each: -scores[each])[:FINALISTS]

    def _judge(self, program: Program) -> bool:
        """Train a program as it will be trained in the end, and see how it does, unless there is no time for that."""
        if program in self.judged:
            return True
        if self.judged and self.stopping.left < self._rank_seconds / FINALISTS + self._train_seconds:
            return False
        began = monotonic()
        try:
            epochs, tune_fitness = self._epochs(program), self._fitness(program, self.suite.tune)
        except Stopped:
            return False
        moments = [monotonic()]
        for number in (1, epochs):
            model = self._trained(program, number)
            moments.append(monotonic())
        if self.stopping.scoring.is_set:
            return False
        losses, rows = self._losses(model), len(self.suite.refit_data.x)
        once, whole = (after - before for before, after in pairwise(moments))
        each = once / rows, max(whole - once, 0.0) / (rows * max(epochs - 1, 1))
        self.judged[program] = Judged(model, epochs, losses, tune_fitness, monotonic() - began, *each)
        return True

    def _ranked(self, known: dict[str, Program], evolved: dict[str, Program]) -> list[Ranked]:
        programs = known | evolved
        judged = {name: self.judged[program] for name, program in programs.items()}
        rival = min((judged[name].losses for name in known), key=np.mean)
        ranked = [
            Ranked(
                name=name,
                program=program,
                is_evolved=name in evolved,
                tune_fitness=judged[name].tune_fitness,
                score=1 - float(judged[name].losses.mean()),
                doubt=standard_error(judged[name].losses - rival) if name in evolved else 0.0,
                epochs=judged[name].epochs,
            )
            for name, program in programs.items()
        ]
        return sorted(ranked, key=lambda each: (each.doubt - each.score, len(each.program)))

    def _epochs(self, program: Program) -> int:
        """After how many a program does best on the select rows."""
        results = self._results(program, self.suite.select)
        epochs = [result.best_epoch + 1 for result in results if result.best_epoch is not None]
        return round(median(epochs)) if epochs else 1

    def _trained(self, program: Program, epochs: int) -> Model:
        """Trained on the rehearsal's rows as it will be on all in the end."""
        rows = self.suite.refit_data
        plan = TrainingPlan(epochs, width=rows.width, members=self.budget.members, seed=self.seed)
        return fit_model(program, rows.x, rows.y, rows.num_classes, plan, self.stopping.scoring)

    def _losses(self, model: Model) -> FloatArray:
        """On each select row: 1 less their mean is the score."""
        rows = self.suite.refit_data
        if rows.num_classes:
            return np.asarray(model.probabilities(rows.judged_x).argmax(axis=1) != rows.judged_y, np.float64)
        variance = float(rows.judged_y.var()) or float(rows.y.var()) or 1.0  # one row, or one value, has none
        with np.errstate(over="ignore"):
            return np.minimum((model.values(rows.judged_x) - rows.judged_y) ** 2 / variance, MOST_LOSS)

    def _fitness(self, program: Program, tasks: TaskSet) -> float:
        return fmean(result.fitness for result in self._results(program, tasks))

    def _results(self, program: Program, tasks: TaskSet) -> list[Evaluation]:
        limit = self.config.evaluation.max_abs_error
        stop = self.stopping.scoring
        return evaluate(program, tasks, dtype=self.config.dtype, max_abs_error=limit, num_predictions=0, stop=stop)
