# Everything sets itself up from a bare clone: Python 3.11 (and, for the web apps, Node 20) is all that is needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python
PORT ?=
DATA_DIR ?= .data
SAMPLE ?=
ONLY ?=
export PORT DATA_DIR PIP_DISABLE_PIP_VERSION_CHECK := 1
ifneq ($(SAMPLE),)
export ATENDE_CONFIG := $(abspath $(SAMPLE))
endif
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name schema.ts 2>/dev/null) docs/openapi.json
ORIGIN := http://127.0.0.1:$(or $(PORT),7071)

.PHONY: help setup setup-run setup-bench run demo test check lint unit web web-if-node web-check bench soak clean lock openapi

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.dev local.settings.json ## only the set-up that run and test do by themselves
setup-run: $(VENV)/.run
setup-bench: $(VENV)/.bench

$(VENV)/bin/python:
	@python=$$(command -v $(PYTHON) || command -v python3 || true)
	if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
		echo "Atende needs Python 3.11 (the version of the Functions app); found: $$("$$python" --version 2>&1 || echo none). Set PYTHON=/path/to/python3.11" >&2
		exit 1
	fi
	"$$python" -m venv $(VENV)

$(VENV)/bin/atende: cli/atende | $(VENV)/bin/python
	@install -m 755 cli/atende $@

# Each stamp depends on what it installs, so that a changed requirement is installed at the next command.
$(VENV)/.run: requirements.txt requirements-host.txt requirements.lock | $(VENV)/bin/python $(VENV)/bin/atende
	@$(call install,-r requirements.txt -r requirements-host.txt)
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(call install,-r requirements-dev.txt)
	touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	@$(call install,-r requirements-bench.txt)
	touch $@

define install
if ! $(RUN) -m pip install -qq --constraint requirements.lock $(1); then
	echo "Packages could not be installed: is the package registry reachable?" >&2
	exit 1
fi
endef

local.settings.json: | local.settings.sample.json
	@cp local.settings.sample.json $@

web: web/dist/index.html ## build the web apps (needs Node 20)

web/node_modules/.stamp: web/package.json web/package-lock.json
	@if ! npm --prefix web ci --silent; then
		echo "The web apps' packages could not be installed: is the package registry reachable?" >&2
		exit 1
	fi
	touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	@npm --prefix web run --silent build
	touch $@

web-if-node:
	@if command -v npm >/dev/null; then
		$(MAKE) --no-print-directory web
	else
		echo "Node 20 is not installed: the API runs, the web apps do not." >&2
	fi

web-check: web/node_modules/.stamp
	@npm --prefix web run --silent check

run: setup-run web-if-node local.settings.json ## start the sample contact centre (PORT=, DATA_DIR=, SAMPLE=folder)
	@echo "Open $(ORIGIN)/ (customers: $(ORIGIN)/chat/, agents: $(ORIGIN)/agent/) once the host is ready."
	exec $(RUN) -m devhost start

demo: setup ## play customers and agents against a running host (PORT=)
	@$(RUN) -m demo

check: lint unit ## lint, types and unit tests, in under a minute

lint: setup
	@$(RUN) -m ruff format --check --quiet .
	$(RUN) -m ruff check --quiet .
	$(RUN) -m mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo 2>&1 | grep -v '^$$' | tail -n 8

unit: setup
	@$(RUN) -m pytest -n 4 -m "not slow"

test: setup web lint web-check ## everything that CI checks
	@$(RUN) -m pytest -n 4

bench: setup-bench ## benchmarks beside their peers (ONLY=name)
	@$(RUN) -m bench $(if $(ONLY),--only $(ONLY))

soak: setup ## simulate SOAK= conversations (200000) on virtual time, from seed FROM= on; takes about an hour
	@$(RUN) -m sim --soak $(or $(SOAK),200000) --from $(or $(FROM),0)

openapi: setup ## write docs/openapi.json anew from the table of endpoints
	@$(RUN) -c "from shared.openapi import document_json; print(document_json(), end='')" > docs/openapi.json

authorization: setup ## write docs/authorization.md anew from the table of who may do what
	@$(RUN) -c "from shared.authorization import document; print(document(), end='')" > docs/authorization.md

schema: setup ## write config/schema/*.json anew from the models of the configuration
	@$(RUN) -c "from pathlib import Path; from shared.config.json_schema import write_schemas; write_schemas(Path('config/schema'))"

lock: ## write requirements.lock anew from the newest versions that fit
	@rm -rf .data/lock && $(RUN) -m venv .data/lock
	.data/lock/bin/pip install --quiet -r requirements.txt -r requirements-host.txt -r requirements-dev.txt
	{ sed -n '/^#/p' requirements.lock; .data/lock/bin/pip freeze --exclude pip --exclude setuptools; } > .data/requirements.lock
	mv .data/requirements.lock requirements.lock

clean: ## remove the environment and caches, not the data
	@rm -rf $(VENV) web/node_modules web/dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
