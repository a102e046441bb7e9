"""What a bench computes from its interim values, and what stands beside the result."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from lims.errors import InvalidInputError
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.models import ItemResult, TestSetItem
from results.rules.formulas import FORMULAS, calculate, formulas_for, get_formula, is_rounding_of, written_with
from results.services.entry import enter_results
from results.types import Calculation, Entry, LimitState
from tests.factories.results import CURVE, make_test_set
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

MASSES = st.decimals(Decimal("0.0001"), Decimal(1000), places=4)


@pytest.mark.parametrize(
    ("name", "interims", "figures", "expected"),
    [
        # GB 4789.2, the example of its clause 6.1: 232, 244, 33 and 35 colonies at 1:100 and 1:1000 are 25 000.
        (
            "colony_count",
            {
                "first_a": "232",
                "first_b": "244",
                "second_a": "33",
                "second_b": "35",
                "first_plates": "2",
                "second_plates": "2",
                "dilution": "100",
            },
            2,
            "2.5×10⁴",
        ),
        ("acid_value", {"volume": "1.05", "blank": "0.05", "concentration": "0.1000", "mass": "5.000"}, 3, "1.12"),
        ("peroxide_value", {"volume": "2.10", "blank": "0.10", "concentration": "0.0100", "mass": "2.500"}, 3, "0.102"),
        ("moisture", {"before": "35.0000", "after": "34.4000", "vessel": "30.0000"}, 3, "12.0"),
        ("dry_basis", {"content": "75", "moisture": "25"}, 3, "100"),
        ("inhibition", {"blank": "0.500", "sample": "0.200"}, 3, "60.0"),
        ("recovery", {"found": "0.95", "before": "0.05", "added": "1.00"}, 3, "90.0"),
        ("standard_curve", CURVE, 3, "0.125"),
        ("mean_of_two", {"first": "0.151", "second": "0.154"}, 3, "0.152"),
    ],
)
def test_every_formula_gives_what_was_computed_by_hand(name, interims, figures, expected):
    formula = get_formula(name)
    assert written_with(formula, calculate(name, interims), figures, formula.unit) == expected


def test_every_formula_is_among_those_computed_by_hand():
    marks = test_every_formula_gives_what_was_computed_by_hand.pytestmark
    assert {case[0] for case in marks[0].args[1]} == set(FORMULAS)


@given(MASSES, MASSES, st.decimals(Decimal(0), Decimal("0.99"), places=2))
def test_moisture_lies_between_nothing_and_everything(vessel, sample, share):
    before = vessel + sample
    dried = {"before": str(before), "after": str(before - sample * share), "vessel": str(vessel)}
    found = calculate("moisture", dried)
    assert abs(found - 100 * share) < Decimal("0.000001")


@given(st.decimals(0, 10**6, places=3), st.integers(1, 6), st.sampled_from(sorted(FORMULAS)))
def test_what_is_written_is_the_value_rounded_once_and_nothing_else_is(value, figures, name):
    formula = get_formula(name)
    for column in (formula.unit, "mg/L"):
        text = written_with(formula, value, figures, column)
        assert is_rounding_of(text, formula, value, column)
        assert not is_rounding_of(text, formula, value * 2 + 1, column)


def test_a_unit_that_is_not_the_formulas_is_written_beside_the_figure():
    formula = get_formula("moisture")
    assert written_with(formula, Decimal("12.04"), 3, "mg/kg") == "12.0g/100g"
    assert not is_rounding_of("12.0", formula, Decimal("12.04"), "mg/kg")
    assert is_rounding_of("12.0g/100g", formula, Decimal("12.04"), "mg/kg")


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"mass": ""}, "mass", "Fill this in"),
        ({"mass": "0"}, "mass", "The value is 0, expected above 0."),
        ({"reading": "-1"}, "reading", "The value is -1, expected 0 or more."),
        ({"reading": "viel"}, "reading", "viel"),
        ({"colour": "1"}, "colour", "colour"),
        ({"blank": "1"}, None, "lies below its blank"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_was_expected(changed, field, words):
    with pytest.raises(InvalidInputError, match=words) as refused:
        calculate("standard_curve", CURVE | changed)
    assert refused.value.field == field


def test_a_vessel_as_heavy_as_its_sample_leaves_nothing_to_divide_by():
    with pytest.raises(InvalidInputError, match="expected above 0"):
        calculate("moisture", {"before": "30", "after": "30", "vessel": "30"})


@pytest.fixture
def bench(session):
    team = make_team()
    made = make_test_set(team)
    line = session.scalars(
        sa.select(TestSetItem).where(TestSetItem.test_set_id == made.id, TestSetItem.limit_state == LimitState.FOUND)
    ).first()
    return team, made, line


def test_interim_values_stand_with_the_result_and_compute_again(session, bench):
    team, made, line = bench
    with unit_of_work(team.tester.actor) as uow:
        enter_results(
            uow, made.blind_code, [Entry(line.id, "0.125mg/kg", calculation=Calculation("standard_curve", CURVE))]
        )
    session.expire_all()
    result = session.scalars(sa.select(ItemResult)).one()
    assert result.calculation["interims"] == CURVE
    assert Decimal(result.calculation["value"]).quantize(Decimal("0.0001")) == Decimal("0.1249")
    assert [one.violations for one in run_checks(session, "verdicts") if "computed" in one.invariant] == [0]


def test_a_result_that_its_formula_does_not_give_is_refused_with_both_figures(session, bench):
    team, made, line = bench
    entry = Entry(line.id, "0.130mg/kg", calculation=Calculation("standard_curve", CURVE))
    with pytest.raises(InvalidInputError, match=r"0.130mg/kg.*0.124943mg/kg"), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [entry])
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) == 0


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_tester_computes_looks_and_enters(client, session, bench, locale):
    team, made, line = bench
    client.set_cookie("lims_locale", locale)
    log_in(client, team.tester)
    choose = f"/bench/{made.blind_code}/calculations/{line.id}"
    assert choose in client.get(f"/bench/{made.blind_code}").text
    page = f"{choose}/standard_curve"
    assert page in client.get(choose).text

    def post(**fields):
        return client.post(page, data={"csrf_token": csrf_token(client, page), "figures": "3"} | fields)

    wrong = post(**CURVE | {"mass": "viel"}, act="compute")
    assert wrong.status_code == 422
    assert 'value="viel"' in wrong.text
    looked = post(**CURVE, act="compute")
    assert "0.125" in looked.text
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) == 0
    assert post(**CURVE, act="enter").location == f"/bench/{made.blind_code}"
    session.expire_all()
    assert session.scalars(sa.select(ItemResult.calculation)).one()["formula"] == "standard_curve"
    assert "m = 5.0023 g" in client.get(f"/bench/{made.blind_code}").text
    assert 'value="5.0023"' in client.get(page).text  # to be mended
    assert client.get(f"{choose}/alchemy").status_code == 422


def test_programs_enter_a_result_with_its_calculation(client, session, bench):
    team, made, line = bench
    entry = {"line_id": str(line.id), "text": "0.125mg/kg"}
    entry["calculation"] = {"formula": "standard_curve", "interims": CURVE}
    path = f"/api/v1/test-sets/{made.blind_code}/results"
    wrong = entry | {"text": "0.2mg/kg"}
    headers = bearer(team.tester)
    assert client.post(path, json={"entries": [wrong]}, headers=headers).status_code == 422
    made = client.post(path, json={"entries": [entry]}, headers=headers)
    assert made.status_code == 201
    shown = [one["result"] for one in made.json["lines"] if one["id"] == str(line.id)]
    assert shown[0]["calculation"]["formula"] == "standard_curve"


def test_formulas_made_for_an_item_come_first_and_those_of_other_items_last():
    fitting, others = formulas_for("酸价（以脂肪计）（KOH）")
    assert fitting[0].name == "acid_value"
    assert "acid_value" in {one.name for one in formulas_for("镉（以Cd计）")[1]}
    assert {one.name for one in formulas_for("镉（以Cd计）")[0]} >= {"standard_curve", "dry_basis", "mean_of_two"}
    assert sorted(one.name for one in [*fitting, *others]) == sorted(FORMULAS)
