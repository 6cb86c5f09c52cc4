# Every target sets itself up: a Python 3.11-3.13, pip and a package index are all that is needed.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3; do $$p -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && $$p -c 'import sys; print(sys.executable)' && break; done)
INPUT ?=
PORT ?= 8080
STAMP := .venv/.locked
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
.DEFAULT_GOAL := help
.PHONY: help setup compose-env run test up drill lint types docs lock generate bench clean browser

help: ## Show what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything into .venv (again in no time when nothing changed)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@command -v uv >/dev/null 2>&1 || test -x .tools/bin/uv || { echo "setup: getting uv"; "$(PYTHON)" -m venv .tools && .tools/bin/python -m pip install --quiet uv; }
	@UV=$$(command -v uv || echo .tools/bin/uv); echo "setup: installing the locked packages with $(PYTHON)"; \
	  { test -x $(BIN)/python || $$UV venv --quiet --python "$(PYTHON)" .venv; } && \
	  $$UV pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock && \
	  $$UV pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP) ## Run the Dag on the sample articles, or on INPUT=path
	@$(BIN)/python -m pipeline.orchestration.embedded $(INPUT)

up: $(STAMP) ## Start Airflow on 127.0.0.1:PORT with the drop folder watched; Ctrl-C stops it
	@$(BIN)/python -m pipeline.orchestration.standalone --port $(PORT)

test: $(STAMP) browser lint types ## Run all checks and tests
	@$(BIN)/python -m pytest -m "not drill" --numprocesses 4 --dist loadfile --no-loadscope-reorder

drill: $(STAMP) browser ## Run the slow drills
	@$(BIN)/python -m pytest -m drill

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { echo "setup: installing Chromium for the browser tests"; apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }; } || \
	  echo "setup: no Chromium was found and none can be installed; the browser tests will be skipped"

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache >/dev/null || { echo "Mend with: .venv/bin/ruff check --fix . ; .venv/bin/ruff format . ; see .venv/bin/lint-imports"; exit 1; }

types: $(STAMP)
	@$(BIN)/mypy

generate: $(STAMP) ## Make the generated files in schemas/generated again
	@$(BIN)/python -m pipeline.schema.generate

bench: $(STAMP) ## Measure accuracy against the pinned figures
	@$(BIN)/python -m bench.eval.run --check

compose-env: $(STAMP) ## Make the secrets for docker compose, once
	@$(BIN)/python -m pipeline.orchestration.compose_secrets

lock: ## Resolve the dependencies again
	@UV=$$(command -v uv || echo .tools/bin/uv); $$UV pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --all-extras --group dev pyproject.toml -o requirements.lock

clean: ## Remove what was installed, never the data
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
