"""Draw which package imports which: ``python scripts/figures/packages.py`` writes two pictures of the docs.

``docs/images/packages.svg`` has the packages in the order of the layers in ``pyproject.toml``; ``packages-run.svg`` has
the packages and modules of ``run``, each below those that import it. Every dot is right of the diagonal if and only if
imports point down. The drawing is a function of the import graph alone: equal sources give equal files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
PACKAGE = "automl_zero"
CELL, LEFT, TOP, MARGIN = 24, 150, 130, 10  # pixels: a cell; space for names at the left and at the top
STYLE = (
    "text{font:14px sans-serif;fill:#1a1a2e}.row{text-anchor:end}"
    ".page{fill:#fff}.band{fill:#eef2fb}.self{fill:#c9d3e6}circle{fill:#4c72b0}"
)

Imports = Mapping[str, set[str]]  # of each package, the packages that it imports


def imports_within(package: str) -> Imports:
    """Return what each child of a package imports of the other children, type-checking imports left out."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    children = sorted(graph.find_children(package))
    for child in children:
        if graph.find_descendants(child):
            graph.squash_module(child)
    return {
        _stem(child): _siblings(graph.find_modules_directly_imported_by(child) - {child}, children)
        for child in children
    }


def _siblings(modules: set[str], children: Sequence[str]) -> set[str]:
    return {_stem(module) for module in modules if module in children}


def _stem(module: str) -> str:
    return module.rpartition(".")[2]


def contract_layers() -> list[list[str]]:
    """Return the rows of the contract of layers, the highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = (each for each in contracts if each["type"] == "layers")
    return [[name.strip() for name in row.split("|")] for row in contract["layers"]]


def computed_layers(imports: Imports) -> list[list[str]]:
    """Return rows in which every package stands below all that import it; the imports have no cycle."""
    importers = {name: {other for other in imports if name in imports[other]} for name in imports}
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max((depth(other) for other in importers[name]), default=-1)
        return depths[name]

    rows: list[list[str]] = [[] for _ in range(1 + max(map(depth, imports)))]
    for name in sorted(imports):
        rows[depth(name)].append(name)
    return rows


def draw(layers: Sequence[Sequence[str]], imports: Imports) -> str:
    """Return the picture as SVG: a row and a column for each package, and a dot where the row imports the column."""
    names = [name for layer in layers for name in layer]
    width, height = (side + CELL * len(names) + MARGIN for side in (LEFT, TOP))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<style>{STYLE}</style><rect width="{width}" height="{height}" class="page"/>',
        *_bands(layers, width - MARGIN),
        *(line for place, name in enumerate(names) for line in _labels(name, place)),
        *(
            _dot(row, column)
            for row, name in enumerate(names)
            for column, other in enumerate(names)
            if other in imports[name]
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bands(layers: Sequence[Sequence[str]], right: int) -> Iterator[str]:
    """Yield a background for every other layer."""
    row = 0
    for number, layer in enumerate(layers):
        if number % 2 == 0:
            y, height = TOP + CELL * row, CELL * len(layer)
            yield f'<rect x="{MARGIN}" y="{y}" width="{right - MARGIN}" height="{height}" class="band"/>'
        row += len(layer)


def _labels(name: str, place: int) -> Iterator[str]:
    """Yield the name of a package at its row and at its column, and its cell of the diagonal."""
    x, y = (side + CELL * place + CELL // 2 for side in (LEFT, TOP))
    yield f'<text x="{LEFT - 10}" y="{y + 5}" class="row">{name}</text>'
    yield f'<text transform="translate({x + 5} {TOP - 8})rotate(-90)">{name}</text>'
    yield f'<rect x="{x - CELL // 2 + 2}" y="{y - CELL // 2 + 2}" width="{CELL - 4}" height="{CELL - 4}" class="self"/>'


def _dot(row: int, column: int) -> str:
    return f'<circle cx="{LEFT + CELL * column + CELL // 2}" cy="{TOP + CELL * row + CELL // 2}" r="6"/>'


def pictures() -> dict[Path, str]:
    """Return the content of both files."""
    top, run = imports_within(PACKAGE), imports_within(f"{PACKAGE}.run")
    return {
        IMAGES / "packages.svg": draw(contract_layers(), top),
        IMAGES / "packages-run.svg": draw(computed_layers(run), run),
    }


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
