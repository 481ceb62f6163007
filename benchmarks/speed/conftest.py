"""Collect the measurements, write them to files and print them; being slower than C++ is a failure."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

import results
from figures import FIGURES

LOAD = pytest.StashKey[float]()
MEASURED = pytest.StashKey[MutableMapping[str, float]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--change", help="What was changed: adds a row to the table of changes.")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = {}
    config.stash[LOAD] = os.getloadavg()[0]


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> MutableMapping[str, float]:
    """Return the mapping that collects the values of figures by name."""
    return request.config.stash[MEASURED]


def machine(config: pytest.Config) -> str:
    """Return one line on the machine, the date, and the load before, since figures of a busy machine are worse."""
    info = config.hook.pytest_benchmark_generate_machine_info(config=config)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numba", "llvmlite", "numpy", "automl-zero"))
    return (
        f"{info['cpu'].get('brand_raw', info['processor'])}, {os.cpu_count()} cores, "
        f"{info['system']} {info['machine']}; Python {info['python_version']}, {packages}; "
        f"{datetime.now(UTC).date()}, load before {config.stash[LOAD]:.1f}"
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    values = session.config.stash[MEASURED]
    if exitstatus == pytest.ExitCode.OK and len(values) == len(FIGURES):
        results.write(values, machine(session.config), session.config.getoption("--change"))
    if exitstatus == pytest.ExitCode.OK and results.slower_than_cpp(values):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    values = config.stash[MEASURED]
    for line in (machine(config), *results.table(values)):
        terminalreporter.write_line(line)
    for name in results.slower_than_cpp(values):
        terminalreporter.write_line(f"slower than C++: {name}", red=True)
