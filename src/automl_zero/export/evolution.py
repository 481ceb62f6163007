"""From a table to a ranked list of algorithms: known ones with tuned constants, and evolved ones.

The same seed and number of programs give the same list, whatever the number of threads; a clock may end things earlier.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean, median
from time import monotonic

import numpy as np

from automl_zero.analysis.tune import tune
from automl_zero.config import Config, override
from automl_zero.export.effort import KNOWN, Effort, search_config
from automl_zero.export.known import known_programs
from automl_zero.export.model import Plan, fit_model
from automl_zero.export.suite import Suite
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.rng import seed_at
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.engine import Engine
from automl_zero.run.initial import initial_programs
from automl_zero.run.threads import ThreadEngine
from automl_zero.tasks.task import FloatArray, TaskSet
from automl_zero.vm.execute import evaluate
from automl_zero.vm.outcome import Evaluation

TRIALS = 30  # of constants, for each program
FINALISTS = 4  # evolved programs that are tuned and judged
OF_ISLAND = 3  # programs of each island that may become finalists
MOST_LOSS = 1e9  # on a row
SHARES = {"known": 0.2, "search": 0.75, "tune": 0.95}  # of the time, when each ends


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


@dataclass(frozen=True)
class Point:
    """How far the search was: programs made, seconds since it began, the best fitness on the search tasks."""

    programs: int
    seconds: float
    best_fitness: float


@dataclass(frozen=True)
class Found:
    """What came of a search: the programs, the one to use first, and its course."""

    ranked: tuple[Ranked, ...]
    course: tuple[Point, ...]


def standard_error(differences: FloatArray) -> float:
    """Of the mean of some numbers."""
    return float(differences.std() / np.sqrt(len(differences)))


def find(suite: Suite, effort: Effort, seed: int) -> Found:
    """Tune known algorithms, evolve, tune the best, and rank all on the select rows.

    Whatever was searched for is easily better on some rows by chance, so an evolved program comes before a known one
    only where its score is, less its doubt. Of programs that do equally well, the shorter one is the better.

    Raises:
        ConfigError, ProgramError: the settings of the search cannot be used.
    """
    return _Finder(suite, effort, seed).find()


@dataclass
class _Finder:
    """One search, with its clock."""

    suite: Suite
    effort: Effort
    seed: int
    config: Config = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.config = search_config(self.effort)

    def find(self) -> Found:
        self._compile()
        self.began = monotonic()
        known = {name: self._tuned(name, each, "known") for name, each in known_programs(self.suite.tune).items()}
        archipelago, course = self._evolve(list(known.values()))
        tuned = (self._tuned(str(number), each, "tune") for number, each in enumerate(self._finalists(archipelago)))
        evolved = [each for each in dict.fromkeys(tuned) if each not in known.values()]
        named = {f"evolved {number}": program for number, program in enumerate(evolved, 1)}
        ranked = self._ranked(known, named)
        self.effort.tell(f"best on rows put aside: {ranked[0].name}, {ranked[0].score:.4f}")
        return Found(tuple(ranked), course)

    def _compile(self) -> None:
        """Compile what is missing, or load it, before the clock runs."""
        small = ["search.population_size=2", "islands.migrants=0", "islands.count=1", "islands.epoch_programs=1"]
        known = list(known_programs(self.suite.tune).values())
        self._archipelago(override(self.config, small), known).run_epoch()
        self._fitness(Program(), self.suite.tune)
        self._losses(Program(), 1)

    def _is_over(self, part: str) -> bool:
        limit = self.effort.max_seconds
        return limit is not None and monotonic() - self.began > SHARES[part] * limit

    def _tuned(self, name: str, program: Program, part: str) -> Program:
        if self._is_over(part):
            return program
        trials = min(TRIALS, max(1, self.effort.max_programs // 20)) if self.effort.max_programs else TRIALS
        config = self.config.model_copy(update={"seed": seed_at(self.seed, "estimator", "tune", part, name)})
        tuning = tune(program, self.suite.tune, config, trials, is_over=partial(self._is_over, part))
        return prune(tuning.program, self.suite.tune.is_multiclass)

    def _archipelago(self, config: Config, known: list[Program], engine: Engine | None = None) -> Archipelago:
        initial = known if self.effort.initial == KNOWN else initial_programs(config)
        tasks = (self.suite.search,) * config.islands.count
        return Archipelago(config, tasks, seed_at(self.seed, "estimator", "search"), initial, engine)

    def _evolve(self, known: list[Program]) -> tuple[Archipelago, tuple[Point, ...]]:
        """Search until the budget is spent."""
        with closing(ThreadEngine(self.effort.workers)) as engine:
            archipelago = self._archipelago(self.config, known, engine)
            course = [self._point(archipelago)]
            while not self._is_over("search") and archipelago.programs < (self.effort.max_programs or np.inf):
                archipelago.run_epoch()
                point = self._point(archipelago)
                if point.best_fitness > course[-1].best_fitness:
                    self.effort.tell(f"{point.programs} programs: best fitness {point.best_fitness:.4f}")
                course.append(point)
        return archipelago, tuple(course)

    def _point(self, archipelago: Archipelago) -> Point:
        seconds = round(monotonic() - self.began, 3)
        return Point(archipelago.programs, seconds, archipelago.fitness)

    def _finalists(self, archipelago: Archipelago) -> list[Program]:
        """Of the fittest of all islands, those that do best with all features and more epochs."""
        found = archipelago.islands.fittest(OF_ISLAND, range(len(archipelago.tasks)))
        fittest = [member.program for members in found for member in members]
        different = list(dict.fromkeys(prune(each, self.suite.tune.is_multiclass) for each in fittest))
        scores = {each: self._fitness(each, self.suite.tune) for each in different}
        return sorted(different, key=lambda each: -scores[each])[:FINALISTS]

    def _ranked(self, known: dict[str, Program], evolved: dict[str, Program]) -> list[Ranked]:
        programs = known | evolved
        epochs = {name: self._epochs(program) for name, program in programs.items()}
        losses = {name: self._losses(program, epochs[name]) for name, program in programs.items()}
        rival = min((losses[name] for name in known), key=np.mean)
        ranked = [
            Ranked(
                name=name,
                program=program,
                is_evolved=name in evolved,
                tune_fitness=self._fitness(program, self.suite.tune),
                score=1 - float(losses[name].mean()),
                doubt=standard_error(losses[name] - rival) if name in evolved else 0.0,
                epochs=epochs[name],
            )
            for name, program in programs.items()
        ]
        return sorted(ranked, key=lambda each: (each.doubt - each.score, len(each.program)))

    def _epochs(self, program: Program) -> int:
        """After how many a program does best on the select rows."""
        results = self._results(program, self.suite.select)
        epochs = [result.best_epoch + 1 for result in results if result.best_epoch is not None]
        return round(median(epochs)) if epochs else 1

    def _losses(self, program: Program, epochs: int) -> FloatArray:
        """Of a program, trained as it will be in the end, on each select row: 1 less their mean is the score."""
        rows = self.suite.rehearsal
        plan = Plan(epochs, width=rows.width, members=self.effort.members, seed=self.seed)
        model = fit_model(program, rows.x, rows.y, rows.num_classes, plan)
        if rows.num_classes:
            return np.asarray(model.probabilities(rows.judged_x).argmax(axis=1) != rows.judged_y, np.float64)
        variance = float(rows.judged_y.var()) or float(rows.y.var()) or 1.0  # one row, or one value, has none
        with np.errstate(over="ignore"):
            return np.minimum((model.values(rows.judged_x) - rows.judged_y) ** 2 / variance, MOST_LOSS)

    def _fitness(self, program: Program, tasks: TaskSet) -> float:
        return fmean(result.fitness for result in self._results(program, tasks))

    def _results(self, program: Program, tasks: TaskSet) -> list[Evaluation]:
        limit = self.config.evaluation.max_abs_error
        return evaluate(program, tasks, dtype=self.config.dtype, max_abs_error=limit, num_predictions=0)
