# Every target sets up what it needs: .venv is made on first use and again only when
# pyproject.toml or constraints.txt change.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | sha256sum | cut -c1-12)
RECIPE ?= short
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all coverage check docs networks notebooks table2 results

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	rm -f $(VENV)/.installed-* && touch $@

install: $(STAMP)  ## .venv with the tested versions of everything (2 to 5 minutes the first time)

test: $(STAMP)  ## the fast tests; one that hangs in C is ended after 400 s, with its stack
	$(BIN)/python -m pytest -n $(WORKERS) -o faulthandler_timeout=400 -o faulthandler_exit_on_timeout=true

test-all: $(STAMP)  ## every test, the slow ones too
	$(BIN)/python -m pytest -n $(WORKERS) -m ''

coverage: $(STAMP)  ## how much of src the fast tests reach, lines and branches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(STAMP)  ## ruff, ruff format, mypy --strict, and that no package imports from one above it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(STAMP)  ## a film of the network in the package; then Table 2 at a small scale, from nothing, into demo/
	$(BIN)/python -m bdnet.demo

results: $(STAMP)  ## tables, figures and numbers of the documents, from results/*.csv
	$(BIN)/python results/generate.py

docs: $(STAMP)  ## README and docs/ as a site, build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

networks: $(STAMP)  ## trains, tests and packs the networks in the package (half an hour on 2 cores)
	$(BIN)/python results/model_cards.py

notebooks: $(STAMP)  ## runs every notebook from beginning to end
	$(BIN)/python -m pytest tests/test_notebooks.py -m ''

table2: $(STAMP)  ## the paper's Table 2 on streets, ResNet-18, three seeds (1.5 hours on 2 cores; goes on when repeated; RECIPE=streets trains longer)
	$(BIN)/python -m bdnet.train sweep=table2 recipe=$(RECIPE)
	$(BIN)/python -m bdnet.report table=2 runs=runs/$(RECIPE) output=report
