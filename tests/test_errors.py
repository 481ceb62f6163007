"""The base class of errors, and the warning about old names."""

from __future__ import annotations

import ast
import builtins

import pytest

from automl_zero.errors import RenamedWarning, warn_renamed
from automl_zero.system.cache_dir import PACKAGE


def test_a_renamed_name_is_a_warning_that_users_see_by_default() -> None:
    assert issubclass(RenamedWarning, FutureWarning)
    with pytest.warns(RenamedWarning, match="^a is now called b: the next release removes the old name$"):
        warn_renamed("a", "b")


def test_every_error_class_of_the_package_has_the_common_base() -> None:
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.ClassDef)
    }

    def is_error(name: str) -> bool:
        found = getattr(builtins, name, None)
        return isinstance(found, type) and issubclass(found, Exception) and not issubclass(found, Warning)

    def ancestors(name: str) -> set[str]:
        return {name}.union(*(ancestors(each) for each in bases.get(name, ())))

    errors = {name for name in bases if name.endswith("Error") and any(map(is_error, ancestors(name)))}
    assert "ConfigError" in errors
    assert {name for name in errors if name != "AutoMLZeroError" and "AutoMLZeroError" not in ancestors(name)} == set()
