"""The command ``export``: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.programs.exports import load
from support.runs.invocations import invoke, refused

from automl_zero.codegen.languages import LANGUAGES


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_printed(language: str) -> None:
    result = invoke("export", "linear_regression", "--to", language)
    assert result.exit_code == 0
    assert "linear" in result.stdout
    assert result.stderr == ""


def test_what_is_printed_is_what_is_written() -> None:
    printed = invoke("export", "two_layer_net", "--to", "numpy").stdout
    result = invoke("export", "two_layer_net", "--to", "numpy", "--out", "net.py")
    assert (result.exit_code, result.stdout) == (0, "net.py\n")
    assert Path("net.py").read_text() == printed


def test_a_test_is_written_next_to_it() -> None:
    arguments = ("export", "two_layer_net", "--to", "python", "--out", "net.py", "--with-test", "test_net.py")
    assert invoke(*arguments).stdout == "net.py\ntest_net.py\n"
    module = load(Path("test_net.py").read_text().replace("__file__", repr(str(Path.cwd() / "test_net.py"))))
    module.test_the_predictions_are_those_of_the_reference()


def test_what_is_predicted_can_be_chosen() -> None:
    assert "sigmoid" not in invoke("export", "linear_regression", "--to", "numpy").stdout
    assert "sigmoid" in invoke("export", "linear_regression", "--to", "numpy", "--predicts", "binary").stdout
    assert "softmax" in invoke("export", "multiclass_net", "--to", "numpy").stdout


def test_what_has_no_effect_is_left_out_unless_asked_for() -> None:
    line = "s6 = np.cos(s4)"
    assert line not in invoke("export", "figure_6_raw", "--to", "numpy").stdout
    assert line in invoke("export", "figure_6_raw", "--to", "numpy", "--raw").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing", "--to", "numpy"), "no library program, file or run folder 'nothing'"),
        ((".", "--to", "numpy"), "is not a run folder"),
        (("linear_regression", "--to", "numpy", "--out", "there.py"), "there.py exists and is not overwritten"),
        (("linear_regression", "--to", "numpy", "--out", "no/folder.py"), "no/folder.py cannot be written"),
        (("linear_regression", "--to", "numpy", "--with-test", "t.py"), "--with-test needs --out FILE"),
        (("linear_regression", "--to", "latex", "--out", "a.tex", "--with-test", "t.py"), "choose another --to"),
        (("linear_regression", "--to", "numpy", "--out", "a.py", "--with-test", "./a.py"), "choose two files"),
        (("linear_regression", "--to", "numpy", "--out", "a.py", "--with-test", "there.py"), "there.py exists"),
        (
            ("linear_regression", "--to", "numpy", "--out", "a.py", "--with-test", "no/t.py"),
            "no/t.py cannot be written, no is not a folder",
        ),
    ],
)
def test_faults_are_reported_and_nothing_is_written(arguments: tuple[str, ...], message: str) -> None:
    Path("there.py").write_text("mine")
    assert message in refused("export", *arguments)
    assert [each.name for each in Path().iterdir()] == ["there.py"]
    assert Path("there.py").read_text() == "mine"
