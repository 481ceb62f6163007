"""Write the page on the paper's best program: what it does, what its parts contribute, how it does on other data.

``python benchmarks/experiments/paper_page.py`` writes ``docs/results/paper-algorithm.md`` from ``paper_algorithm.json``
(see ``paper_algorithm.py``) and ``paper_page.json``. ``--measure analysis`` and ``--measure places`` first measure the
contents of the latter, each in some minutes, as the budgets are small.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from automl_zero.analysis.analyze import analyze, to_plain
from automl_zero.analysis.studies.transfer import PROGRAM, transfer
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.run.scoring.suite import suite_config
from automl_zero.tasks.task_kinds import Stage, build_tasks
from paper_algorithm import DATA, FULL_SIZE, PAPER, PAPER_LOSSES, RESULTS, interval, keep_text

TUNED, FOUND = DATA, RESULTS / "paper_page.json"
PAGE = Path(__file__).parents[2] / "docs" / "results" / "paper-algorithm.md"
DATA_SETS = ("mnist", "fashion-mnist")
ANALYSIS_TASKS = 9
COMPARED = "figure_6", "two_layer_net", "logistic_regression"
BEST = "figure_6_pruned", "figure_6"
PAPER_FASHION = 98.60, 98.21, 97.90  # section 4.2: the program, the net, the linear model
AS_PRINTED = ", its constants as printed"


def main() -> None:
    """Measure if asked to, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="*", choices=("analysis", "places"), default=())
    parser.add_argument("--trials", type=int, default=30, help="of each tuning")
    parser.add_argument("--features", type=int, default=16)
    options = parser.parse_args()
    tuned, found = (json.loads(path.read_text(encoding="utf-8")) for path in (TUNED, FOUND))
    if "analysis" in options.measure:
        found["analysis"] = _analysis()
    if "places" in options.measure:
        found |= {"trials": options.trials, "places": [_place(data, options) for data in DATA_SETS]}
    keep_text(FOUND, json.dumps(found, indent=1) + "\n")
    keep_text(PAGE, "\n".join(_page(tuned, found)) + "\n")


def _analysis() -> dict[str, Any]:
    config = suite_config("cifar10", [f"tasks.select.num_tasks={ANALYSIS_TASKS}"])
    tasks = build_tasks(config.tasks, Stage.SELECT, config.seed)
    return to_plain(analyze("figure_6_raw", library_program("figure_6_raw"), tasks=tasks, config=config))


def _place(data: str, options: argparse.Namespace) -> dict[str, Any]:
    config = suite_config("mnist", [f"tasks.dataset={data}", f"tasks.num_features={options.features}"])
    found = transfer(library_program("figure_6"), config, options.trials, os.cpu_count() or 1)
    scores = {name: asdict(score) for name, score in found.scores}
    return {"data": data, "features": options.features, "untuned": asdict(found.untuned), "scores": scores}


def _page(tuned: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        "# Results: the paper's best program",
        "",
        "This page is written by `python benchmarks/experiments/paper_page.py`. The machine was shared and budgets are "
        "small; each table names the command for larger ones.",
        *_simplified(found),
        *_compared(tuned),
        *_knocked_out(tuned),
        *_elsewhere(found),
        *_what_falls_short(tuned, found),
    ]


def _simplified(found: dict[str, Any]) -> list[str]:
    analysis, fitness = found["analysis"], found["analysis"]["fitness"]
    raw, short = (len([line for line in analysis[key].splitlines() if "=" in line]) for key in ("raw", "program"))
    return [
        "",
        "## Simplified and named",
        "",
        f"`figure_6_raw` of the library: {LIBRARY['figure_6_raw'].description} Its {raw} instructions:",
        "",
        "```",
        analysis["raw"].rstrip("\n"),
        "```",
        "",
        f"`automl-zero analyze figure_6_raw --suite cifar10` leaves {short} of them, names the addresses, and "
        f"detects the techniques (tested on {ANALYSIS_TASKS} select tasks: accuracy {fitness['raw']:.4f} before, "
        f"{fitness['program']:.4f} after):",
        "",
        "```",
        analysis["readable"].rstrip("\n"),
        "```",
    ]


def _compared(tuned: dict[str, Any]) -> list[str]:
    rows = ["| F | program | two-layer net | logistic regression | program above the net | budget |", "|" + "---|" * 6]
    for features, found in tuned.items():
        budget = f"{found['trials']} trials, {found['seeds']} seed(s)"
        tasks = f"{found['select']} select, {found['final']} final tasks"
        rows.append(f"| {_size(features)} | {_accuracies(found)} | {budget}, {tasks} |")
    paper = " | ".join(f"{100 * value:.2f}" for value in PAPER.values())
    lead = f"{100 * (PAPER['figure_6'] - PAPER['two_layer_net']):+.2f}"
    return [
        "",
        "## Compared with a net and logistic regression",
        "",
        "Pairs of classes of CIFAR-10, randomly projected to F features, or with all their values; accuracy on test "
        "images in %, all constants tuned with equal budgets; in brackets the 95 % interval. Tasks differ between "
        "values of F, so compare within a row.",
        "",
        *rows,
        f"| {_size(str(FULL_SIZE))} | {paper} | {lead} | the paper |",
        "",
        *(_at_full_size(tuned[str(FULL_SIZE)]) if str(FULL_SIZE) in tuned else ()),
        "Measured by `python benchmarks/experiments/paper_algorithm.py --features 64 --parts` with the features and "
        "budgets of each row (`--trials`, `--seeds`, `--select`, `--final`), and the last row by "
        "`python benchmarks/experiments/full_size.py`. All results: "
        "[benchmarks/results/PAPER_ALGORITHM.md](../../benchmarks/results/PAPER_ALGORITHM.md).",
    ]


