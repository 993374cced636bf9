# make run     Keyhouse with a real API behind it, and its story   (ONCE=1: end after the story)
# make test    lint, types, layers and all tests
# make lint    lint, types and layers alone
# make native  compile the hot path beside its sources; test and bench do it as well
# make bench   side by side with peers: bench/results.json, bench/RESULTS.md
#              (QUICK=1: a minute for the main rows; COLD_KEYS=10000000: a cold key is looked
#              for among these, which takes 20 minutes and 15 GB)
# make pictures  the console's pages as docs/pictures shows them
# make soak    kill -9 under load, again and again; a minute without the database; a network
#              that is cut (as root alone); many
#              lives of keys; the promised sizes; made-up files, histories and stories of
#              the API; fuzzing (ROUNDS=200 LIVES=500 STORIES=1000 KEYS=1000000 FUZZ_SECONDS=120)
# make assets  what the console's pages use, from npm's lock   (the others make it too)
# make client-shapes  the client's types, from the management API's own document
# make lock    write requirements/*.txt anew from the pyproject files   (UPGRADE=1: newest versions)
# make clean   remove what the others made
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test lint native bench pictures soak client-shapes lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VENDOR := src/keyhouse/doors/console/static/vendor
PROJECTS := pyproject.toml client/pyproject.toml examples/webdata/pyproject.toml
CODE := src client examples bench tests hatch_build.py
# Debian's own; the tests of the console drive it.
BROWSER := /usr/bin/chromium
NGINX := /usr/sbin/nginx
# Peers of bench/; the tests start each of them.
LUA := /usr/lib/nginx/modules/ngx_http_lua_module.so
HAPROXY := /usr/sbin/haproxy
WRK := /usr/bin/wrk
# What the compiler needs: Python's own headers, and a C compiler beside them.
HEADERS := $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
# A keychain, and the bus that it is asked on.
KEYCHAIN := /usr/bin/gnome-keyring-daemon
BUS := /usr/bin/dbus-run-session
# Networks that are cut, in make soak.
IP := /usr/sbin/ip

# From the lock alone: exact versions, each with its hash. uv is quick; where only pip
# knows the way to an index, pip installs the same.
define install
$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) \
  || $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(1)
$(BIN)/python -m pip install --quiet --no-deps --no-index --no-build-isolation \
  -e . -e client -e examples/webdata
touch $@
endef

define compile
command -v gcc >/dev/null || { apt-get update -qq \
  && apt-get install -qq -y --no-install-recommends gcc libc6-dev; }
$(BIN)/python hatch_build.py
endef

# Starts quicker than it compiles: as it is, or from the sources where these are newer.
run: $(VENV)/run.stamp $(VENDOR)/icons.json
	$(BIN)/python hatch_build.py --check || $(BIN)/python hatch_build.py --clean
	$(BIN)/keyhouse demo $(if $(ONCE),--once)

test: $(VENV)/test.stamp $(BROWSER) $(NGINX) $(LUA) $(HAPROXY) $(KEYCHAIN) $(BUS) \
  $(VENDOR)/icons.json $(HEADERS)
	$(MAKE) --no-print-directory -j 2 lint native
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

# docs/pictures anew, from a real installation.
pictures: $(VENV)/test.stamp $(BROWSER) $(VENDOR)/icons.json
	KEYHOUSE_PICTURES=docs/pictures $(BIN)/python -m pytest tests/console/test_gallery.py

lint: $(VENV)/test.stamp
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

native: $(VENV)/test.stamp $(HEADERS)
	$(call compile)

bench: $(VENV)/bench.stamp $(NGINX) $(LUA) $(HAPROXY) $(WRK) $(VENDOR)/icons.json $(HEADERS)
	$(call compile)
	$(if $(COLD_KEYS),KEYHOUSE_BENCH_KEYS=$(COLD_KEYS)) $(BIN)/python bench/run.py $(if $(QUICK),--quick)

