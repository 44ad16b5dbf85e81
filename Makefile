# Short recipes; what takes more than a line is in scripts/. Nothing here runs twice: finished
# steps leave a stamp whose name holds the hash of what it was made from.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
hash = $(shell cat $(1) 2>/dev/null | sha256sum | cut -c1-12)
STAMPS := .venv/.stamps
RUN := $(STAMPS)/run-$(call hash,requirements.txt scripts/python.sh)
DEV := $(STAMPS)/dev-$(call hash,requirements-dev.txt scripts/python.sh)
LLAMA := $(STAMPS)/llama-$(shell grep '^llama-cpp-python' requirements.txt | sha256sum | cut -c1-12)
PARALLEL = $(MAKE) --no-print-directory --jobs=4

RUN_PARTS := system-run $(RUN) web
ifndef LIVEKIT_URL
RUN_PARTS += livekit
endif
ifdef LLAMA_MODEL_PATH
RUN_PARTS += $(LLAMA)
endif

.PHONY: help setup run test check bench format generate setup-run setup-check setup-test system-run system-test livekit web

help: ## show this list
	@grep -hE '^[a-z]+:.* ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.* ## /  make \1\t/' | expand -t 16

setup: ## install what is missing to run Repartee (idempotent)
	@$(PARALLEL) setup-run

run: setup ## set up, then run everything and print the address of the try page
	@exec $(PY) -m services.launch --env-file .env $(LAUNCH)

test: ## set up, then pass every test: unit, contracts, integration, room, browser
	@$(PARALLEL) setup-test
	$(PY) -m pytest

check: ## format, lint, types, layers, scenarios (under 30 s once set up)
	@$(PARALLEL) setup-check
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-logo
	.venv/bin/mypy .
	$(PY) -m scenarios lint scenarios/library

bench: ## print the tables behind the README's figures; BENCH="room join" picks some
	@$(PARALLEL) setup-test
	$(PY) -m bench $(BENCH)

format: ## rewrite the code in the house format
	@$(PARALLEL) setup-check
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

generate: ## write anew what is written from code and packages: docs, schema, price list
	@$(PARALLEL) setup-check
	$(PY) -m scripts.settings_pages
	$(PY) -m scripts.price_snapshot
	$(PY) -m scenarios schema > scenarios/schema.json

setup-run: $(RUN_PARTS)
setup-check: $(RUN) $(DEV)
setup-test: system-test $(RUN) $(DEV) $(LLAMA) livekit web

system-run:
	@scripts/system.sh espeak-ng flite

system-test:
	@scripts/system.sh espeak-ng flite chromium redis-server postgresql:/usr/lib/postgresql \
	  fonts-dejavu-core:/usr/share/fonts/truetype/dejavu \
	  asterisk-core-sounds-fr:/usr/share/doc/asterisk-core-sounds-fr \
	  asterisk-core-sounds-en:/usr/share/doc/asterisk-core-sounds-en \
	  asterisk-core-sounds-fr-wav:/usr/share/asterisk/sounds/fr_CA_f_June \
	  asterisk-core-sounds-en-wav:/usr/share/asterisk/sounds/en_US_f_Allison

livekit:
	@scripts/livekit.sh

web:
	@scripts/web.sh

$(RUN):
	@scripts/python.sh $@ requirements.txt

$(DEV): | $(RUN)
	@scripts/python.sh $@ requirements-dev.txt

$(LLAMA): | $(RUN) $(if $(filter setup-test,$(MAKECMDGOALS)),$(DEV))
	@scripts/llama.sh $@