def _accuracies(found: dict[str, Any]) -> str:
    """Return cells with the mean accuracies, and with the lead of the program over the net."""
    means = [f"{_mean_accuracy(found, name):.2f}" for name in COMPARED]
    return " | ".join([*means, interval(found["programs"]["figure_6"]["lead"])])


def _mean_accuracy(found: dict[str, Any], name: str) -> float:
    """Return the mean accuracy of a program over all seeds, in %."""
    return 100 * float(sum(found["programs"][name]["accuracy"])) / int(found["seeds"])


def _size(features: str) -> str:
    return f"{features}, not projected" if features == str(FULL_SIZE) else features


def _shared(found: dict[str, Any]) -> str:
    """Say which pairs are scored without a projection."""
    seeds, final = found["seeds"], found["final"]
    return f"each of {seeds} seeds scores {final} pairs of its own, {seeds * final} of the 45 in total"


def _at_full_size(found: dict[str, Any]) -> list[str]:
    printed, pruned = (_mean_accuracy(found, name) for name in (f"figure_6{AS_PRINTED}", "figure_6_pruned"))
    return [
        f"Without a projection, {_shared(found)}, after tuning on separate select tasks. At this size a matrix "
        "exceeds every cache, so programs are evaluated through inner products of examples "
        "(`benchmarks/experiments/products.py`): the same computation in another order, which agrees with the engine. "
        f"With the constants printed in the paper, not tuned here, `figure_6` has {printed:.2f} %. The evolved "
        f"program, pruned and tuned, has {pruned:.2f} %, "
        f"{interval(found['programs']['figure_6_pruned']['lead'])} points above the net.",
        "",
    ]


def _knocked_out(tuned: dict[str, Any]) -> list[str]:
    found, transfer_targets = tuned["16"], _places_of_parts(tuned)
    noise, both = (_change(found, "figure_6", f"noisy inputs{rest}") for rest in ("", " and their mean"))
    heads = [f"`{name}`, F = {features}" for features, name in transfer_targets]
    rows = [f"| change | {' | '.join(heads)} | the paper |", "|" + "---|" * (len(transfer_targets) + 2)]
    for change in (*PAPER_LOSSES, "noisy inputs and their mean"):
        cells = [interval(_change(tuned[features], name, change)) for features, name in transfer_targets]
        loss = f"{PAPER_LOSSES[change]:+.2f}" if change in PAPER_LOSSES else ""
        rows.append(f"| without {change} | {' | '.join(cells)} | {loss} |")
    return [
        "",
        "## Without its techniques",
        "",
        "The evolved program, pruned (`figure_6_pruned`), and the version printed in the paper, cleaned by hand "
        "(`figure_6`). Each is changed and tuned again; the table gives points of accuracy. "
        + "; ".join(f"F = {features}: {_budget(tuned[features])}" for features in _features_of_parts(tuned))
        + ".",
        "",
        *rows,
        "",
        *(f"- {_order_of(tuned, *place)}" for place in transfer_targets),
        f"- In the paper: {', '.join(PAPER_LOSSES)}.",
        "",
        "Noise has two rows, as the line `v1 = uniform(0.0024, 0.67)` has two effects. Its mean, which is not 0, is "
        "added to all features, so `dot(v0 - v1, m (v0 + v1))` has a linear part and a bias in addition to the "
        "products. And it varies from example to example. Without the line, both effects are gone: "
        f"{interval(both)} for `figure_6` at F = 16. With its mean in its place, only the noise is gone: "
        f"{interval(noise)}. The orders use the second figure, as the technique is named after noise; the paper does "
        "not say which of the two it reports.",
        "",
        "To repeat or enlarge this: `automl-zero ablate figure_6_pruned --suite cifar10 --trials 200 --seeds 5`, or "
        "`python benchmarks/experiments/paper_algorithm.py`.",
    ]


def _features_of_parts(tuned: dict[str, Any]) -> list[str]:
    """Return the numbers of features at which both programs were ablated."""
    return [features for features, found in tuned.items() if set(BEST) <= set(found.get("parts", {}))]


def _places_of_parts(tuned: dict[str, Any]) -> list[tuple[str, str]]:
    return [(features, name) for features in _features_of_parts(tuned) for name in BEST]


def _change(found: dict[str, Any], program: str, name: str) -> list[float]:
    (change,) = (each["change"] for each in found["parts"][program] if each["name"] == name)
    return list(change)


