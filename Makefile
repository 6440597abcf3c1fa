# make demo and make test set up everything they need. Long suites and measurements: make soak, make bench.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := $(UV) run --frozen --no-sync
DATA ?= data
LOCALES := src/wattledger/web/locale
# what the tests' independent peers come from: libmodbus and a C compiler, mbpoll, collectd, tshark, openssl, stunnel, the fake
# clock, and the browser of tests/browser
TEST_PACKAGES := curl gcc libc6-dev libmodbus-dev mbpoll collectd-core tshark openssl stunnel4 faketime procps chromium
TEST_FILES := /usr/bin/curl /usr/bin/gcc /usr/include/modbus/modbus.h /usr/bin/mbpoll /usr/lib/collectd/modbus.so \
	/usr/bin/tshark /usr/bin/openssl /usr/bin/stunnel4 /usr/bin/faketime /usr/bin/pgrep /usr/bin/chromium
# what is paced to the millisecond comes last, when the servers of tests/wire/whole have gone
PACED := tests/wire/engine/ tests/wire/fieldbus/
SUITES := tests/unit/ tests/browser/ $(filter-out tests/wire/whole/ $(PACED),$(sort $(dir $(wildcard tests/wire/*/test_*.py)))) $(PACED)
# tests of `make test` that `make soak` runs for longer
LONGER := tests/wire/whole/test_life.py tests/wire/fieldbus/test_dissection.py \
	tests/wire/fieldbus/rtu/test_rtu_dissection.py tests/unit/fieldbus/test_fuzz.py
NODE_PEERS := tests/peers/node_modules/.package-lock.json
NPM_CI := $(RUN) tools/npm ci --ignore-scripts --no-audit --no-fund --silent
# what browsers load: built from frontend/, whose packages are there with or without those that check it
FRONTEND := src/wattledger/web/static/staticfiles.json
FRONTEND_SOURCES := $(wildcard frontend/*.mjs frontend/*.svg frontend/package-lock.json frontend/src/* frontend/styles/*)
NODE_FRONTEND := frontend/node_modules/.package-lock.json
NODE_CHECKS := frontend/node_modules/.checks

FIGURES := $(addprefix bench/,rtu_cycle.py silent_device.py many_devices.py modbus_masters.py archive_tick.py archive_slices.py card_writes.py \
	archive_growth.py rtu_late_answers.py)

.PHONY: setup setup-test demo run test lint bench soak translations docs

setup: .tools/ready-demo $(FRONTEND)

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || tools/install-packages python3-venv
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'

.tools/ready-demo: .tools/bin/uv pyproject.toml uv.lock $(wildcard $(LOCALES)/*/LC_MESSAGES/*.po)
	@$(UV) sync --quiet --frozen --inexact --no-default-groups --group build --extra demo
	@$(RUN) pybabel --quiet compile --directory $(LOCALES) --domain django
	@touch $@

.tools/ready-dev: .tools/ready-demo
	@$(UV) sync --quiet --frozen --all-groups --all-extras
	@touch $@

$(NODE_FRONTEND): frontend/package-lock.json | .tools/ready-demo
	@$(NPM_CI) --prefix frontend --omit=dev
	@touch $@

$(FRONTEND): $(FRONTEND_SOURCES) $(NODE_FRONTEND) | .tools/ready-demo
	@$(RUN) tools/npm run build --prefix frontend --silent

$(NODE_CHECKS): frontend/package-lock.json | .tools/ready-dev
	@$(NPM_CI) --prefix frontend
	@touch $(NODE_FRONTEND) $@

$(NODE_PEERS): .tools/ready-dev tests/peers/package-lock.json
	@$(NPM_CI) --prefix tests/peers --omit=optional
	@touch $@

setup-test: .tools/ready-dev $(NODE_PEERS) $(NODE_CHECKS) $(FRONTEND)
	@for file in $(TEST_FILES); do [ -e $$file ] || { tools/install-packages $(TEST_PACKAGES); break; }; done

demo: setup
	@$(RUN) wattledger demo

run: setup
	@$(RUN) wattledger run --data $(DATA)

test: setup-test
	@$(RUN) tools/npm test --prefix frontend --silent
	@$(RUN) tools/timed-suites --beside tests/wire/whole/ $(SUITES)

soak: setup-test
	@SOAK_KILLING_S=300 SOAK_TRAFFIC_S=60 SOAK_FRAMES=1000000 $(RUN) tools/timed-suites tests/soak $(LONGER)

bench: setup-test
	@$(RUN) python bench/table.py $(FIGURES)

lint: .tools/ready-dev $(NODE_CHECKS)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) python tools/check_licences.py
	$(RUN) python tools/check_tree.py
	$(RUN) python tools/check_translations.py
	$(RUN) python tools/generated_docs.py --check
	$(RUN) djlint --check --lint --quiet src/wattledger
	$(RUN) tools/npm run lint --prefix frontend --silent

docs: .tools/ready-dev
	@$(RUN) python tools/generated_docs.py

translations: .tools/ready-dev
	$(RUN) python -m babel.messages.frontend extract --mapping-file tools/babel.cfg --keywords gettext_lazy --keywords pgettext_lazy:1c,2 --output $(LOCALES)/django.pot --project wattledger --no-location --sort-output --width 120 src/wattledger
	$(RUN) pybabel update --domain django --input-file $(LOCALES)/django.pot --output-dir $(LOCALES) --no-fuzzy-matching --ignore-pot-creation-date --width 120
	rm $(LOCALES)/django.pot
