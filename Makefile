# One line of help stands behind each target: `make help` prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run run-kafka demo check test test-kafka chaos mutants backlog bench bench-all bench-micro profile outage schemas lock clean

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(VENV)/.developer  ## Install the app and the developers' tools into .venv

run: $(STAMP)  ## Start the relay with both platforms emulated, and send the example events once
	@$(BIN)/relay serve --sandbox --example

run-kafka: $(STAMP)  ## The same with events from a Kafka broker on this machine (needs java and mvn)
	@$(BIN)/python -m deploy.kafka.run

demo: $(STAMP)  ## Send 2,000 realistic events to the running relay, unless real platforms would count them
	@$(BIN)/relay demo

check: setup  ## Lint, types, import layers, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/relay schemas --check

test: export PYTHONDONTWRITEBYTECODE =  # else each of hundreds of processes compiles the relay anew
test: setup  ## Run all tests, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

backlog: setup  ## Start and measure the relay with ten million events waiting on disk (6 GB)
	RELAY_TEST_BACKLOG=10000000 $(BIN)/python -m pytest -s tests/acceptance/test_backlog.py

test-kafka: setup  ## The Kafka tests at full size: 100,000 events, a broker away for 30 s, a leader killed
	RELAY_KAFKA_EVENTS=100000 RELAY_KAFKA_AWAY_S=30 RELAY_KAFKA_CLUSTER=1 $(BIN)/python -m pytest tests/kafka

chaos: setup  ## Break everything at random for five minutes, and recount (SEED=…, DURATION=seconds)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(DURATION),--seconds $(DURATION))

mutants: setup  ## Break each promise in a copy of the code, and see its test fail
	$(BIN)/python -m tests.mutants

bench: setup  ## Measure the relay against a straightforward baseline, in one run (10 minutes)
	$(BIN)/python -m tests.bench.run
	$(BIN)/python -m tests.bench.kafka

bench-all: setup  ## The same under all circumstances, Kafka and a million events waiting as well
	$(BIN)/python -m tests.bench.run --all
	$(BIN)/python -m tests.bench.kafka

bench-micro: setup  ## Measure what each stage of an event costs
	$(BIN)/python -m tests.bench.micro

profile: setup  ## Draw where the relay spends its time under load (CASE=bodies-of-1, TEXT=1)
	$(BIN)/python -m tests.bench.flame $(if $(CASE),--case $(CASE)) $(if $(TEXT),--text)

outage: setup  ## Simulate a platform that is away for a day, at full size: some minutes
	RELAY_OUTAGE_SCALE=1 $(BIN)/python -m pytest -q -s -p no:randomly tests/simulation/test_outage.py

schemas: setup  ## Write schemas/ anew from the code
	$(BIN)/relay schemas

lock: setup  ## Choose the newest allowed versions of what the app installs
	$(BIN)/$(COMPILE) --build-deps-for editable --build-deps-for wheel --output-file requirements.lock pyproject.toml
	$(BIN)/$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:  ## Remove the environment and everything that can be made again
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The relay needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.developer: $(STAMP) requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
