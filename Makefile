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
export PORT DATA_DIR SAMPLE PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup setup-run setup-bench run test check lint unit bench clean lock

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.dev ## only the set-up that run and test do by themselves
setup-run: $(VENV)/.run
setup-bench: $(VENV)/.bench

$(VENV)/bin/python:
	@python=$$(command -v $(PYTHON) || command -v python3 || true)
	if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
		echo "Atende needs Python 3.11 (the version of the Functions app); found: $$("$$python" --version 2>&1 || echo none). Set PYTHON=/path/to/python3.11" >&2
		exit 1
	fi
	"$$python" -m venv $(VENV)

# Each stamp depends on what it installs, so that a changed requirement is installed at the next command.
$(VENV)/.run: requirements.txt requirements-host.txt requirements.lock | $(VENV)/bin/python
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

run: setup-run local.settings.json ## start the embedded host (PORT=, DATA_DIR=)
	@exec $(RUN) -m devhost start

check: lint unit ## lint, types and unit tests, in under a minute

lint: setup
	@$(RUN) -m ruff format --check --quiet .
	$(RUN) -m ruff check --quiet .
	$(RUN) -m mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo 2>&1 | grep -v '^$$' | tail -n 8

unit: setup
	@$(RUN) -m pytest -n 4 -m "not slow"

test: setup lint ## everything that CI checks
	@$(RUN) -m pytest -n 4

bench: setup-bench ## benchmarks beside their peers (ONLY=name)
	@$(RUN) -m bench $(if $(ONLY),--only $(ONLY))

lock: ## write requirements.lock anew from the newest versions that fit
	@rm -rf .data/lock && $(RUN) -m venv .data/lock
	.data/lock/bin/pip install --quiet -r requirements.txt -r requirements-host.txt -r requirements-dev.txt
	{ sed -n '/^#/p' requirements.lock; .data/lock/bin/pip freeze --exclude pip --exclude setuptools; } > .data/requirements.lock
	mv .data/requirements.lock requirements.lock

clean: ## remove the environment and caches, not the data
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
