"""The digits of a figure are those of its method row, whichever way it comes in."""

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lims.catalog.models import Method as MethodRow
from lims.catalog.reporting import parse_reporting_rule
from lims.catalog.services import supersede_method
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import LOCALE_COOKIE
from lims.quantities import format_measured, parse_unit
from lims.uow import unit_of_work
from results.models import TestSet
from results.queries import BenchLine, list_lines, standing_results
from results.rules.findings import parse_finding
from results.rules.formulas import get_formula, written_by_rule
from results.rules.reported import as_reported, check_reported, check_written
from results.services.entry import enter_results, propose_correction
from results.services.imports import preview_file
from results.services.review import return_results
from results.types import Entry, LimitState, Method
from tests.factories.results import make_locked_set, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer, csrf_token, log_in

RULE = "未检出,数值(小于等于1保留两位有效数字,大于1保留三位有效数字)"
IN_MG = Method(Decimal("0.01"), Decimal("0.02"), parse_unit("mg/kg"))
IN_WORDS = {
    "en": "≤1: 2 significant figures; &gt;1: 3 significant figures",
    "zh_Hans_CN": "≤1：2 位有效数字；&gt;1：3 位有效数字",
}
EXPECTED = {"en": "expected 0.12", "zh_Hans_CN": "应为 0.12"}


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def give_rule(session: Session, team: Team) -> None:
    """Every method row says how its results are written."""
    ids = session.scalars(
        sa.select(MethodRow.id).where(MethodRow.superseded_at.is_(None), MethodRow.unit == "mg/kg")
    ).all()
    with unit_of_work(team.planner.actor) as uow:
        for method_id in ids:
            supersede_method(uow, method_id, {"reported_digits": RULE}, reason="base table of this year")


@pytest.fixture
def made(session: Session, team: Team) -> TestSet:
    give_rule(session, team)
    return make_test_set(team)


def measured_line(session: Session, made: TestSet) -> BenchLine:
    return next(
        one
        for one in list_lines(session, made.id)
        if one.line.limit_state is LimitState.FOUND and one.line.method_id and one.line.unit == "mg/kg"
    )


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("0.12mg/kg", None),
        ("0.123mg/kg", "0.12"),
        ("120μg/kg", "0.12"),  # three figures, in the unit of the row: 0.120
        ("1.2×10²μg/kg", None),
        ("2.5", "2.50"),
        ("2.50", None),
        ("未检出", None),
        ("<0.01", None),
    ],
)
def test_a_finding_is_held_to_the_digits_of_its_row_in_any_unit(text: str, right: str | None) -> None:
    reason = check_written(parse_finding(text, "mg/kg"), parse_reporting_rule(RULE), IN_MG)
    assert (reason.params["right"] if reason else None) == right


def test_a_figure_below_the_detection_limit_is_to_be_written_as_not_detected() -> None:
    reason = check_written(parse_finding("0.005mg/kg", "mg/kg"), parse_reporting_rule(RULE), IN_MG)
    assert reason is not None
    assert (reason.code, reason.params["bound"]) == ("below_detection_limit", "0.01mg/kg")
    assert "未检出" in str(reason)


def test_a_figure_in_a_unit_that_does_not_fit_is_left_to_the_judgement() -> None:
    assert check_written(parse_finding("0.123CFU/g", "mg/kg"), parse_reporting_rule(RULE), IN_MG) is None


@given(st.decimals("0.0001", "99999", places=4))
def test_what_is_expected_is_accepted(value: Decimal) -> None:
    rule = parse_reporting_rule(RULE)
    reason = check_reported(value, rule)
    if reason is not None:
        right = parse_finding(reason.params["right"], "mg/kg").value
        assert right is not None
        again = check_reported(right, rule)
        # Rounding may carry a figure over the edge of its band (1.004 to 1.00), and then the next band decides.
        assert again is None or rule.band_of(right) != rule.band_of(value), format_measured(value)


def test_too_many_digits_are_refused_at_entry_and_the_right_ones_taken(
    session: Session, team: Team, made: TestSet
) -> None:
    line = measured_line(session, made).line
    expected = pytest.raises(InvalidInputError, match=r"0\.123.*expected 0\.12")
    with expected as refused, unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.123mg/kg")])
    assert refused.value.field == str(line.id)
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.12mg/kg")])
    assert standing_results(session, made.id)[line.id].entered_text == "0.12mg/kg"


