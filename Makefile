# ClientNest: `make help` lists what there is to do. Every target sets up what it needs by itself.
# JOBS: tests wait more than they work, so there are more at once than cores.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8501
JOBS   ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
BIN    := $(VENV)/bin
SOURCES := app.py crm_core pages workers tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format fuzz mutants bench libraries browser clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run libraries ## start ClientNest at http://localhost:8501 (PORT=… for another port)
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || { \
	  echo "Port $(PORT) cannot be used; ClientNest may be running at http://localhost:$(PORT) already." >&2; \
	  echo "To start it on another port: make run PORT=8600" >&2; exit 1; }
	@echo "ClientNest starts at http://localhost:$(PORT) (Ctrl-C ends it)"
	@CRM_LOCAL_ADMIN=$${CRM_LOCAL_ADMIN:-1} exec $(BIN)/streamlit run app.py --server.port $(PORT) --server.address 127.0.0.1

test: $(VENV)/.dev libraries browser ## run all tests, against real servers and a real browser (JOBS=… at once; unset, one more than there are cores)
	$(BIN)/python -m pytest -n $(JOBS) --no-loadscope-reorder

test-fast: $(VENV)/.dev ## run the tests that need no server and no browser
	$(BIN)/python -m pytest tests/unit tests/property tests/architecture

check: $(VENV)/.dev ## format, lint, types, import contracts, then all tests
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/.dev ## format the code and fix what the linter can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

fuzz: $(VENV)/.dev libraries ## hold many random rules against all engines, many requests against the API, many kills against all
	CLIENTNEST_RULE_TREES=20000 $(BIN)/python -m pytest tests/integration/test_engines_agree.py tests/integration/test_previews_agree.py --timeout 3600
	CLIENTNEST_MESSAGES=1000000 $(BIN)/python -m pytest tests/integration/test_engagement_rules.py --timeout 3600
	CLIENTNEST_FUZZ_EXAMPLES=200 $(BIN)/python -m pytest tests/api/test_schemathesis.py --timeout 3600
	CLIENTNEST_HISTORIES=1000 $(BIN)/python -m pytest tests/faults/test_histories.py tests/integration/test_campaign_histories.py --timeout 3600
	CLIENTNEST_ADDRESS_HISTORIES=200 $(BIN)/python -m pytest tests/integration/test_addresses_agree.py --timeout 3600
	CLIENTNEST_KILLED_IMPORTS=20 $(BIN)/python -m pytest tests/faults/test_cdnow.py --timeout 3600
	CLIENTNEST_PAUSES=30 $(BIN)/python -m pytest tests/browser/test_campaigns.py -k click_on_pause --timeout 3600
	CLIENTNEST_CAMPAIGN_KILLS=3x20000x12 $(BIN)/python -m pytest tests/faults/test_campaign_kills.py --timeout 3600

mutants: $(VENV)/.dev ## plant small bugs in the core, show those that tests let live (ONLY=crm_core/rules SERVERS=1 TENTH=1)
	nice -n 10 $(BIN)/python -m tests.mutants $(if $(SERVERS),--servers) $(if $(TENTH),--tenth) $(or $(ONLY),crm_core)

bench: $(VENV)/.dev ## print figures, each beside its bare baseline of the same run (ONLY=ingestion for part of them)
	$(BIN)/python -m benchmarks $(ONLY)

clean: ## remove the virtual environment and caches; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("ClientNest needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); \
	  else echo "Install Python's venv module: sudo apt-get install python3-venv" >&2; exit 1; fi; }

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing the packages of requirements.txt, once"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing the packages of requirements-dev.txt, once"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

libraries: # what the embedded MongoDB needs and slim systems lack
	@if [ -x /sbin/ldconfig ] && command -v apt-get >/dev/null && ! /sbin/ldconfig -p | grep -q libcurl.so.4; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    echo "Installing $$(cat packages.txt), which the embedded MongoDB needs"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$(cat packages.txt) >/dev/null; \
	  else echo "The embedded MongoDB needs a library: sudo apt-get install $$(cat packages.txt)" >&2; fi; fi

browser: # without windows Chromium takes less of the processor
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "Installing Debian's chromium-headless-shell for the browser tests"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; \
	  else echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium-headless-shell)" >&2; exit 1; fi; }
