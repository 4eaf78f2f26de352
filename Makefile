# SPDX-License-Identifier: MIT
# Two commands matter: `make run` (the demonstration) and `make test` (every check without QEMU).
PYTHON ?= python3
VENV := .venv

.PHONY: run test lab-smoke clean

run: $(VENV)/.installed
	tools/demo

test: $(VENV)/.tested
	PYTHON=$(VENV)/bin/python tools/check

lab-smoke: $(VENV)/.tested
	tools/lab-smoke

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: setup.cfg pyproject.toml | $(VENV)/.made
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[test]'
	tools/alsa-extra $(VENV)/bin/pip
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info runs
