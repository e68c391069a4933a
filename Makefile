# Everything sets itself up: Python 3.11 or newer, make and the package index are all that is needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOWEST := .venv-lowest
TESTS ?=

.PHONY: help demo test test-all test-lowest lint notebooks samples format clean

help:
	@echo "make demo         from tables to a ranked, explained call list: the samples, twice, with an HTML page"
	@echo "make test         the tests (make test-all: the slow ones too)"
	@echo "make test-lowest  the tests on the oldest versions that pyproject.toml claims"
	@echo "make lint         ruff, mypy, import floors"
	@echo "make notebooks    run the notebooks top to bottom"
	@echo "make samples      write data/samples again"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("churnkit needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n 2 $(TESTS)

test-all: $(READY)
	$(BIN)/python -m pytest -n 2 -m "slow or not slow" $(TESTS)

test-lowest: $(LOWEST)/.ready
	$(LOWEST)/bin/python -m pytest -n 2 $(TESTS)

$(LOWEST)/.ready: pyproject.toml scripts/lowest.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --upgrade pip
	$(PYTHON) scripts/lowest.py > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/lowest.txt --editable . --group dev
	@touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

notebooks: $(READY)
	$(BIN)/python -m pytest tests/journeys -k notebook -m "slow or not slow"

samples: $(READY)
	$(BIN)/python scripts/make_samples.py

clean:
	rm -rf $(VENV) $(LOWEST) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
