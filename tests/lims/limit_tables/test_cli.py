"""A terminal tells what a table would change, and by its exit status whether every row can be used."""

import json

import pytest

from lims.catalog.cli import catalog_group
from lims.limit_tables.columns import OFFICIAL
from tests.factories.limit_tables import file_of, row_of


@pytest.fixture
def run(app, session, monkeypatch):
    """Run a command inside the test's own transaction, which `with_database` would otherwise replace."""
    monkeypatch.setattr("lims.runtime.connect", lambda _app: None)
    monkeypatch.setattr("lims.runtime.disconnect", lambda: None)

    def invoke(*arguments: str):
        return app.test_cli_runner().invoke(catalog_group, ["limit-table", *arguments, "--from", "2026-12-01"])

    return invoke


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        path = tmp_path / "table.csv"
        path.write_bytes(file_of(*rows))
        return str(path)

    return write


def test_a_row_is_told_with_what_is_in_force_and_what_the_table_says(run, table):
    result = run(table(row_of(standard_max="0.15", limit_max="")))
    assert result.exit_code == 0
    assert "Limit ≤0.2 mg/kg → ≤0.15 mg/kg" in result.stdout
    assert "Changes 1" in result.stderr


def test_rows_come_as_json_and_a_row_that_cannot_be_used_ends_in_exit_status_1(run, table):
    result = run(table(row_of(), row_of(item="香蕉素")), "--json", "--only", "unknown")
    assert result.exit_code == 1
    [row] = map(json.loads, result.stdout.splitlines())
    assert (row["row"], row["problems"][0]["column"]) == (3, "item")


def test_a_file_that_is_no_table_is_wrong_use(run, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    result = run(str(path))
    assert result.exit_code == 2
    assert "No header found" in result.stderr


def test_the_columns_are_printed_as_a_line_to_begin_a_table_with(app):
    result = app.test_cli_runner().invoke(catalog_group, ["limit-table-columns"])
    assert result.stdout.strip().split(",") == list(OFFICIAL.values())
