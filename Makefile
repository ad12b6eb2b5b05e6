# Two commands do everything on a machine with Python 3.11+ and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

.PHONY: run test lint bench clean

run: $(VENV)/.installed  ## clean data/sample and say where the tables are
	$(BIN)/python -m flows.clean

test: lint  ## everything that CI runs
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev  ## ratios to the bare libraries, and a crawl through 200 kills; takes twenty minutes
	$(BIN)/python -m tests.bench.orchestration
	$(BIN)/python -m tests.bench.client
	$(BIN)/python -m tests.bench.fetch_stage
	$(BIN)/python -m tests.bench.extraction
	$(BIN)/python -m tests.bench.mojibake
	$(BIN)/python -m tests.bench.stories
	$(BIN)/python -m tests.bench.kills

clean:  ## remove the environment and all caches; the tables stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The locks are complete, so pip need not (and with hashes and extras can't) resolve anything: --no-deps, then a check.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "unspun needs Python 3.11, 3.12 or 3.13; name one with: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
