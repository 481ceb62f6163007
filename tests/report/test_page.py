"""The page of a run is whole, needs nothing from elsewhere, and shows everything that is not its own as text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.runs.sample_events import EPOCH
from support.runs.small_config import small_config

from automl_zero import __version__
from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect
from automl_zero.config import Config, load_config
from automl_zero.program.library import library_program
from automl_zero.program.prune import prune
from automl_zero.program.text import to_text
from automl_zero.report.ablation_cache import CachedAblation, save_ablation
from automl_zero.report.page import LineageRow, collect, conclusion, lineage_rows, page, score_rows
from automl_zero.report.run_history import RunHistory
from automl_zero.run.console.run_info import run_info
from automl_zero.run.record.environment import machine, versions
from automl_zero.run.record.events import (
    Ancestor,
    Baseline,
    Event,
    Final,
    Improvement,
    Lineage,
    Score,
    Selection,
    Start,
)
from automl_zero.run.record.run_folder import RunFolder
from automl_zero.run.run import Run
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

HOSTILE = "<script>alert(1)</script>\"'&"
VOID = {"meta", "input", "br", "path", "use", "rect"}
SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)
LINEAR = to_text(library_program("linear_regression"))
IMPROVEMENT = Improvement(seconds=1.0, experiment=0, experiment_programs=5, fitness=0.5, is_best=True, program=LINEAR)


class Reader(HTMLParser):
    """Checks that elements are closed in their order, and gathers their names and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def hash_of(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def recorded(folder: Path, config: Config, events: list[Event]) -> str:
    store = RunFolder.create(folder, config)
    for event in events:
        store.record(event)
    return page(folder, collect(folder))


def score(value: float) -> dict[Stage, Score]:
    return dict.fromkeys(Stage, Score(value, 0.01))


def final(**changes: object) -> Final:
    baselines = (Baseline(name="net", setting="rate 1", scores=score(0.8)),)
    whole = Final(
        seconds=9.0,
        experiment=0,
        program=LINEAR,
        pruned=LINEAR,
        learned=("v1",),
        loss=Loss.ACCURACY,
        scores=score(0.9),
        baselines=baselines,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def ancestor(number: int, gain: float, program: str = LINEAR) -> Ancestor:
    return Ancestor(
        island=1, island_programs=number, mutation="replace_op", parent_fitness=0.5, fitness=0.5 + gain, program=program
    )


def test_the_page_of_a_run_has_all_its_parts_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    config = small_config(mutation={"graph_share": 1, "max_attempts": 50})
    text = recorded(tmp_path / "run", config, list(Run(config).iter_events()))
    reader = read(text)
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in reader.references)
    assert reader.tags.count("h1") == 1
    assert "svg" in reader.tags
    for title in ("Scores", "How it was found", "The algorithm", "Where the work went", "Islands", "The run"):
        assert f">{title}</h2>" in text
    assert "Effects of mutations" in text
    assert "95 % intervals of the median" in text


def test_the_page_allows_its_own_script_and_no_other(tmp_path: Path) -> None:
    text = recorded(tmp_path / "run", small_config(), [])
    script = text.partition("<script>")[2].partition("</script>")[0]
    assert f"script-src 'sha256-{hash_of(script)}'\">" in text
    assert "getElementById" in script


def test_an_interactive_page_allows_the_library_and_its_own_scripts_alone(
    tmp_path: Path,
) -> None:
    history = RunHistory(small_config())
    history.update(final(baselines=(Baseline(name=HOSTILE, setting="", scores=score(0.5)),)))
    text = page(tmp_path, history, library="let library = 1;")
    assert HOSTILE not in text
    *figures, first, library, second = SCRIPT.findall(text)
    assert [kind for kind, _ in figures] == [' type="application/json"']
    assert json.loads(figures[0][1])["layout"]["yaxis"]["ticktext"][0] == "<b>evolved</b>"
    assert library == ("", "let library = 1;")
    digests = [hash_of(script) for _, script in (first, library, second)]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f'script-src {allowed}">' in text


def test_milestones_of_an_interactive_page_have_their_code(tmp_path: Path) -> None:
    config = small_config()
    folder = tmp_path / "run"
    recorded(folder, config, list(Run(config).iter_events()))
    text = page(folder, collect(folder), library="")
    read(text)
    plots = [json.loads(content) for kind, content in SCRIPT.findall(text) if kind]
    names = [plot["layout"]["xaxis"]["title"]["text"] for plot in plots]
    assert names[1:] == ["programs", "epoch", "epoch", "epoch"]
    assert all("def Predict():" in shown for shown in plots[1]["data"][-1]["hovertext"])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_a_run_that_was_cut_off_is_shown_as_far_as_it_is(count: int, tmp_path: Path) -> None:
    config = small_config()
    text = recorded(tmp_path / "run", config, list(Run(config).iter_events())[:count])
    read(text)
    assert "The run is not complete" in text


def test_whatever_comes_from_a_run_is_shown_as_text(tmp_path: Path) -> None:
    config = small_config().model_copy(update={"name": HOSTILE, "description": HOSTILE})
    shown = {"time": HOSTILE, "machine": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    start = Start(version=HOSTILE, name=HOSTILE, seed=0, workers=1, **shown)  # type: ignore[arg-type]
    whole = final(baselines=(Baseline(name=HOSTILE, setting=HOSTILE, scores=score(0.5)),))
    lineage = Lineage(
        seconds=1.0,
        experiment=0,
        ancestors=(replace(ancestor(1, 0.1), mutation=HOSTILE),),
        effects={HOSTILE: (1, 2, 3)},
    )
    epoch = replace(EPOCH, counters=EPOCH.counters | {HOSTILE: 5})
    folder = tmp_path / "run"
    history = RunHistory(config)
    selection = Selection(
        seconds=1.0,
        experiment=0,
        experiment_programs=5,
        search_fitness=0.5,
        select_fitness=0.5,
        is_best=True,
        limit=HOSTILE,
        program=LINEAR,
    )
    for event in (start, IMPROVEMENT, epoch, selection, lineage, whole):
        history.update(event)
    text = page(folder, history)
    assert HOSTILE not in text
    assert "alert(1)" in text
    assert read(text).tags.count("script") == 1


def test_the_ablation_of_the_final_program_is_shown_and_none_of_another(tmp_path: Path) -> None:
    config = small_config()
    history = RunHistory(config)
    history.update(final())
    effects = (Effect(HOSTILE, HOSTILE, 0.25, IntervalEstimate(-0.5, -0.625, -0.375)),)
    save_ablation(tmp_path, CachedAblation(1, LINEAR, 20, 3, 0.75, effects))
    text = page(tmp_path, history)
    assert read(text).tags.count("script") == 1
    assert HOSTILE not in text
    assert "20 trials on the tasks of each of 3 seeds" in text
    assert "<td>0.2500</td><td>-50.00 (-62.50 to -37.50)</td>" in text
    save_ablation(tmp_path, CachedAblation(1, LINEAR, 20, 3, 0.75, ()))
    assert "No line of the program has an effect" in page(tmp_path, history)
    history.update(final(program=to_text(library_program("two_layer_net"))))
    assert "Contribution of each part" not in page(tmp_path, history)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "has accuracy 0.9000 on the final tasks, more than net."),
        ({"scores": score(0.7)}, "has accuracy 0.7000 on the final tasks, no more than net."),
        ({"baselines": ()}, "has accuracy 0.9000 on the final tasks."),
        ({"loss": Loss.RMSE}, "has fitness 0.9000 on the final tasks, more than net."),
        ({"learned": ()}, "more than net. It does not learn."),
        (
            {
                "baselines": tuple(
                    Baseline(name=name, setting="", scores=score(value))
                    for name, value in (("a", 0.1), ("b", 0.2), ("c", 0.95))
                )
            },
            "more than a and b but no more than c.",
        ),
    ],
)
def test_the_verdict_names_who_is_beaten_and_who_is_not(changes: dict[str, object], expected: str) -> None:
    history = RunHistory(small_config())
    history.update(final(**changes))
    assert conclusion(history).endswith(expected)


