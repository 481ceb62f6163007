"""How often detectors of techniques are wrong: ``python benchmarks/detectors.py`` tells in ``docs/discoveries.md``.

Programs are drawn at random, and taken from short searches, so none of them is one that detectors were made with. Each
finding is held against a criterion that looks at the program's behaviour from outside (``criteria.py``). A finding is
contradicted if the program can be trained on fresh examples and in none of these trainings does what it should.
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

PAGE = Path(__file__).parents[1] / "docs" / "discoveries.md"
BEGIN, END = "<!-- written by benchmarks/detectors.py -->\n", "<!-- end -->\n"  # around the table in the page
SEARCHES = {"linear-graphs": 2_000, "teacher-net-graphs": 40_000, "digits": 40_000}  # programs of each search
STAGES = 5  # of a search, at which programs are taken
SMALL = ["tasks.search.num_tasks=4", "tasks.search.num_train=200", "search.children=50"]
ALL_OPS = [f"program.{name}_ops={[op.number for op in OPS if op.output is not None]}" for name in COMPONENTS]
Tally = dict[str, list[bool | None]]  # of each technique, whether each finding is borne out; None: it cannot be tried


def main() -> None:
    """Draw, look, check, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=300, help="of each source")
    parser.add_argument("--seeds", type=int, default=6, help="of each search")
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
    """Different valid programs of any ops, as a search draws its first."""
    config = load_config("digits", [*ALL_OPS, *SMALL, f"search.population_size={2 * count}", "tasks.kind=linear"])
    return _members(_island(config, seed))[:count]


def _evolved(seeds: range, count: int) -> list[Program]:
    """Different programs of several searches, the fittest of each at several stages."""
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
    """Without what has no effect, each once, the fittest first."""
    every = island.fittest(len(island.state.population.fitness))
    return list(dict.fromkeys(prune(each.program, multiclass=False) for each in every))


def _tally(programs: list[Program], show: bool) -> Tally:
    tally: Tally = defaultdict(list)
    for program in programs:
        for finding in detect(program):
            verdict = bears_out(program, finding)
            tally[finding.technique].append(verdict)
            if show and verdict is False:
                print(f"{finding}\n{to_text(program)}\n")
    return tally


@np.errstate(all="ignore")
def bears_out(program: Program, finding: Finding) -> bool | None:
    """Whether a finding holds in any fresh training that can be judged; None if there is none."""
    kinds = {"squared": (False,), "logistic": (True,)}.get(finding.technique.removesuffix(" loss").split()[-1])
    probes = [Probe(program, logistic=each, seed=SEED) for each in kinds or (False, True)]
    trials = [Trial(finding, probe) for probe in probes if len(probe.states) >= LEAST]
    return any(CRITERIA[finding.technique](trial) for trial in trials) if trials else None


def _report(tallies: Mapping[str, Tally], counts: Mapping[str, int], seed: int, seconds: float) -> list[str]:
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    return [
        f"`python benchmarks/detectors.py --first-seed {seed}`, {seconds:.0f} s of one core, on {told} programs. In "
        "brackets: findings that could not be checked, since the program diverges on fresh examples.",
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
