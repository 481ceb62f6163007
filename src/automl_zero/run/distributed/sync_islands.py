"""Islands spread over the hosts of a fleet, which may come and go: one that is lost is made again on another host.

The run keeps of every island a state that is a few epochs old and all that the island was told since, programs that
arrived included. So an island is made again by itself: no other one goes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from automl_zero.run.checkpoint.snapshot import Arrays, overwrite
from automl_zero.run.distributed.command_log import History
from automl_zero.run.distributed.messages import Arrival, Question, Report, Search
from automl_zero.run.distributed.worker_pool import Fleet, check_losses, hosts_wanted
from automl_zero.run.islands.engine import Beginning, Brood
from automl_zero.run.islands.migration import MigrationPlan, departures, distribute, strangers
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import MUTATION_NAMES
from automl_zero.search.state import COUNTERS
from automl_zero.vm.stop_flag import Stopped

STATE_EPOCHS = 8  # after as many, an island tells its state; one that is lost does at most as many again
MOST_STATES = 32  # told in one epoch, so that with many islands the driver is not flooded: they tell it less often then


def state_epochs(islands: int) -> int:
    """After how many epochs each of so many islands tells its state; they take turns."""
    return max(STATE_EPOCHS, -(-islands // MOST_STATES))


class SpreadIslands:
    """The islands of one experiment; all that is known of them is known to this process.

    Attributes:
        replays: how often an island was made again.
        has_ended: whether the hosts may forget them.
    """

    def __init__(self, beginning: Beginning, fleet: Fleet) -> None:
        self._beginning, self._fleet = beginning, fleet
        count = len(beginning.tasks)
        self.fitness: NDArray[np.float64] = np.full(count, -1.0)
        self.counters: NDArray[np.int64] = np.zeros((count, len(COUNTERS)), np.int64)
        self._effects: NDArray[np.int64] = np.zeros((count, len(MUTATION_NAMES), 3), np.int64)
        self.replays, self._epoch, self.has_ended = 0, 0, False
        self._best: dict[int, Sequence[Member]] = {}  # of each island, as it was told last
        self._histories = [History() for _ in range(count)]
        fleet.berths.add(beginning.seed, self._histories)
        self._ask_all(Question(fittest=1))

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3]."""
        return np.asarray(self._effects.sum(axis=0))

    @property
    def arrays(self) -> Arrays:
        """The states of all islands."""
        unknown = [number for number, history in enumerate(self._histories) if history.known_state is None]
        self._ask(dict.fromkeys(unknown, Question(state=True)))
        return {name: array for history in self._histories for name, array in (history.known_state or {}).items()}

    def restore(self, arrays: Arrays) -> None:
        """Let every island go on from its part of the arrays."""
        parts = {f"islands.{number}": history for number, history in enumerate(self._histories)}
        by_island = groupby(sorted(arrays), lambda name: ".".join(name.split(".", 2)[:2]))
        found = {prefix: {name: arrays[name] for name in names} for prefix, names in by_island}
        for prefix, part in found.items():
            if prefix not in parts:
                overwrite({}, part)  # which tells that there is no place for them
        for prefix, history in parts.items():
            history.restart(found.get(prefix, {}))
        self._ask_all(Question(fittest=1))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> Brood:
        """Search on all islands, then migrate; programs that have arrived are sent with the next orders."""
        self._ask(dict.fromkeys(self._surplus(), Question(state=True, is_last=True)))
        self._epoch += 1
        for history in self._histories:
            history.add(Search(count))
        slots = departures(plan) if plan else [None] * len(self._histories)
        period = state_epochs(len(slots))
        questions = {
            number: Question(each, (self._epoch + number) % period == 0, fittest=1, above=float(self.fitness[number]))
            for number, each in enumerate(slots)
        }
        reports, is_cut = dict[int, Report](), False
        try:
            self._ask(questions, reports)
            if plan:
                self._migrate(plan, [reports[number].departing or {} for number in range(len(reports))])
        except Stopped:
            is_cut = True
        harvests = [harvest for _, report in sorted(reports.items()) if (harvest := report.harvest)]
        return Brood(harvests, [report.harvest if (report := reports.get(n)) else None for n in questions], (), is_cut)

    def settle(self) -> Brood | None:
        """Nothing is under way between epochs."""
        return None

    def _migrate(self, plan: MigrationPlan, leaving: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        foreign = strangers(plan, self._beginning.tasks)
        arriving = zip(self._histories, plan.target_slot, distribute(plan, leaving), foreign, strict=True)
        for history, slots, programs, scored in arriving:
            history.add(Arrival(slots, programs, tuple(scored)))
        scored = [number for number, each in enumerate(foreign) if each]  # where there may be a new best
        self._ask({number: Question(fittest=1, above=float(self.fitness[number])) for number in scored})

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Of each of these islands, its best programs; where an epoch was cut, the best one as it was told last."""
        if self._fleet.stop.is_set:
            return [list(self._best.get(number, ())) for number in numbers]
        reports = self._ask(dict.fromkeys(numbers, Question(fittest=count)))
        return [list(reports[number].fittest) for number in numbers]

    def end(self) -> None:
        """Let the hosts forget the islands."""
        self.has_ended = True
        self._fleet.berths.remove(self._beginning.seed)
        self._fleet.end(self._beginning)

    # Who holds which islands ------------------------------------------------------------------------------------------

    def _surplus(self) -> list[int]:
        """The islands to be moved to hosts that have come, so that all hold as many, give or take one."""
        self._fleet.tend(hosts_wanted(self._beginning.config))
        return self._fleet.berths.level(self._fleet.hosts, self._histories)

    def _find_hosts(self, numbers: Sequence[int]) -> None:
        while not (hosts := self._fleet.hosts):
            self._fleet.wait(hosts_wanted(self._beginning.config))
        self._fleet.berths.settle(hosts, [self._histories[number] for number in numbers])

    # Questions and answers --------------------------------------------------------------------------------------------

    def _ask_all(self, question: Question) -> None:
        self._ask(dict.fromkeys(range(len(self._histories)), question))

    def _ask(self, questions: Mapping[int, Question], reports: dict[int, Report] | None = None) -> dict[int, Report]:
        """Let islands carry out their commands, and gather what they tell; the lost are asked again elsewhere.

        Raises:
            Stopped: the stop flag was raised meanwhile; what was told before is in ``reports``.
        """
        reports = {} if reports is None else reports
        losses: Counter[int] = Counter()
        sent = self._send(questions, questions)
        while sent:
            self._fleet.stop.check()
            lost: list[int] = []
            for message, answer in self._fleet.answers(list(sent), len(sent)):
                host, numbers = sent.pop(message)
                if answer is None:
                    self._lose(host)
                if answer is None or self._histories[numbers[0]].host != host:  # nothing counts of a lost host
                    lost += numbers
                    continue
                reports.update({report.number: self._take(report, questions[report.number]) for report in answer})
            if lost:
                check_losses(losses, lost, "island")
                sent |= self._send(questions, lost)
        return reports

    def _take(self, report: Report, question: Question) -> Report:
        self._histories[report.number].take(report, question)
        self.fitness[report.number], self.counters[report.number] = report.fitness, report.counters
        self._effects[report.number] = report.effects
        self._best[report.number] = report.fittest or self._best.get(report.number, ())
        return report

    def _send(self, questions: Mapping[int, Question], numbers: Iterable[int]) -> dict[int, tuple[int, list[int]]]:
        """Send each host its part of the questions; gives (host, islands) by the number of the message."""
        numbers = sorted(numbers)
        if homeless := [number for number in numbers if self._histories[number].host is None]:
            self._find_hosts(homeless)
        by_host: dict[int, list[int]] = {}
        for number in numbers:
            by_host.setdefault(self._histories[number].host or 0, []).append(number)
        return {self._send_to(host, questions, part): (host, part) for host, part in by_host.items()}

    def _send_to(self, host: int, questions: Mapping[int, Question], numbers: Sequence[int]) -> int:
        orders = [self._histories[number].order(number, questions[number]) for number in numbers]
        return self._fleet.send(host, self._beginning, orders)

    def _lose(self, host: int) -> None:
        """All islands of a host must be made again, when they are asked for next."""
        self._fleet.lose(host)
        for history in self._histories:
            if history.host == host:
                self.replays += history.was_made
                history.lose()
