"""The commands ``automl-zero tasks``: the tasks that programs are scored on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.cli.support.options import AsJson, Override, Seed
from automl_zero.cli.support.printing import print_rows, print_table, to_json
from automl_zero.cli.support.safe_write import PICTURES, check_new_file
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.run.scoring.task_summary import TaskSummary

tasks = typer.Typer(name="tasks", no_args_is_help=True, help="List and show the tasks that programs are scored on.")

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
    from automl_zero.config.task_kind_facts import KINDS

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
    """Show the sizes of a suite of tasks, draw a picture of it, and score known algorithms on it."""
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
        summary = summarize_tasks(config, algorithms)
        draw_tasks(summary, target)
    if as_json:
        echo(to_json(_plain(summary) | {"description": describe(config), "picture": str(target)}))
        return
    echo(f"{config.name}, seed {config.seed}: {describe(config)}\n")
    print_table(("", "search", "select", "final"), _rows(summary))
    echo("\n".join(["", *_scores(summary), f"picture: {target}"]))


def _target(name: str, picture: Path | None) -> Path:
    from automl_zero.config import ConfigError
    from automl_zero.system.cache_dir import cache_root, unusable

    check_new_file(picture, PICTURES)
    if picture:
        return picture
    root = cache_root()
    fault = unusable(root / "pictures") if root else "there is no folder for it"
    if root is None or fault:
        raise ConfigError(f"the picture cannot be written, {fault}: name a file with --picture")
    return root / "pictures" / f"{name.replace('/', '-')}.png"


def _rows(summary: TaskSummary) -> Iterator[list[str]]:
    """Yield a row for each fact, with a column for each stage."""
    for key, name in FACTS.items():
        values = [facts[key] for facts in summary.facts.values()]
        if any(value is not None for value in values):
            yield [name, *map(_text, values)]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:16]
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _scores(summary: TaskSummary) -> Iterator[str]:
    from automl_zero.run.console.summary import measure, score_table

    if summary.scores:
        yield f"{measure(summary.loss)}, with the standard error over the tasks:"
        yield from score_table(summary.scores, summary.loss)
        yield from (f"{each.name}: {each.setting}" for each in summary.scores)
        yield ""


def _plain(summary: TaskSummary) -> dict[str, Any]:
    from dataclasses import asdict

    stages = {stage.value: dict(facts) for stage, facts in summary.facts.items()}
    return {"suite": summary.name, "loss": summary.loss.value, "stages": stages} | {
        "baselines": [asdict(each) for each in summary.scores]
    }
