# One word for each thing to do; `make` alone lists them. CI calls `make test` and nothing else.

# the first Python 3.11 there is; pyenv's python3.11 may exist without working, so each is tried
PYTHON := $(shell for p in python3.11 python3 python; do $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
RUN := .venv/bin
OURS := webapp learner annotation models
# for `make bench`: where the packs of real documents are, and more arguments, such as BENCH="--only extraction --packs nda --sizes 25"
DATA ?= ../shared/data
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help up install test test-parts test-services test-fast journeys chaos check format demo-documents base-model bench screenshots lock sbom audit clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

up: install ## set everything up and run it, until Ctrl-C
	@$(RUN)/python manage.py up

install: ## the Python environments, at their locks
	@test -n "$(PYTHON)" || { echo "Docloop needs Python 3.11, and there is none here: install python3.11 (Debian 12: apt-get install python3.11-venv)"; exit 1; }
	@$(PYTHON) webapp/embedded/install.py

test: install ## every test, also the journeys with the real services
	@# at once: who waits for services leaves the others a core
	@$(MAKE) --no-print-directory -j 2 test-parts test-services

test-parts:
	@$(RUN)/python -m pytest --durations 15 -m "not journey and not chaos"

test-services:
	@$(RUN)/python -m pytest --durations 15 -m "journey or chaos"

test-fast: install ## the tests without training and without services, in under a minute
	@# importing transformers takes longer than the tests of the folder that is left out
	@$(RUN)/python -m pytest -n 2 -m "not slow and not journey" --ignore tests/models/extractors/layoutlm

journeys: install ## only the journeys with the real services
	@$(RUN)/python -m pytest -m journey

# for `make chaos`: more arguments, such as CHAOS="--chaos-seed 2 -k corrections"
CHAOS ?=
chaos: install ## kill and break what Docloop leans on, in long, and compare what is left
	@$(RUN)/python -m pytest -m chaos --chaos-full $(CHAOS)

check: install ## format, lint, types and who may import whom
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy $(OURS)
	@$(RUN)/lint-imports

format: install ## put the code into form
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix .

demo-documents: install ## generate receipts and invoices into demo-documents/
	@$(RUN)/python -m models.generator --out demo-documents

base-model: install ## pre-train models/base anew (6 minutes on a GPU, hours on two cores)
	@OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 $(RUN)/python -m models.pretraining

bench: install ## measure anew what benchmarks/RESULTS.md tells, on the packs in DATA=FOLDER
	@# as workers do: OpenMP's threads sleep while they wait
	@OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 $(RUN)/python -m benchmarks --data $(DATA) $(BENCH)

screenshots: install ## pictures of every page, light, dark and on a phone, in screenshots/
	@$(RUN)/python -m tests.journeys.screenshots

lock: install ## the locks anew, from requirements*.txt
	@uv=$$(command -v $(RUN)/uv || command -v uv) && \
	  $$uv pip compile -q --python-version 3.11 --override overrides.txt requirements-dev.txt -o requirements.lock && \
	  $$uv pip compile -q --python-version 3.11 requirements-label-studio.txt -o requirements-label-studio.lock

sbom: install ## what Docloop and Label Studio run with, as CycloneDX, in sbom.json and sbom-label-studio.json
	@uv=$$(command -v $(RUN)/uv || command -v uv) && for suffix in "" -label-studio; do \
	  $$uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py environment --of JSON -o sbom$$suffix.json .venv$$suffix || exit 1; done

audit: install ## known weaknesses of what the locks name; asks PyPI, so it needs the network
	@uv=$$(command -v $(RUN)/uv || command -v uv) && for lock in requirements.lock requirements-label-studio.lock; do \
	  $$uv tool run pip-audit==2.10.1 --disable-pip --no-deps --strict -r $$lock || exit 1; done

clean: ## what tools left behind; never data or environments
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles sbom*.json
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
