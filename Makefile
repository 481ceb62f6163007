# The targets of the project. Each sets up .venv by itself, so that a checkout and Python are enough.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --quiet --disable-pip-version-check
DEMO_SECONDS ?= 180
SOAK_SECONDS ?= 1200

.PHONY: help demo test coverage browser soak check docs bench clean

help:
	@echo "make demo    evolve a learning algorithm from empty programs on images, for about three minutes"
	@echo "make test    run the tests"
	@echo "make coverage  run the tests with an empty cache, and print which lines they cover, compiled ones included"
	@echo "make browser try dashboard (also behind nginx) and report in chromium; both are installed if root can"
	@echo "make soak    kill a run again and again for 20 minutes; hostile inputs, configs and clients for 20 more"
	@echo "make check   style, types, imports, rules of form and words, and published vulnerabilities of what is installed"
	@echo "make docs    write the generated parts of the docs again"
	@echo "make bench   measure the speed, and compare it with the published C++ program"
	@echo "make clean   remove the environment and the caches; runs stay"

$(BIN)/pip:
	$(PYTHON) -m venv .venv

.venv/runtime: pyproject.toml | $(BIN)/pip
	@echo "installing automl-zero ..."
	@$(PIP) --editable .
	@touch $@

.venv/development: pyproject.toml | $(BIN)/pip
	@echo "installing automl-zero and the development tools ..."
	@$(PIP) --editable '.[dev]'
	@touch $@ .venv/runtime

# A run folder is never overwritten: each demo gets the next free number.
demo: .venv/runtime
	@number=1; while [ -e "demo/$$number" ]; do number=$$((number + 1)); done; \
	$(BIN)/automl-zero run digits --seed 1 --set stop.max_seconds=$(DEMO_SECONDS) --out "demo/$$number" && \
	echo "The report is demo/$$number/report.html, and the algorithm is in demo/$$number/best/final.txt."

# The test processes share the cache of compiled code. One process fills it beforehand, since several would compile the
# same engine at the same time, which takes several times as long.
test: .venv/development
	$(BIN)/automl-zero warmup
	$(BIN)/python -m pytest -n auto --ignore tests/search
	@echo "testing the search, with bounds checks ..."
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest -n auto -q tests/search tests/vm/test_lower.py

# Lines of compiled code count when they are compiled, so nothing may come from the usual cache.
coverage: .venv/development
	@rm -rf .coverage .coverage.* .coverage-cache
	AUTOML_ZERO_CACHE_DIR="$(CURDIR)/.coverage-cache" PYTHONPATH=tests \
	$(BIN)/python -m pytest -n auto -q -p support.compiled_coverage --cov $(COVERAGE_OF)
	@rm -rf .coverage-cache

browser: .venv/development
	@{ command -v chromium && PATH="$$PATH:/usr/sbin" command -v nginx; } >/dev/null || { [ "$$(id -u)" = 0 ] && \
	command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium nginx; } || \
	{ echo "chromium or nginx is not installed, which needs root on Debian: install them, then try again"; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

soak: .venv/development
	SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest -m soak

check: .venv/development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/house.py
	@$(BIN)/python .ci/audit.py

docs: .venv/development
	$(BIN)/python scripts/reference/config_keys.py
	$(BIN)/python scripts/figures/packages.py

# The options of the tests, which switch benchmarks off, do not apply here.
bench: .venv/development
	$(BIN)/python -m pytest benchmarks/speed --override-ini addopts= --benchmark-quiet -q $(if $(CHANGE),--change "$(CHANGE)")
	$(BIN)/python benchmarks/speed/curves.py

clean:
	rm -rf .venv build dist .coverage .coverage-cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
	find src tests benchmarks scripts -name __pycache__ -prune -exec rm -rf {} +