def test_scores_are_those_of_all_stages() -> None:
    history = RunHistory(small_config())
    assert score_rows(history) == []
    history.update(final())
    assert score_rows(history) == [("evolved", "", [(0.9, 0.01)] * 3), ("net", "rate 1", [(0.8, 0.01)] * 3)]


def test_the_page_has_the_code_of_milestones_with_their_points(tmp_path: Path) -> None:
    history = RunHistory(small_config())
    for number, program in enumerate((LINEAR, LINEAR.replace("s2 * s3", "s2 / s3")), 1):
        history.update(replace(IMPROVEMENT, experiment_programs=number * 1000, program=program))
    walk = page(tmp_path, history).partition('<div class="walk"')[2].partition("</div>")[0]
    assert walk.count("<li>") == 2
    assert "after 1,000 programs" in walk
    new = re.findall(r'class="added">(.*)', walk.partition("after 2,000 programs")[2])
    assert new == ["+ s3 = s2 / s3"]


def test_the_page_has_the_environment_of_the_run_and_how_to_reproduce_it(tmp_path: Path) -> None:
    config = small_config(seed=7)
    folder = tmp_path / "run"
    text = recorded(folder, config, list(Run(config).iter_events()))
    progress = collect(folder).progress
    shown = dict(run_info(config, progress.start, progress.stop))
    assert (shown["seed"], shown["machine"]) == ("7, which determines all random numbers", machine())
    assert shown["versions"] == ", ".join(
        f"{name} {each}" for name, each in {"automl-zero": __version__, **versions()}.items()
    )
    for expected in (f"automl-zero run {folder}/config.toml --out {folder}-again", "seed = 7", machine()):
        assert expected in text


