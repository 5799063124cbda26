# Needs GNU make and Python ≥ 3.11; the rest is installed into .venv from the lock files.
#
#   make run       a hall to try out: PORT, HALL_HOST, HALL_DATA, DATABASE_URL, REDIS_URL, VISITORS=1
#   make test      all tests, on SQLite and on PostgreSQL with Redis: ARGS="-k kiosk"
#   make bench     measurements: ARGS=…
#   make replay    a real day, replayed and compared: ARGS="--begin 09:00 --end 10:00"
#   make machine   days made up at random, on both databases: HALL_EXAMPLES=400
#   make lint      style, types, import contract
#   make messages  collect the strings to translate
#   make lock      write the lock files anew
#   make clean     remove what the others made, except the hall's data

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/*.po)
COMPILED := $(CATALOGUES:.po=.mo)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header pyproject.toml

# Both run on any Python, however old.
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
CAN_MAKE_VENV := import venv, ensurepip

.PHONY: run test bench replay machine lint messages lock clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

run: $(VENV)/runtime $(COMPILED)
	@$(BIN)/python -m hall.trial

test: $(VENV)/dev $(COMPILED)
	@$(BIN)/python -m tests $(ARGS)

bench: $(VENV)/dev $(COMPILED)
	@$(BIN)/python -m bench $(ARGS)

replay: $(VENV)/dev $(COMPILED)
	@$(BIN)/python -m tests.acceptance $(ARGS)

machine: export HALL_EXAMPLES ?= 400
machine: $(VENV)/dev $(COMPILED)
	@$(BIN)/python -m tests tests/test_line_machine.py $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

messages: $(VENV)/dev
	@$(BIN)/python -m tools.messages

lock: $(VENV)/dev
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --group dev --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f $(COMPILED)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

%.mo: %.po | $(VENV)/runtime
	@$(BIN)/python -m tools.catalogues

# Stamps: what the lock file asks for is installed. The development lock holds the other one's.
$(VENV)/runtime: requirements.lock | $(BIN)/python
	@echo "Installing what Hall needs into $(VENV) …"
	@$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what Hall and its tests need into $(VENV) …"
	@$(PIP) install --require-hashes -r $<
	@touch $@ $(VENV)/runtime

$(BIN)/python:
	$(if $(shell $(PYTHON) -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo yes),,$(error \
		Hall needs Python 3.11 or newer, and "$(PYTHON)" is not: make PYTHON=/path/to/python3.11))
	$(if $(shell $(PYTHON) -c '$(CAN_MAKE_VENV)' 2>/dev/null && echo yes),,$(error \
		"$(PYTHON)" cannot make $(VENV), it has no ensurepip: apt-get install python3-venv))
	@$(PYTHON) -m venv $(VENV)
