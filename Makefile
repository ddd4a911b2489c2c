# Maninso: `make help` lists what there is.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--no-annotate $(LOCKFLAGS)

# Where this is set, each of the hundreds of processes that the tests start would compile the whole program.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
ARCHIVE ?= var/archive
LABELS ?= var/labels
PETITIONS ?= 500000
SITES ?= var

.PHONY: help demo test browser screens lint format bench bench-search lock install clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## set everything up, make a sample site and serve it (PORT=8000)
	@$(BIN)/maninso demo --port $(PORT)

# A journey waits now and then, so there is one process more than cores. What lint says comes at the end.
test: ## run lint and the whole suite beside each other
	@$(MAKE) --no-print-directory -j2 install browser
	@$(MAKE) --no-print-directory lint > .lint.log 2>&1 & lint=$$!; \
	$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist worksteal; suite=$$?; \
	wait $$lint; lint=$$?; cat .lint.log; exit $$((suite || lint))

# Journeys are gone by a real browser. Whoever may not install it gets a run without those, which says so.
browser: ## install Chromium, which the journeys of the suite need
	@for program in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$program >/dev/null && exit 0; done; \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium for the journeys" && \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq fonts-noto-cjk && \
		  { apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; }; } >/dev/null || \
		echo "NO BROWSER: Chromium is not installed, so journeys in a browser are skipped (sudo apt-get install chromium)"

screens: $(INSTALLED) browser ## pictures of the sample site in every state: var/screens/index.html (PORT=8177)
	@PORT=$(if $(filter command line,$(origin PORT)),$(PORT),8177) $(BIN)/python -m tests.screens

lint: $(INSTALLED) ## ruff, mypy and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## bring the code into its form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(INSTALLED) ## measure, and print ratios of one run
	@for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

# The sites are kept under SITES: a first run encodes the archive and fills the large one, over half an hour on two cores.
bench-search: $(INSTALLED) ## measure search on an archive (ARCHIVE=month files LABELS=labels and score.py, PETITIONS=500000)
	@$(BIN)/python bench/search/quality.py $(ARCHIVE) $(LABELS) --home $(SITES)/bench-search
	@$(BIN)/python bench/search/latency.py $(ARCHIVE) --petitions $(PETITIONS) --home $(SITES)/bench-search-large --vectors-of $(SITES)/bench-search

install: $(INSTALLED) ## the virtual environment in .venv, and nothing else

lock: $(INSTALLED) ## write the lock files anew (LOCKFLAGS=--upgrade for the newest versions)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --extra semantic -o requirements-semantic.lock
	@$(LOCK) pyproject.toml --extra parquet -o requirements-parquet.lock
	@$(LOCK) pyproject.toml --group dev -o requirements-dev.lock

clean: ## take the virtual environment and all caches away (var/ stays)
	@rm -rf $(VENV) .lint.log .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# One environment for everything: the demonstration starts from what the tests run with. The stamp is older than the
# lock file as soon as that changes, and then everything is installed anew. uv takes a fifth of pip's time; pip fetches
# it first, as it is locked, and does all where uv cannot, which heeds none of pip's settings.
$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Maninso needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		  { apt-get update -qq && apt-get install -y -qq python3-venv; } >/dev/null; } || \
		{ echo "Python's venv is missing. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what Maninso needs into $(VENV)"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	@{ $(PIP) --only-binary :all: --require-hashes -r $(VENV)/uv.lock && \
	   $(UV) --require-hashes -r requirements-dev.lock && $(UV) --no-deps --no-build-isolation -e .; } 2>/dev/null || \
	 { echo "uv could not; pip does it, which takes longer" && \
	   $(PIP) --require-hashes -r requirements-dev.lock && $(PIP) --no-deps --no-build-isolation -e .; }
	@touch $@
