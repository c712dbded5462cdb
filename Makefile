# Two commands: `make app` opens the dashboard, `make test` runs the tests. Both set up what they
# need the first time and reuse it afterwards.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: app test bench lint format clean

app: $(VENV)/.app
	@echo "Opening the dashboard on http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@$(BIN)/python -m cxr_valve.ui --server.port $(PORT)

test: $(VENV)/.test
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.test
	$(BIN)/python -m tests.bench

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Expected Python 3.11, found '$(PYTHON)'. Install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(BIN)/python
	@echo "Downloading the libraries in requirements.txt: about 3 GB (mostly torch with CUDA), 7 GB on disk. Once."
	$(PIP) install --progress-bar on --quiet -r requirements.txt
	@touch $@

$(VENV)/.test: tests/requirements.txt $(VENV)/.app
	@echo "Downloading the test tools in tests/requirements.txt: about 150 MB. Once."
	$(PIP) install --quiet -r tests/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV) .cache
