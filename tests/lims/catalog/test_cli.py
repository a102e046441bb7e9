import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from lims.catalog import cli
from lims.catalog.cli import catalog_group
from lims.db import db


@pytest.fixture
def run(app: Flask, catalogue, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command inside the test's own transaction, which `with_database` would otherwise replace."""
    monkeypatch.setattr("lims.runtime.connect", lambda _app: None)
    monkeypatch.setattr("lims.runtime.disconnect", lambda: None)

    def invoke(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(catalog_group, arguments)

    assert db.joins_outer_transaction
    return invoke


def test_a_limit_is_found_by_food_and_item(run):
    result = run("limit", "韭菜", "腐霉利", "--on", "2026-11-23")
    assert result.exit_code == 0
    assert result.stdout.startswith("≤5 mg/kg\tGB 2763.1-2022\t韭菜")


def test_a_limit_as_json_carries_its_source_and_trust(run):
    body = json.loads(run("limit", "菠菜", "铅", "--on", "2026-11-23", "--json").stdout)
    assert (body["limit"], body["unit"], body["basis"]) == ("≤0.3", "mg/kg", "GB 2762-2025")
    assert body["source"]
    assert body["trust"] == "R"


def test_a_day_whose_edition_is_not_loaded_is_answered_with_its_name_and_exit_status_1(run):
    result = run("limit", "菠菜", "铅", "--on", "2026-09-01")
    assert result.exit_code == cli.NOT_ANSWERED
    assert "GB 2762-2022" in result.stdout


def test_no_limit_is_exit_status_1_and_an_unknown_item_exit_status_2(run):
    assert run("limit", "一种没有的食品", "腐霉利").exit_code == cli.NOT_ANSWERED
    unknown = run("limit", "韭菜", "没有这个项目")
    assert unknown.exit_code == 2
    assert "没有这个项目" in unknown.stderr


def test_a_deadline_is_computed_from_the_command_line(run):
    assert run("deadline", "report_issue", "2026-09-18").stdout == "2026-10-22\n"
    assert json.loads(run("deadline", "report_issue", "2026-12-20", "--json").stdout)["provisional"]


@pytest.mark.parametrize("code", ["no_such_code", "samplers_min"])
def test_what_is_no_deadline_is_used_wrongly(run, code):
    assert run("deadline", code, "2026-09-18").exit_code == 2


def test_parameters_are_listed_with_value_unit_and_source(run):
    lines = [json.loads(line) for line in run("parameters", "--json").stdout.splitlines()]
    by_code = {line["code"]: line for line in lines}
    assert (by_code["report_issue"]["value"], by_code["report_issue"]["unit"]) == ("20", "working_day")
    assert all(line["source"] for line in lines)