def test_the_config_in_the_page_is_one_that_can_be_run(tmp_path: Path) -> None:
    config = small_config(stop={"max_programs": None, "max_experiments": None, "max_seconds": 5.0})
    text = unescape(recorded(tmp_path / "run", config, []))
    shown = re.search(r"<summary>The config.*?<pre[^>]*>(.*?)</pre>", text, re.DOTALL)
    assert shown
    (tmp_path / "again.toml").write_text(shown[1])
    assert load_config(str(tmp_path / "again.toml")) == config


def test_where_islands_differ_in_tasks_the_page_says_that_scores_cannot_be_compared(tmp_path: Path) -> None:
    lineage = Lineage(seconds=1.0, experiment=0, ancestors=(ancestor(1, 0.1),), effects={})
    for number, group in enumerate(({"tasks": {"search": {"num_tasks": 3}}}, {"mutation": {"graph_share": 0.5}})):
        history = RunHistory(small_config(islands={"groups": [{}, group]}))
        for event in (EPOCH, lineage):
            history.update(event)
        text = page(tmp_path, history)
        assert text.count("tasks of their own") == (0 if number else 2)


def test_a_complete_run_without_an_ablation_says_how_to_make_one(tmp_path: Path) -> None:
    history = RunHistory(small_config())
    assert "--ablate" not in page(tmp_path, history)
    history.update(final())
    assert f"automl-zero report {tmp_path} --ablate" in page(tmp_path, history)
    save_ablation(tmp_path, CachedAblation(1, LINEAR, 20, 3, 0.75, ()))
    assert "--ablate" not in page(tmp_path, history)


def test_ancestors_are_shown_with_their_changes() -> None:
    one, other = lineage_rows([ancestor(5, 0.125), ancestor(9, 0.25, LINEAR.replace("s2 * s3", "s2 / s3"))])
    assert (one.number, one.programs, one.mutation, one.gain, one.fitness) == (1, 5, "replace op", 0.125, 0.625)
    assert {mark for mark, line in one.lines if not line.startswith("def")} == {"+"}
    assert isinstance(other, LineageRow)
    assert [line for line in other.lines if line[0] != " "] == [("-", "  s3 = s2 * s3"), ("+", "  s3 = s2 / s3")]


def test_of_many_ancestors_the_last_and_those_with_the_largest_gains_are_shown_in_their_order() -> None:
    many = [ancestor(number, 0.001 * (number % 7)) for number in range(100)]
    shown = lineage_rows(many)
    assert len(shown) == 60
    assert [each.programs for each in shown] == sorted(each.programs for each in shown)
    assert shown[-1].programs == 99
    assert min(each.gain for each in shown[:-1]) >= 0.002


def test_ancestors_of_programs_for_many_classes_are_shown_with_their_code() -> None:
    net = to_text(library_program("multiclass_net"))
    assert not any(mark == "+" for mark, _ in lineage_rows([ancestor(1, 0.1, net)])[0].lines)
    (shown,) = lineage_rows([ancestor(1, 0.1, net)], multiclass=True)
    assert sum(mark == "+" for mark, _ in shown.lines) == len(prune(library_program("multiclass_net"), True))
