"""Each rule of ``.ci/house.py`` finds what breaks it, and nothing in a project that keeps all rules."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / ".ci" / "house.py"
PACKAGE = "src/automl_zero"
BANNED_WORD = "to" + "ld"
COMMENT = "# Equation 3 of the paper.\n"


def load() -> ModuleType:
    spec = spec_from_file_location("house", FILE)
    assert spec
    assert spec.loader
    module = sys.modules["house"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


house = load()

GOOD = {
    f"{PACKAGE}/vm/kernel.py": '"""Kernels."""\n' + COMMENT + "def run(x):\n    return x\n",
    f"{PACKAGE}/cli/kernel.py": '"""The command of the same name."""\n',
    f"{PACKAGE}/search/loop.py": COMMENT + "class Loop:\n    pass\n",
    "docs/guide.md": "The untold and the shelled are no banned words.\n",
    "tests/test_loop.py": "def test_nothing() -> None:\n    pass\n",
}


def long_function(name: str, comment: str = "") -> str:
    return f"def {name}():{comment}\n" + "    x = 1\n" * 70


def many_parameters(comment: str = "") -> str:
    return f"{comment}def run({', '.join(f'p{n}' for n in range(9))}):\n    pass\n"


SHORT = "".join(f"def f{n}():\n    pass\n" for n in range(20))
BAD = [
    ("banned_words", {"docs/new.md": f"The user is {BANNED_WORD} of it.\n"}, "docs/new.md:1"),
    ("banned_words", {f"{PACKAGE}/vm/new.py": COMMENT + f"was_{BANNED_WORD} = 1\n"}, "vm/new.py:2"),
    ("banned_words", {f"{PACKAGE}/vm/new.py": COMMENT + "class MapFa" + "te:\n    pass\n"}, "vm/new.py:2"),
    ("unique_names", {f"{PACKAGE}/search/kernel.py": COMMENT}, "'kernel' is also the name of"),
    ("unique_names", {f"{PACKAGE}/vm/other.py": COMMENT + "class Loop:\n    pass\n"}, "'Loop' is also the name of"),
    ("small_folders", {f"{PACKAGE}/vm/m{n}.py": COMMENT for n in range(20)}, "21 files, more than 20"),
    ("small_folders", {f"tests/vm/test_m{n}.py": "" for n in range(21)}, "tests/vm: 21 files"),
    ("short_files", {f"{PACKAGE}/tasks/long.py": "x = 1\n" * 350}, "350 lines, not below 350"),
    ("short_functions", {f"{PACKAGE}/tasks/long.py": long_function("run") + SHORT}, "run has 71 lines"),
    ("short_functions", {f"{PACKAGE}/tasks/long.py": "def f():\n" + "    x = 1\n" * 25}, "one function in ten has 26"),
    ("few_parameters", {f"{PACKAGE}/tasks/wide.py": many_parameters()}, "run has 9 parameters, more than 8"),
    ("commented_packages", {f"{PACKAGE}/vm/bare.py": "x = 1\n" * 100}, "comments in 1.0% of lines, not 5%"),
    ("full_docstrings", {f"{PACKAGE}/tasks/doc.py": 'def f():\n    """Of each."""\n'}, "tasks/doc.py:1"),
]


def project(root: Path, files: dict[str, str]) -> house.Project:  # type: ignore[name-defined]
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return house.Project(root)


def test_a_project_that_keeps_all_rules_has_no_violation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path, GOOD)
    assert house.main(tmp_path) == 0
    assert capsys.readouterr().out == f"house: {len(house.RULES)} rules, 0 violations in {len(GOOD)} files\n"


@pytest.mark.parametrize(("rule", "files", "message"), BAD)
def test_a_rule_finds_what_breaks_it(rule: str, files: dict[str, str], message: str, tmp_path: Path) -> None:
    found = [str(each) for each in getattr(house, rule)(project(tmp_path, GOOD | files))]
    assert len(found) == 1
    assert message in found[0]


def test_every_rule_is_tested_and_a_violation_is_an_exit_code(tmp_path: Path) -> None:
    assert {rule.__name__ for rule in house.RULES} == {name for name, _, _ in BAD}
    project(tmp_path, GOOD | BAD[0][1])
    assert house.main(tmp_path) == 1


@pytest.mark.parametrize(
    "text",
    [
        many_parameters("# form: a kernel takes its arrays one by one\n"),
        long_function("run", "  # form: one op, one branch"),
    ],
)
def test_a_reason_at_the_place_is_accepted(text: str, tmp_path: Path) -> None:
    files = {f"{PACKAGE}/tasks/kernels.py": text + SHORT}
    assert not [*house.few_parameters(project(tmp_path, files)), *house.short_functions(project(tmp_path, files))]


def test_a_command_may_have_many_parameters_and_a_format_its_old_words(tmp_path: Path) -> None:
    files = {
        f"{PACKAGE}/cli/run.py": many_parameters(),
        **{path: f"{word}\n" for path, (word,) in house.ALLOWED.items()},
    }
    made = project(tmp_path, files)
    assert not [*house.few_parameters(made), *house.banned_words(made)]