def _budget(found: dict[str, Any]) -> str:
    sizes = f"{found['select']} select and {found['final']} final tasks"
    return f"{found['trials']} trials, {found['seeds']} seeds with {sizes} each"


def _order_of(tuned: dict[str, Any], features: str, program: str) -> str:
    """Name the techniques from the largest loss to the smallest, and the intervals that overlap."""
    names = _order(tuned[features], program)
    verdict = "the paper's order" if names == list(PAPER_LOSSES) else "not the paper's order"
    bounds = [_change(tuned[features], program, name)[1:] for name in names]
    close = [
        f"{one} and {other}"
        for (one, other), ((_, high), (low, _)) in zip(pairwise(names), pairwise(bounds), strict=True)
        if low <= high
    ]
    overlap = f"; the intervals of {' and of '.join(close)} overlap" if close else ""
    return f"`{program}` at F = {features}: {', '.join(names)}: {verdict}{overlap}."


def _order(found: dict[str, Any], program: str) -> list[str]:
    return sorted(PAPER_LOSSES, key=lambda name: _change(found, program, name)[0])


def _elsewhere(found: dict[str, Any]) -> list[str]:
    rows = ["| data | F | program | two-layer net | logistic regression | program, untuned |", "|" + "---|" * 6]
    for place in found["places"]:
        names = PROGRAM, "two-layer net", "logistic regression"
        cells = [_score(place["scores"][name]) for name in names] + [_score(place["untuned"])]
        rows.append(f"| {place['data']} | {place['features']} | {' | '.join(cells)} |")
    return [
        "",
        "## On other images",
        "",
        "Class pairs of MNIST and Fashion-MNIST, 8000 training examples; accuracy in % on test images, with the "
        f"standard error over 45 pairs; all programs tuned with {found['trials']} trials on 27 select tasks.",
        "",
        *rows,
        "",
        f"Measured by `python benchmarks/experiments/paper_page.py --measure places --trials {found['trials']} "
        f"--features {found['places'][0]['features']}`. With a larger budget: "
        "`automl-zero transfer figure_6 --suite mnist --trials 200 --features 256`, and the same with "
        "`--set tasks.dataset=fashion-mnist`.",
        *(_on_pixels(found["pixels"]) if "pixels" in found else ()),
    ]


def _on_pixels(transfer_targets: Mapping[str, dict[str, Any]]) -> list[str]:
    budget = next(iter(transfer_targets.values()))
    rows = ["| data | F | program | two-layer net | logistic regression | program above the net |", "|" + "---|" * 6]
    rows += [f"| {data} | {found['features']} | {_accuracies(found)} |" for data, found in transfer_targets.items()]
    program, net, linear = PAPER_FASHION
    rows.append(f"| fashion-mnist, the paper | | {program:.2f} | {net:.2f} | {linear:.2f} | {program - net:+.2f} |")
    return [
        "",
        f"Without a projection, {_shared(budget)}; {budget['trials']} trials on {budget['select']} select tasks:",
        "",
        *rows,
        "",
        f"Measured by `python benchmarks/experiments/full_size.py --dataset mnist --select {budget['select']}`, and "
        "the same with `fashion-mnist`.",
    ]


def _what_falls_short(tuned: dict[str, Any], found: dict[str, Any]) -> list[str]:
    best = sum(_is_best(place) for place in found["places"])
    transfer_targets = _places_of_parts(tuned)
    others = [place for place in transfer_targets if _order(tuned[place[0]], place[1]) != list(PAPER_LOSSES)]
    heard = [place for place in transfer_targets if _change(tuned[place[0]], place[1], "noisy inputs")[2] < 0]
    return [
        "",
        "## Differences to the paper",
        "",
        f"- Other images: at 16 features the tuned program is the best on {best} of {len(found['places'])} data sets"
        f"{_without_projection(found)}. SVHN and downsampled ImageNet, which the paper also uses, were not measured.",
        f"- Order of the parts: {len(others)} of {len(transfer_targets)} columns have another order. Without "
        "averaged weights, `figure_6` loses little: its learning rate is tuned again, so the latest weights alone "
        "predict almost as well. `figure_6_pruned` has no such constant: its learning rate is the deviation of its "
        "weights.",
        f"- Noise: see above. Its effect differs from zero in {len(heard)} of {len(transfer_targets)} columns.",
    ]


def _without_projection(found: dict[str, Any]) -> str:
    """Say on how many data sets the program is ahead of the net without a projection."""
    leads = [place["programs"]["figure_6"]["lead"] for place in found.get("pixels", {}).values()]
    if not leads:
        return ""
    ahead, surely = sum(value > 0 for value, _, _ in leads), sum(low > 0 for _, low, _ in leads)
    return f"; without a projection it is ahead of the net in {ahead} of {len(leads)}, by more than chance in {surely}"


def _is_best(place: dict[str, Any]) -> bool:
    return bool(max(place["scores"], key=lambda name: place["scores"][name]["fitness"]) == PROGRAM)


def _score(score: dict[str, float]) -> str:
    return f"{100 * score['fitness']:.2f} ± {100 * score['standard_error']:.2f}"


if __name__ == "__main__":
    main()
