# Two commands are enough on a fresh machine: `make demo` and `make test`.

VENV ?= .venv
BIN := $(VENV)/bin

# A pyenv shim exists for every version and runs only for the chosen one, so each is tried.
ifndef PYTHON
PYTHON := $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
endif

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt

RUNTIME := $(VENV)/.runtime
TOOLS := $(VENV)/.tools

.DEFAULT_GOAL := help
.PHONY: help demo test test-offline coverage lint format check audit bench bench-peers campaign deb deb-test \
	docs messages clean

help:  ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUNTIME)  ## a virtual modem, network and server with relay between them
	$(BIN)/relay demo

# The tests wait more than they compute. Who runs what, and when, is said in tests/conftest.py.
JOBS ?= 4
SIDE_BY_SIDE := --numprocesses $(JOBS) --dist loadfile

test: $(TOOLS)  ## the tests; arguments for pytest in ARGS, how many at a time in JOBS
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-offline: $(TOOLS)  ## the same in a network without any route: this machine and no other
	$(BIN)/python -m tests.offline $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

coverage: $(TOOLS)  ## the tests, with the share of the code that they run as a gate
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --skip-covered
	$(BIN)/python -m coverage report --skip-covered --include='relay/core/*' --fail-under=99

lint: $(TOOLS)  ## style, types, import contracts, spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(TOOLS)  ## put the code into the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: lint coverage  ## everything that a change must pass

AUDIT := $(VENV)/audit/bin/pip-audit

audit: $(AUDIT) $(TOOLS)  ## known vulnerabilities in the versions of constraints.txt
	$(BIN)/python -m tests.audit $(AUDIT)

# In an environment of its own: relay shall not run on what its auditor needs.
$(AUDIT): constraints.txt | $(BIN)/python
	$(BIN)/python -m venv --clear $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --constraint constraints.txt pip-audit
	@touch $@

bench: $(TOOLS)  ## measure; prints the tables of docs/performance.md
	$(BIN)/python -m tests.bench $(ARGS)

PEERS := gammu-smsd libdbd-sqlite3 smstools

bench-peers: $(TOOLS)  ## relay beside two other gateways; root installs them by apt
	@dpkg --status $(PEERS) >/dev/null 2>&1 || test "$$(id -u)" != 0 || { apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PEERS); } \
		|| echo 'apt could not install $(PEERS).'
	$(BIN)/python -m tests.bench peers

campaign: $(TOOLS)  ## long campaigns of cuts and kills; names in ARGS; writes docs/reliability.md
	$(BIN)/python -m tests.campaign $(ARGS)

deb: $(RUNTIME)  ## the package for Debian 12, with all that it needs inside; in build/
	PYTHON=$(BIN)/python debian/build

DEB_TEST := debootstrap systemd-container

deb-test: $(RUNTIME)  ## try the package on a clean Debian 12 machine without network; as root
	@dpkg --status $(DEB_TEST) >/dev/null 2>&1 || test "$$(id -u)" != 0 || { apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEB_TEST); } \
		|| echo 'apt could not install $(DEB_TEST).'
	PYTHON=$(BIN)/python VERSION=0.0.1-1 OUT=build/deb-test debian/build
	PYTHON=$(BIN)/python VERSION=0.0.2-1 OUT=build/deb-test debian/build
	tests/install/debian.sh build/deb-test/relay_0.0.1-1_*.deb build/deb-test/relay_0.0.2-1_*.deb

docs: $(RUNTIME)  ## draw the state diagrams, the page of commands and the screens again
	$(BIN)/python docs/diagrams.py
	$(BIN)/python docs/cli.py
	$(BIN)/python docs/live_screens.py
	$(BIN)/python docs/screens.py

messages: $(TOOLS)  ## gather what is said to people for translation; a new language in ARGS
	$(BIN)/python docs/messages.py $(ARGS)

clean:  ## remove what make and the tools made
	rm -rf .venv build dist *.egg-info .coverage .coverage.* htmlcov .hypothesis \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment. It is made again, piece by piece, when what it should hold changes.

$(BIN)/python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'relay needs Python 3.11 or newer and found none$(if $(PYTHON), as $(PYTHON)).'; \
		echo 'On Debian 12:  apt install python3 python3-venv'; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make a virtual environment: a part of it is packaged apart.'; \
		echo 'On Debian 12:  apt install python3-venv   and run make again'; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) setuptools
	$(PIP) --no-build-isolation --editable .
	@touch $@

$(TOOLS): $(RUNTIME)
	$(PIP) --no-build-isolation --editable '.[test,check,field]'
	@touch $@
