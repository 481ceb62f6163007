"""Measure how often the detectors of techniques are wrong.

``python benchmarks/detectors/error_rates.py`` writes ``docs/results/detectors.md``. Programs are drawn at random, and
taken from short searches, so none of them was used to develop the detectors. Each finding is compared with a criterion
that observes only the behaviour of the program (``criteria.py``). A finding is contradicted if the program can be
trained on fresh examples and meets the criterion in none of these trainings.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import process_time

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.probe import Probe
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.config import Config, load_config
from automl_zero.program.ops import OPS
from automl_zero.program.program import COMPONENTS, Program
from automl_zero.program.prune import prune
from automl_zero.program.text import to_text
from automl_zero.search.island import Island
from automl_zero.system.atomic_write import replacing
from automl_zero.tasks.task_kinds import Stage, build_tasks
from criteria import CRITERIA, LEAST, SEED, Trial

PAGE = Path(__file__).parents[2] / "docs" / "results" / "detectors.md"
BEGIN, END = (
    "<!-- written by benchmarks/detectors/error_rates.py -->\n",
    "<!-- end -->\n",
)  # around the table in the page
SEARCHES = {"linear-graphs": 2_000, "teacher-net-graphs": 40_000, "digits": 40_000}  # programs of each search
STAGES = 5  # of a search, at which programs are taken
SMALL = ["tasks.search.num_tasks=4", "tasks.search.num_train=200", "search.children=50"]
ALL_OPS = [f"program.{name}_ops={[op.number for op in OPS if op.output is not None]}" for name in COMPONENTS]
Tally = dict[
    str, list[bool | None]
]  # for each technique, whether each finding is confirmed; None: it cannot be checked


def main() -> None:
    """Draw programs, detect techniques, check the findings, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=300, help="programs from each source")
    parser.add_argument("--seeds", type=int, default=6, help="seeds for each search")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print each program with a finding that is contradicted")
    options = parser.parse_args()
    start = process_time()
    evolved = _evolved(range(options.first_seed, options.first_seed + options.seeds), options.programs)
    sources = {"random": _random(options.programs, options.first_seed), "evolved": evolved}
    tallies = {name: _tally(programs, options.show) for name, programs in sources.items()}
    counts = {name: len(programs) for name, programs in sources.items()}
    _keep("\n".join(_report(tallies, counts, options.first_seed, process_time() - start)) + "\n")
    print(f"wrote {PAGE}")


def _keep(table: str) -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    with replacing(PAGE) as file:
        file.write(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}".encode())


def _random(count: int, seed: int) -> list[Program]:
    """Draw distinct valid programs with all ops, as a search initializes its population."""
    config = load_config("digits", [*ALL_OPS, *SMALL, f"search.population_size={2 * count}", "tasks.kind=linear"])
    return _members(_island(config, seed))[:count]


def _evolved(seeds: range, count: int) -> list[Program]:
    """Collect distinct programs from several searches: the fittest at several stages of each."""
    found: dict[Program, None] = {}
    most = -(-count // (len(seeds) * len(SEARCHES) * STAGES))
    for name, programs in SEARCHES.items():
        for seed in seeds:
            island = _island(load_config(name, SMALL), seed)
            for _ in range(STAGES):
                island.run(programs // STAGES)
                new = (each for each in _members(island) if each not in found)
                found.update(dict.fromkeys(each for each, _ in zip(new, range(most), strict=False)))
    return list(found)[:count]


def _island(config: Config, seed: int) -> Island:
    return Island(config, build_tasks(config.tasks, Stage.SEARCH, seed), seed)


def _members(island: Island) -> list[Program]:
    """Return the distinct pruned members of an island, the fittest first."""
    every = island.fittest(len(island.state.population.fitness))
    return list(dict.fromkeys(prune(each.program, multiclass=False) for each in every))


def _tally(programs: list[Program], show: bool) -> Tally:
    tally: Tally = defaultdict(list)
    for program in programs:
        for finding in detect(program):
            verdict = is_confirmed(program, finding)
            tally[finding.technique].append(verdict)
            if show and verdict is False:
                print(f"{finding}\n{to_text(program)}\n")
    return tally


@np.errstate(all="ignore")
def is_confirmed(program: Program, finding: Finding) -> bool | None:
    """Return whether a finding holds in any fresh training that can be checked; None if there is no such training."""
    kinds = {"squared": (False,), "logistic": (True,)}.get(finding.technique.removesuffix(" loss").split()[-1])
    probes = [Probe(program, logistic=each, seed=SEED) for each in kinds or (False, True)]
    trials = [Trial(finding, probe) for probe in probes if len(probe.states) >= LEAST]
    return any(CRITERIA[finding.technique](trial) for trial in trials) if trials else None


def _report(tallies: Mapping[str, Tally], counts: Mapping[str, int], seed: int, seconds: float) -> list[str]:
    sources = ", ".join(f"{count} {name}" for name, count in counts.items())
    return [
        f"`python benchmarks/detectors/error_rates.py --first-seed {seed}`, {seconds:.0f} s of one core, on {sources} "
        "programs. In brackets: findings that could not be checked, since the program diverges on fresh examples.",
        "",
        "| technique | " + " | ".join(f"{name}: findings | contradicted" for name in tallies) + " |",
        "|---|" + "---|---|" * len(tallies),
        *_rows(tallies),
    ]


def _rows(tallies: Mapping[str, Tally]) -> Iterator[str]:
    for technique in TECHNIQUES:
        cells = [_cells(tally.get(technique, [])) for tally in tallies.values()]
        yield f"| {technique} | {' | '.join(cells)} |"
    every = ([verdict for verdicts in tally.values() for verdict in verdicts] for tally in tallies.values())
    yield f"| **all** | {' | '.join(map(_cells, every))} |"


def _cells(verdicts: list[bool | None]) -> str:
    untried = verdicts.count(None)
    return f"{len(verdicts)}{f' ({untried})' if untried else ''} | {verdicts.count(False)}"


if __name__ == "__main__":
    main()
