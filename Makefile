# Every target works in an empty clone and asks no questions. README.md lists what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Tests start hundreds of processes; without bytecode each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
CODE := libs services clients tests
OWN := common rules cli ingest detector trust dispatch api client

# One more than a small machine's two cores, because many tests wait for servers.
WORKERS ?= 3
# Tests that need no server.
FAST := -m "not integration and not e2e" tests/unit tests/contract

.PHONY: help setup run web clients test test-python test-web test-fast lint lint-python lint-web fmt bench soak chaos screenshots docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install all dependencies and the orylo command into .venv
	@scripts/setup

run: setup web ## Run the whole platform with a demo shop; ARGS="--api-port 9000" adds options
	@exec $(BIN)/orylo up --demo $(ARGS)

web: setup ## Build the dashboard into the API's package
	@scripts/web build

clients: setup ## Generate the Python and TypeScript clients of the API
	@scripts/clients

test: setup web clients ## Run every test in parallel; ARGS="tests/unit -x" runs pytest with these arguments instead
	@$(MAKE) --jobs=2 test-python $(if $(ARGS),,test-web)

test-python:
	@$(BIN)/pytest $(or $(ARGS),-n $(WORKERS))

test-web:
	@scripts/web test

test-fast: setup ## Run the unit and contract tests that need no server
	@$(BIN)/pytest $(or $(ARGS),-n 2) $(FAST)

lint: setup clients ## Check style, types, import contracts, YAML and the dashboard's code
	@$(MAKE) --jobs=2 --output-sync lint-python lint-web

lint-python:
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/mypy --strict --no-error-summary $(CODE)
	@contracts=$$($(BIN)/lint-imports --no-logo) || { echo "$$contracts"; exit 1; }
	@$(BIN)/yamllint --strict .

lint-web:
	@scripts/web lint

fmt: setup ## Format the code and fix what ruff can fix
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

bench: setup ## Measure throughput and latency on this machine and print the goals beside them
	@for script in tests/load/event_cost.py tests/load/*_speed.py; do $(BIN)/python -m "tests.load.$$(basename "$$script" .py)" $(ARGS); done

soak: setup ## Send a million webhooks at a steady pace and count them at every stage; ARGS="--events 50000" sends fewer
	@$(BIN)/python -m tests.load.soak $(ARGS)

chaos: setup ## Kill processes and servers under load, take Meta down, check that nothing is lost, and run the runbooks' commands
	@for script in tests/chaos/*.py; do $(BIN)/python -m "tests.chaos.$$(basename "$$script" .py)"; done

screenshots: setup web ## Take the pictures of the documents from the demo, in both themes
	@$(BIN)/python -m tests.screenshots $(ARGS)

docs: setup ## Generate the documents that come from code
	@$(BIN)/python -m orylo_common.asyncapi > docs/asyncapi.json
	@$(BIN)/python -m orylo_ingest.gateway_table > docs/gateways.md
	@$(BIN)/python -m orylo_rules.reference > docs/rules.md
	@$(BIN)/python scripts/alarms > docs/alarms.md
	@$(BIN)/python scripts/prometheus-rule > deploy/k8s/components/alerts/rules.yaml
	@$(BIN)/python -m orylo_api openapi > services/api/openapi.json
	@$(BIN)/python -m orylo_api postman > docs/postman.json
	@$(BIN)/python -m orylo_api permissions > web/src/session/permissions.json
	@$(BIN)/python -m orylo_api job-permissions > web/src/subjects/jobs/permissions.json
	@$(BIN)/python -m orylo_detector.detector_table readme services/detector/README.md
	@$(BIN)/python -m orylo_detector.detector_table reasons > web/src/subjects/detections/reasons.json

lock: setup ## Compile requirements.lock from requirements.in; ARGS="--upgrade" takes newer releases
	@command -v uv > /dev/null || $(BIN)/pip install --quiet uv
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --quiet $(OWN:%=--no-emit-package orylo-%) $(ARGS) --output-file requirements.lock requirements.in

clean: ## Remove build output and caches; keeps the data in .orylo and the environment in .venv
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench-results web/dist web/node_modules \
		services/api/src/orylo_api/static clients/python/dist clients/python/src/orylo_client/rest \
		clients/typescript/dist clients/typescript/node_modules clients/typescript/src/schema.ts
	@find libs services tests -name __pycache__ -type d -prune -exec rm -rf {} +
