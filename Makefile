.PHONY: help demo test lint types contracts check format serve reference

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo:  ## serve the county with a month of work in it
	lims demo

serve:  ## serve what stands under LIMS_HOME
	lims serve

test:  ## the whole suite, against a real PostgreSQL
	pytest

lint:  ## style and formatting
	ruff check . && ruff format --check .

format:  ## put the code into the agreed form
	ruff check --fix . && ruff format .

types:  ## mypy, strict
	mypy

reference:  ## write docs/reference from the code
	python docs/reference/write.py

contracts:  ## who may import whom
	lint-imports

check:  ## everything that decides whether work lands
	.ci/run
