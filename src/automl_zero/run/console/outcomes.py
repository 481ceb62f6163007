"""The outcomes of programs: labels, and shares of all programs, from the counters of a run.

A counter without a row in ``OUTCOMES`` or ``NO_OUTCOMES`` counts an outcome, too, and is shown under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from automl_zero.config import Config, EvaluationConfig


@dataclass(frozen=True, slots=True)
class Outcome:
    """The label of an outcome, and whether programs can have it at some settings."""

    label: str
    can_happen: Callable[[EvaluationConfig], bool]


OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {
        "evaluated": Outcome("evaluated", lambda _: True),
        "cache_hits": Outcome("known code", lambda config: config.cache_size > 0),
        "fingerprint_hits": Outcome(
            "known behaviour", lambda config: config.cache_size > 0 and config.fingerprint_train > 0
        ),
        "over_cost": Outcome("too costly", lambda config: config.cost_limit > 0),
        "cannot_learn": Outcome("unable to learn", lambda config: config.reject_unlearnable),
        "below_hurdle": Outcome("below the hurdle", lambda config: config.hurdle_train > 0),
    }
)
NO_OUTCOMES = (
    "programs",
    "reevaluated",
    "rejected_drafts",
    "train_steps",
    "instructions",
    "live_instructions",
    "best_at",
)


def shares(counters: Mapping[str, int], config: Config) -> dict[str, float]:
    """Return the share of programs with each outcome, by its label.

    Outcomes that the config makes impossible are left out, and so are unknown ones that did not occur.
    """
    programs = max(counters.get("programs", 0), 1)
    known = {each.label: name for name, each in OUTCOMES.items() if each.can_happen(config.evaluation)}
    others = {name: name for name, count in counters.items() if name not in (*OUTCOMES, *NO_OUTCOMES) and count}
    return {label: counters.get(name, 0) / programs for label, name in (known | others).items()}


def pruned(counters: Mapping[str, int]) -> float:
    """Return the share of instructions that had no effect and were not executed."""
    instructions = counters.get("instructions", 0)
    return 1 - counters.get("live_instructions", 0) / instructions if instructions else 0.0


def rejected_drafts(counters: Mapping[str, int]) -> float:
    """Return how many drafts of children were discarded for each program: invalid, known or unable to learn."""
    return counters.get("rejected_drafts", 0) / max(counters.get("programs", 0), 1)


def sentence(counters: Mapping[str, int], config: Config) -> str:
    """Return all shares as a sentence."""
    parts = [f"{share:.1%} {label}" for label, share in shares(counters, config).items()]
    drafts = (
        f"; for each program, {rejected_drafts(counters):.1f} drafts discarded" if rejected_drafts(counters) else ""
    )
    return f"of the programs, {', '.join(parts)}; of the instructions, {pruned(counters):.1%} pruned{drafts}"