soak: $(VENV)/soak.stamp $(HEADERS) $(IP)
	$(call compile)
	KEYHOUSE_SOAK_ROUNDS=$(or $(ROUNDS),200) KEYHOUSE_SOAK_BODY_BYTES=1073741824 \
	  KEYHOUSE_SOAK_IDLE=10000 KEYHOUSE_SOAK_EVENTS=2000 KEYHOUSE_SOAK_IMPORT=100000 \
	  KEYHOUSE_SOAK_AWAY=60 KEYHOUSE_SOAK_FLOOD=2000 KEYHOUSE_SOAK_REVOKED=5000 \
	  $(if $(filter 0,$(shell id -u)),KEYHOUSE_SOAK_NETWORK=30) \
	  $(BIN)/python -m pytest -rP tests/faults $(ARGS)
	KEYHOUSE_SOAK_FILES=$(or $(FILES),300) \
	  $(BIN)/python -m pytest -rP tests/services/declare/test_round_trip.py $(ARGS)
	KEYHOUSE_SOAK_ROLLUPS=$(or $(HISTORIES),200) \
	  $(BIN)/python -m pytest -rP tests/contracts/test_rollups.py $(ARGS)
	KEYHOUSE_SOAK_LIVES=$(or $(LIVES),500) $(BIN)/python -m pytest -rP tests/life $(ARGS)
	KEYHOUSE_SOAK_STORIES=$(or $(STORIES),1000) \
	  $(BIN)/python -m pytest -rP tests/doors/api/test_stateful.py $(ARGS)
	KEYHOUSE_SCALE_KEYS=$(or $(KEYS),1000000) KEYHOUSE_SCALE_TIMED=1 \
	  KEYHOUSE_SCALE_COLD_KEYS=$(or $(COLD_KEYS),10000000) \
	  $(BIN)/python -m pytest -rP tests/scale $(ARGS)
	for what in requests answers; do \
	  KEYHOUSE_INTERPRETED=1 $(BIN)/python -m tests.doors.gateway.raw.explore $$what \
	    $$(( $(or $(FUZZ_SECONDS),120) / 2 )) || exit 1; done

assets: $(VENDOR)/icons.json

client-shapes: $(VENV)/test.stamp
	$(BIN)/python -m client.generate

lock: $(VENV)/uv.stamp
	UV=$(BIN)/uv requirements/lock.sh $(if $(UPGRADE),--upgrade)

clean:
	find src -name '*.so' -delete
	rm -rf $(VENV) $(VENDOR) web/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

$(NGINX):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends nginx-light

# Beside nginx-light, which loads it as a module.
$(LUA): | $(NGINX)
	apt-get update -qq && apt-get install -qq -y --no-install-recommends libnginx-mod-http-lua

$(HAPROXY):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends haproxy

$(WRK):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends wrk

$(HEADERS):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends gcc libc6-dev python3-dev

$(KEYCHAIN):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends gnome-keyring

$(BUS):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends dbus-daemon

$(IP):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends iproute2

$(BROWSER):
	apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium

# Debian keeps venv in a package of its own.
$(VENV)/uv.stamp: requirements/uv.txt
	$(PYTHON) -m venv $(VENV) || { apt-get update -qq \
	  && apt-get install -qq -y python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	touch $@

$(VENV)/run.stamp: requirements/run.txt $(PROJECTS) | $(VENV)/uv.stamp
	$(call install,requirements/run.txt)

$(VENV)/test.stamp: requirements/test.txt $(PROJECTS) | $(VENV)/uv.stamp
	$(call install,requirements/test.txt)

$(VENV)/soak.stamp: requirements/soak.txt $(VENV)/test.stamp
	$(call install,requirements/soak.txt)

$(VENV)/bench.stamp: requirements/bench.txt $(PROJECTS) | $(VENV)/uv.stamp
	$(call install,requirements/bench.txt)

# Debian keeps npm apart from Node.
$(VENDOR)/icons.json: web/package-lock.json web/build.mjs web/icons.txt
	command -v npm >/dev/null || { apt-get update -qq && apt-get install -qq -y nodejs npm; }
	cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs
