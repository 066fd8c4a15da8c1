# On a machine with Python 3.11 or later, git and make:
#   make demo    pyfmt on a small monorepo
#   make test    every test
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# Named by pyproject.toml's content: a fresh clone's time stamps say nothing.
STATE := $(shell cksum < pyproject.toml | cut -d ' ' -f 1)
PROGRAM := $(VENV)/.pyfmt-$(STATE)
STAMP := $(VENV)/.installed-$(STATE)
JOBS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=
SOAK_ARGS ?=
PRIMER_ARGS ?=

# The first one that is new enough and can make a virtual environment with pip in it.
define FIND_PYTHON
find_python() { \
    for candidate in $${PYTHON:-} python3.11 python3 python3.12 python3.13 python3.14 python; do \
        if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
            echo "$$candidate"; return 0; \
        fi; \
    done; \
    return 1; \
}
endef

# Debian ships Python without ensurepip.
INSTALL_ENSUREPIP := [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes python3-venv > /dev/null

.PHONY: help install demo test lint lint-types lint-tree docs bench bench-real bench-environments primer soak soak-faults fuzz fuzz-coverage system clean site

help:
	@echo 'make demo    run pyfmt on a copy of examples/monorepo; installs pyfmt into $(VENV), nothing of its tests'
	@echo 'make test    run every test'
	@echo 'make lint    pyfmt on itself, mypy --strict, import contracts'
	@echo 'make docs    docs/reference.md and the report that README.md opens with, from the commands themselves'
	@echo 'make site    the documentation as a website, in build/site'
	@echo 'make bench   pyfmt beside what it replaces; writes benchmarks/RESULTS.md (BENCH_ARGS: its options, --help tells)'
	@echo 'make bench-real  the same on real code: packages of PyPI in environments of their own; writes benchmarks/RESULTS-real.md'
	@echo 'make primer  what a change does to 16 real monorepos, beside the tools in place (PRIMER_ARGS: --landed REV, --oracle)'
	@echo 'make soak    thousands of random edits, each cached report compared with a cold one (SOAK_ARGS: --seed, --steps)'
	@echo 'make soak-faults  system calls of a run fail in turn, for each program and file (FAULTS: how many)'
	@echo 'make fuzz    damaged inputs of every format, guided by coverage (FUZZ=20000 for each)'
	@echo 'make fuzz-coverage  the same with atheris, by branches (FORMATS: files of tests/data/fuzz, SECONDS for each)'
	@echo 'make clean   remove what these made'

install: $(STAMP)

$(PROGRAM):
	@$(FIND_PYTHON); \
	python="$$(find_python)" || { $(INSTALL_ENSUREPIP) && python="$$(find_python)"; } || { \
	    echo 'make: no Python 3.11 or later that can make virtual environments (Debian: apt-get install python3-venv)' >&2; \
	    exit 1; \
	}; \
	echo "making $(VENV) with $$("$$python" --version): pyfmt, isort, black, pylint, mypy, uv (from PyPI, about 240 MB on disk)" >&2; \
	"$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip -qq --disable-pip-version-check install --editable '.[jupyter]'
	@touch $@

# What the tests need besides.
$(STAMP): $(PROGRAM)
	@echo 'installing what the tests need into $(VENV)' >&2
	@$(BIN)/python -m pip -qq --disable-pip-version-check install --editable '.[dev]'
	@touch $@

# Exit code 1 says that there are findings: the demo is there to show them.
demo: $(PROGRAM)
	@pyfmt="$$PWD/$(BIN)/pyfmt"; \
	scratch="$$(mktemp -d "$${TMPDIR:-/tmp}/pyfmt-demo.XXXXXX")"; \
	cp -R examples/monorepo/. "$$scratch"; \
	cd "$$scratch"; \
	git init --quiet; \
	git add --all; \
	echo "demo: $$scratch, with an environment for each of its projects (from PyPI, about 20 MB)"; \
	echo '$$ pyfmt envs create --all'; \
	"$$pyfmt" envs create --all; \
	echo '$$ pyfmt check'; \
	code=0; "$$pyfmt" check || code=$$?; \
	if [ "$$code" -gt 1 ]; then exit "$$code"; fi; \
	echo "exit code $$code; have a look around in $$scratch"

test: $(STAMP) system
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: lint-types lint-tree

lint-types: $(STAMP)
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict --python-version 3.10 pyfmt/tools/worker pyfmt/tools/pylint/worker pyfmt/tools/mypy/worker pyfmt/tools/black/worker
	$(BIN)/lint-imports

lint-tree: $(STAMP)
	$(BIN)/pyfmt check

docs: $(STAMP)
	$(BIN)/python -m pyfmt.cli.reference > docs/reference.md.new
	mv docs/reference.md.new docs/reference.md
	$(BIN)/python -m tests.support.pages

# mkdocs has an environment of its own, which uv keeps; a link that leads nowhere is an error (strict).
site: $(PROGRAM)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/uv tool run --with 'mkdocs-material>=9.6,<10' --from 'mkdocs>=1.6,<2' mkdocs build --quiet
	@echo build/site/index.html

# Finding and reading 360 real environments, which it makes first (a minute or two).
bench-environments: $(STAMP)
	@$(BIN)/python benchmarks/environments.py

# Installs pre-commit, prek and ruff for itself; takes an hour or two with all sizes of growth, and says so before.
bench: $(STAMP)
	@$(BIN)/python -m benchmarks.run $(BENCH_ARGS)

# Real code from PyPI's sdists, kept in the user's cache folder (PYFMT_CORPORA).
bench-real: $(STAMP)
	@$(BIN)/python -m benchmarks.real $(BENCH_ARGS)

primer: $(STAMP)
	@$(BIN)/python -m benchmarks.primer $(PRIMER_ARGS)

soak: $(STAMP)
	@$(BIN)/python -m tests.cache.soak $(SOAK_ARGS)

# Every call of the system fails in turn and in every way, or is a process's last; FAULTS: how many of the calls that
# one program makes about one file (1000000: each of mypy's thousands of writes to its databases, too).
FAULTS ?= 5
soak-faults: $(STAMP)
	@PYFMT_FAULTS=$(FAULTS) $(BIN)/python -m pytest -n $(JOBS) tests/attack/test_every_fault.py $(PYTEST_ARGS)

# Mutations of the corpus of every format that is read; FUZZ is their number for each.
FUZZ ?= 20000
fuzz: $(STAMP)
	@PYFMT_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n $(JOBS) tests/fuzz $(PYTEST_ARGS)

# In an environment of its own: atheris has wheels for few systems and Pythons.
FORMATS ?= notebook.ipynb report.json baseline.jsonl requirements.txt poetry.lock entries.raw gitignore x.pth pyvenv.cfg
SECONDS ?= 600
fuzz-coverage: $(STAMP)
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python build/atheris
	@$(BIN)/uv pip install --quiet --python build/atheris/bin/python --editable '.[test]' atheris
	@for name in $(FORMATS); do build/atheris/bin/python -m tests.fuzz.guided "$$name" build/fuzzed --seconds $(SECONDS) || exit 1; done

# System packages that tests need; where they cannot be installed, those tests say what is missing.
system:
	@.ci/system-packages

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
