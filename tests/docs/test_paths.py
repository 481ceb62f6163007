"""What the docs name exists: files, folders, links and their headings, functions, targets of make, and commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from automl_zero.cli import main

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "automl_zero"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATH = re.compile(r"(?<![\w./-])[\w.-]+(?:/[\w.-]+)+\.(?:py|md|toml|json|png|svg|js|html)\b|(?<![\w./-])[\w-]+\.py\b")
FOLDER = re.compile(r"(?<![\w./-])(?:[\w-]+/)+(?![\w.*-])")
LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")
EXAMPLES = {
    "coverage.py",
    "algorithm.py",
    "test_algorithm.py",
    "evolved.py",
    "test_evolved.py",
}  # a library; files that a command writes


def code_of(page: Path) -> Iterator[str]:
    """Yield inline code, which may run over the end of a line, and the lines of code blocks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```.*?^ *```|^(?: {4}[^\n]*\n)+", text, re.M | re.S)
    for block in blocks:
        text = text.replace(block, "\n")
        yield from block.splitlines()
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text))


def exists(path: str) -> bool:
    """Return whether a path is there, below the root or the package; a bare name may be anywhere."""
    if "/" not in path:
        return any(any((ROOT / top).rglob(path)) for top in ("src", "tests", "benchmarks", "scripts", ".ci"))
    return (ROOT / path).exists() or (PACKAGE / path).exists()


def is_ours(path: str) -> bool:
    """Return whether a path claims to be a file of the project, and not one of a user or of a run."""
    first = path.split("/")[0]
    return path not in EXAMPLES and (path.endswith(".py") or (ROOT / first).is_dir() or (PACKAGE / first).is_dir())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_exists(page: Path) -> None:
    found = [path for code in code_of(page) for pattern in (PATH, FOLDER) for path in pattern.findall(code)]
    assert not [path for path in found if is_ours(path) and not exists(path)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, heading = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (heading and heading not in headings(path)):
            broken.append(link)
    assert not broken


def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {name for code in code_of(page) for name in re.findall(r"^\s*make ([a-z]+)", code)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_exists(page: Path) -> None:
    wrong = []
    for code in code_of(page):
        for words in re.findall(r"(?:^|[\s`])automl-zero ([^|#;`]*)", code):
            command, rest = command_of(words)
            options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            wrong += [] if is_whole(command, rest) else [words]
            wrong += [
                f"{words}: {option}" for option in OPTION.findall(f" {rest}") if option not in options | {"--help"}
            ]
    assert not wrong


def command_of(words: str) -> tuple[Any, str]:
    """Return the command that the first words name, and the rest of them."""
    command, rest = get_command(main), words.strip()
    while rest and rest.split()[0] in getattr(command, "commands", {}):
        name, _, rest = rest.partition(" ")
        command = command.commands[name]
    return command, rest


def is_whole(command: Any, rest: str) -> bool:
    """Return whether a command was found: not a word after a group that is none of its commands."""
    return not hasattr(command, "commands") or not rest or not re.match(r"[a-z]", rest)


def test_the_way_of_a_program_names_functions_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w/]+\.py)` \| `(\w+)` \|", text, re.M)
    assert len(rows) == 15
    missing = [(path, name) for path, name in rows if name not in functions_of(PACKAGE / path)]
    assert not missing


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
