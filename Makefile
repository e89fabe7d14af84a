# make run    start the example: a replayed Linky and a simulated workshop
# make test   checks, then every test; installs what it needs
# make check  ruff, ruff format, mypy --strict
# make bench  speed and memory, as ratios against a peer in the same run; SECTIONS="modbus --quick"
# make soak   KILLS=200 kills of the running program, TURNS=100 runs of the state machines of an
#             index, FRAMES=1000000 damaged Modbus frames, EXCHANGES=10000 on a shared line
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CONFIG ?= config.example.yaml
INSTALL := apt-get update -qq && apt-get install -y -qq --no-install-recommends
PEERS  := gcc libc6-dev pkg-config libmodbus-dev

KILLS  ?= 200
TURNS  ?= 100
FRAMES ?= 1000000
EXCHANGES ?= 10000
FUZZED   := tests/conformance/test_fuzz.py tests/conformance/test_fuzz_sockets.py
SHARED   := tests/modbus/rtu/test_splitter.py tests/conformance/test_multidrop.py
MACHINES := tests/meter/test_energy_machine.py tests/meter/test_visible_index.py

.PHONY: run test check bench soak tools peers clean

run: $(VENV)/.runtime
	$(BIN)/submeter run $(CONFIG)

test: check tools
	$(BIN)/pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev peers
	$(BIN)/python -m tests.bench $(SECTIONS)

# Hypothesis draws other examples in every run, the fuzz other frames: it tells its seed when it fails.
soak: $(VENV)/.dev
	SUBMETER_KILLS=$(KILLS) $(BIN)/pytest tests/crash
	SUBMETER_FUZZ=$(FRAMES) SUBMETER_SEED=$$(date +%s) $(BIN)/pytest $(FUZZED)
	SUBMETER_FUZZ=$(FRAMES) SUBMETER_EXCHANGES=$(EXCHANGES) $(BIN)/pytest --timeout=7200 $(SHARED)
	for turn in $$(seq $(TURNS)); do $(BIN)/pytest $(MACHINES) || exit 1; done

# mbpoll is a Debian package: only root can install it.
tools:
	@command -v mbpoll >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && $(INSTALL) mbpoll >/dev/null || \
	  echo "mbpoll is not installed, its acceptance tests are skipped: sudo apt-get install mbpoll"; }

# The yardstick of the Modbus figures is a C server built on libmodbus.
peers:
	@pkg-config --exists libmodbus 2>/dev/null && command -v cc >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && $(INSTALL) $(PEERS) >/dev/null || \
	  echo "libmodbus is not installed, its comparison is skipped: sudo apt-get install $(PEERS)"; }

# A venv without pip is what a machine without python3-venv leaves behind.
$(BIN)/pip:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) build dist
