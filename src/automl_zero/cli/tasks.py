"""The command ``automl-zero tasks``: what programs are scored on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.cli.support.printing import AsJson, Override, Seed, print_rows, print_table, to_json
from automl_zero.cli.support.safe_write import PICTURES, check_new_file
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.run.scoring.task_summary import TaskSummary

tasks = typer.Typer(no_args_is_help=True, help="What programs are scored on.")

FACTS = {
    "tasks": "tasks",
    "train_examples": "examples to learn from",
    "valid_examples": "examples to score on",
    "epochs": "epochs",
    "features": "features",
    "classes": "classes",
    "largest_class": "share of the largest class",
    "megabytes": "megabytes",
    "digest": "SHA-256",
}


@tasks.command("list")
def list_kinds(as_json: AsJson = False) -> None:
    """List the kinds of tasks."""
    from automl_zero.tasks.task_kinds import KINDS

    rows = [{"kind": name, "description": kind.description} for name, kind in KINDS.items()]
    print_rows(("kind", "description"), rows, as_json)


@tasks.command()
def show(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="A preset, a kind of tasks, or a config file.")],
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Seed = 0,
    baselines: Annotated[bool, typer.Option(help="Tune and score known algorithms on the tasks.")] = True,
    only: Annotated[list[str] | None, typer.Option(help="A known algorithm to score; may be repeated.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Where to draw; by default, a file in the cache.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a suite of tasks holds, draw a picture of it, and score known algorithms on it."""
    from automl_zero.report.task_figure import draw_tasks
    from automl_zero.run.scoring.baselines import ALGORITHMS
    from automl_zero.run.scoring.suite import suite_config
    from automl_zero.run.scoring.task_summary import describe, summarize_tasks
    from automl_zero.terminal.safe_console import SafeConsole

    config = suite_config(suite, [*(overrides or []), f"seed={seed}"])
    target = _target(config.name, picture)
    algorithms = (only or list(ALGORITHMS)) if baselines else []
    what = "building the tasks" + (" and scoring known algorithms" if algorithms else "")
    with SafeConsole(stderr=True).status(what):
        habitat = summarize_tasks(config, algorithms)
        draw_tasks(habitat, target)
    if as_json:
        echo(to_json(_plain(habitat) | {"description": describe(config), "picture": str(target)}))
        return
    echo(f"{config.name}, seed {config.seed}: {describe(config)}\n")
    print_table(("", "search", "select", "final"), _rows(habitat))
    echo("\n".join(["", *_scores(habitat), f"picture: {target}"]))


def _target(name: str, picture: Path | None) -> Path:
    from automl_zero.config import ConfigError
    from automl_zero.system.cache_dir import cache_root, unusable

    check_new_file(picture, PICTURES)
    if picture:
        return picture
    root = cache_root()
    fault = unusable(root / "pictures") if root else "there is no folder to keep it in"
    if root is None or fault:
        raise ConfigError(f"the picture cannot be kept, {fault}: name a file with --picture")
    return root / "pictures" / f"{name.replace('/', '-')}.png"


def _rows(habitat: TaskSummary) -> Iterator[list[str]]:
    """A row for each fact, a column for each stage."""
    for key, name in FACTS.items():
        values = [facts[key] for facts in habitat.facts.values()]
        if any(value is not None for value in values):
            yield [name, *map(_text, values)]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:16]
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _scores(habitat: TaskSummary) -> Iterator[str]:
    from automl_zero.run.console.summary import measure, score_table

    if habitat.scores:
        yield f"{measure(habitat.loss)}, with the standard error over the tasks:"
        yield from score_table(habitat.scores, habitat.loss)
        yield from (f"{each.name}: {each.setting}" for each in habitat.scores)
        yield ""


def _plain(habitat: TaskSummary) -> dict[str, Any]:
    from dataclasses import asdict

    stages = {stage.value: dict(facts) for stage, facts in habitat.facts.items()}
    return {"suite": habitat.name, "loss": habitat.loss.value, "stages": stages} | {
        "baselines": [asdict(each) for each in habitat.scores]
    }
