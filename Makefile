# make run    set up .venv, train every model on the embedded cohort, write leaderboards/synthetic-hands
# make test   the same .venv with the development extra: ruff, mypy, import-linter, and all tests but the slow ones
# make slow   the slow tests: whole runs in processes of their own, killed ones, two nodes; .ci/run runs both
# make docs   the documentation as a site in site/, which fetches nothing
# make clean  forget .venv and caches; runs and boards stay

PYTHON ?= python3.11
# Two networks side by side with half the cores each see more films a second than one after the other with all.
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*)
# A test that hangs fails where it hangs, and does not hold up the others.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile -p no:benchmark --timeout 600
SETTINGS := requirements.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)

.PHONY: run test slow lint docs clean

run: $(VENV)/run.stamp
	$(BIN)/ra-bench run --models all --jobs $(JOBS)

test: lint
	$(PYTEST) -m "not slow"

slow: $(VENV)/test.stamp
	$(PYTEST) -m slow

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/test.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# A stamp is newer than the settings as long as nothing is to be installed.
$(VENV)/run.stamp: $(SETTINGS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
