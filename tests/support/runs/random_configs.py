"""Random configs over all keys, with values at the ends of what is possible, beyond, and in the middle.

Each is run by the command in a process of its own that runs many of them, so that a crash or a hang of one is noticed,
and reported with its settings.
"""

from __future__ import annotations

import json
import resource
import selectors
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel

from automl_zero.config import Config

SECONDS = 0.6  # stop.max_seconds of each run
PATIENCE = 90.0  # seconds after which a run hangs: compiling, and reading a data set, take their time
MEMORY = 8 << 30  # bytes of a process
LARGEST = (1 << 63) - 1
NUMBERS = (-1, 0, 1, 2, 3, 7, 100, 4096, 10**6, 1 << 40, LARGEST, 1 << 64, 0.0, 0.5, 1.0, 5e-324, 1e-9, 1.7e308, -0.5)
TEXTS = ("", ".", "none", "x" * 300, "../up", "/dev/zero", "nan", "inf", "[]", "{}", "true", "digits", "sklearn:wine")
LISTS = ("[]", "[0]", "[0,0,0]", "[1,1,1]", "[3,3,5]", "[10000,10000,10000]", "[56,60]", "[27]", "['dot']", "[[]]")
GROUPS = ("[]", "[{}]", "[{tasks={kind='affine'}},{}]", "[{mutation={graph_share=1.0}}]", "[{tasks={num_features=1}}]")
SMALL = {
    "islands.count": 2,
    "islands.epoch_programs": 200,
    "search.population_size": 20,
    "evaluation.cache_size": 1000,
    "baselines.names": "[]",
    **{f"tasks.{stage}.num_{what}": 30 for stage in ("search", "select", "final") for what in ("train", "valid")},
}
PRESETS = ("linear", "linear-graphs", "teacher-net", "digits", "multi-class")
WEIGHTS = ("{}", "{insert=1}", "{identity=1}", "{remove=1e308,insert=1e308}", "{insert=0}", "{trade=-1}")


@dataclass(frozen=True)
class Case:
    """A preset, and what is changed of it."""

    preset: str
    changes: dict[str, Any]

    @property
    def arguments(self) -> list[str]:
        return [self.preset, *(f"--set={key}={value}" for key, value in self.changes.items())]


def keys(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All keys of a config, with what is known of their values."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def value(field: Any, random: Random) -> Any:
    """One that is likely to be possible, and at an end of what is."""
    options = [each for part in (field.annotation, *get_args(field.annotation)) for each in _literals(part)]
    rules, kind = list(_rules(field)), str(field.annotation)
    if options and random.random() < 0.8:
        return random.choice(options)
    if rules and random.random() < 0.8:
        numbers = [*NUMBERS, *(end for rule in rules for end in _ends(rule))]
        fitting = [each for each in numbers if all(_allows(rule, each) for rule in rules)]
        return random.choice([each for each in fitting if isinstance(each, int) or "float" in kind])
    if "Group" in kind:
        return random.choice(GROUPS)
    if "dict" in kind:
        return random.choice(WEIGHTS)
    if "tuple" in kind:
        return random.choice(LISTS)
    if "bool" in kind:
        return random.choice(("true", "false", 0, "x"))
    return random.choice(TEXTS if "str" in kind and random.random() < 0.9 else NUMBERS)


def _literals(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _rules(field: Any) -> Iterator[Any]:
    """The limits of a field, also where it may be left out."""
    yield from field.metadata
    for part in get_args(field.annotation):
        for each in getattr(part, "__metadata__", ()):
            yield from getattr(each, "metadata", (each,))


def _allows(rule: Any, number: float) -> bool:
    match rule:
        case Ge(least):
            return bool(number >= least)
        case Gt(least):
            return bool(number > least)
        case Le(most):
            return bool(number <= most)
        case Lt(most):
            return bool(number < most)
    return True


def _ends(rule: Any) -> tuple[float, ...]:
    match rule:
        case Ge(least):
            return (least, least + 1, least - 1)
        case Gt(least):
            return (least, 1e-9, 5e-324)
        case Le(most):
            return (most, most - 1, most + 1)
        case Lt(most):
            return (most, most - 1)
    return ()


def cases(seed: int) -> Iterator[Case]:
    """Endless: small runs of which some keys are changed."""
    random, known = Random(seed), list(keys())
    while True:
        changed = random.sample(known, random.choice((1, 1, 1, 2, 2, 3)))
        changes = {key: value(field, random) for key, field in changed}
        own = {"stop.max_seconds": SECONDS, **SMALL}
        yield Case(random.choice(PRESETS), {**own, **changes, "stop.max_seconds": SECONDS})


@dataclass(frozen=True)
class Outcome:
    """The outcome of a case: the exit code, or None where the process has died or hung; and what was printed."""

    exit_code: int | None
    reported: str
    seconds: float

    @property
    def is_right(self) -> bool:
        return self.exit_code in (0, 2) and "Traceback" not in self.reported and "NaN" not in self.reported


class Worker:
    """A process that runs one case after the other; a new one takes its place where it is lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, case: Case) -> Outcome:
        """Run a case; a process that hangs is killed."""
        process = self._process = self._process or self._new()
        assert process.stdin
        assert process.stdout
        began = monotonic()
        process.stdin.write(json.dumps(case.arguments) + "\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(PATIENCE) else ""
        if line:
            found = json.loads(line)
            return Outcome(found["exit_code"], found["reported"], found["seconds"])
        state = process.poll()
        self.close()
        return Outcome(None, f"hangs, or was ended by {state}", monotonic() - began)

    def _new(self) -> subprocess.Popen[str]:
        command = [sys.executable, __file__]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None


def serve() -> None:
    """Run the cases that arrive as lines of JSON, and reply with the outcome of each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from typer.testing import CliRunner

    from automl_zero.cli import main

    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            began, out = monotonic(), Path(folder) / "run"
            result = CliRunner().invoke(main, ["run", *json.loads(line), "--out", str(out), "--json", "--quiet"])
            reported, error = result.output, result.exception
            if error is not None and not isinstance(error, SystemExit):
                reported += "".join(traceback.format_exception(error))
            if (events := out / "events.jsonl").exists():
                reported += events.read_text(errors="replace") if "NaN" in events.read_text(errors="replace") else ""
            answer = {"exit_code": result.exit_code, "reported": reported[-6000:], "seconds": monotonic() - began}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    serve()