@pytest.mark.parametrize("locale", EXPECTED)
def test_the_grid_says_beside_the_line_how_the_figure_is_written(
    client: FlaskClient, session: Session, team: Team, made: TestSet, locale: str
) -> None:
    client.set_cookie(LOCALE_COOKIE, locale)
    log_in(client, team.tester)
    line, page = measured_line(session, made).line, f"/bench/{made.blind_code}"
    assert IN_WORDS[locale] in client.get(page).text
    answer = client.post(page, data={"csrf_token": csrf_token(client, page), f"result-{line.id}": "0.123mg/kg"})
    assert answer.status_code == 422
    assert EXPECTED[locale] in answer.text
    assert 'value="0.123mg/kg"' in answer.text
    assert standing_results(session, made.id) == {}


def test_the_interface_refuses_it_with_the_figure_that_is_expected(
    client: FlaskClient, session: Session, team: Team, made: TestSet
) -> None:
    line = measured_line(session, made).line
    answer = client.post(
        f"/api/v1/test-sets/{made.blind_code}/results",
        json={"entries": [{"line_id": str(line.id), "text": "0.123mg/kg"}]},
        headers=bearer(team.tester),
    )
    assert answer.status_code == 422
    assert "0.12" in answer.text


@pytest.mark.parametrize("text", ["-0.12", "-0.12mg/kg", "－0.12"])
def test_a_content_below_nothing_is_refused_and_does_not_pass_its_limit(
    client: FlaskClient, session: Session, team: Team, text: str
) -> None:
    made = make_test_set(team)  # no method row says how its results are written
    line = measured_line(session, made).line
    answer = client.post(
        f"/api/v1/test-sets/{made.blind_code}/results",
        json={"entries": [{"line_id": str(line.id), "text": text}]},
        headers=bearer(team.tester),
    )
    assert answer.status_code == 422
    assert "-0.12" in answer.text
    assert standing_results(session, made.id) == {}


def test_a_row_of_a_file_is_refused_with_the_figure_that_is_expected(
    session: Session, team: Team, made: TestSet
) -> None:
    one = measured_line(session, made)
    content = f"盲样编号,检验项目,检验结果\n{made.blind_code},{one.item.name_zh},0.123mg/kg\n".encode()
    with unit_of_work(team.tester.actor) as uow:
        [row] = preview_file(uow, content).refused
    assert row.problem is not None
    assert "expected 0.12" in row.problem


def test_a_correction_after_a_lock_is_held_to_the_digits_too(session: Session, team: Team) -> None:
    give_rule(session, team)
    made = make_locked_set(team)
    with unit_of_work(team.reviewer.actor, reason="again") as uow:
        return_results(uow, made.blind_code, "again")
    line = measured_line(session, made).line
    with pytest.raises(InvalidInputError, match=r"expected 0\.12"), unit_of_work(team.tester.actor) as uow:
        propose_correction(uow, made.blind_code, Entry(line.id, "0.123mg/kg", "misread"))


@given(st.decimals(min_value="0.001", max_value="10000", allow_nan=False, places=7))
def test_a_computed_value_is_proposed_as_its_method_row_accepts_it(value: Decimal):
    rule = parse_reporting_rule(RULE)
    proposed = as_reported(value, rule)
    assert proposed is not None
    assert check_reported(proposed, rule) is None


@pytest.mark.parametrize(("locale", "hint"), [("en", "as the method row says"), ("zh_Hans_CN", "按方法行的规定修约")])
def test_the_page_that_computes_writes_as_the_method_row_says_unless_told_otherwise(
    client: FlaskClient, team: Team, made: TestSet, locale: str, hint: str
):
    with db.read_session() as session:
        one = measured_line(session, made)
    client.set_cookie(LOCALE_COOKIE, locale)
    log_in(client, team.tester)
    page = f"/bench/{made.blind_code}/calculations/{one.line.id}/standard_curve"
    shown = client.get(page).text
    assert hint in shown
    assert RULE in shown
    read = {"reading": "0.0625", "blank": "0", "volume": "10", "dilution": "1", "mass": "5.0023"}

    def post(**fields: str) -> str:
        return client.post(page, data={"csrf_token": csrf_token(client, page)} | read | fields).text

    assert "<strong>0.12</strong>" in post(figures="", act="compute")
    assert "<strong>0.1249</strong>" in post(figures="4", act="compute")
    assert "0.12" in post(figures="4", act="enter")  # refused, with what was expected
    post(figures="", act="enter")
    with db.read_session() as session:
        assert standing_results(session, made.id)[one.line.id].entered_text == "0.12"


@pytest.mark.parametrize(("column", "written"), [("g/100g", "0.12"), ("g/kg", "0.120g/100g"), ("CFU/g", None)])
def test_a_computed_value_has_the_digits_of_its_row_in_whatever_unit_the_row_is(column: str, written: str | None):
    formula = replace(get_formula("moisture"), unit="g/100g")
    assert written_by_rule(formula, Decimal("0.1202"), parse_reporting_rule(RULE), column) == written
