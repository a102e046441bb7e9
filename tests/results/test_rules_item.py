import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.limits import parse_limit
from lims.quantities import QuantityError, parse_unit
from results.rules.findings import format_finding, parse_finding, parse_findings
from results.rules.item import judge_item
from results.rules.stored import from_json, to_json
from results.types import (
    AbsenceBound,
    BoundKind,
    Comparison,
    Finding,
    FindingKind,
    ItemKind,
    ItemVerdict,
    JudgementInput,
    Method,
    ResultBasis,
    Rule,
)

D = Decimal
MG = parse_unit("mg/kg")
METHOD = Method(D("0.01"), D("0.03"), MG)


def case(result, limit, **more):
    printed = parse_limit(limit, "")
    expected = getattr(printed.form, "n", 1)
    return JudgementInput(parse_findings(result, expected=expected), printed, **more)


def verdict(result, limit, **more):
    return judge_item(case(result, limit, **more)).verdict.value


@pytest.mark.parametrize(
    ("result", "limit", "expected"),
    [
        ("5.0mg/kg", "≤5mg/kg", "pass"),
        ("5.01mg/kg", "≤5mg/kg", "fail"),
        ("5mg/kg", "<5mg/kg", "fail"),
        ("0mg/kg", "≤5mg/kg", "pass"),
        ("1.31倍", "≥1.5倍", "fail"),
        ("1.5倍", "≥1.5倍", "pass"),
        ("1.5倍", ">1.5倍", "fail"),
        ("33.5%vol", "35±1.0%vol", "fail"),
        ("34.0%vol", "35±1.0%vol", "pass"),
        ("36.1%vol", "35±1.0%vol", "fail"),
        ("45.0%vol", "41.0~43.0%vol", "fail"),
        ("41.0%vol", "41.0~43.0%vol", "pass"),
        ("1.08", "≤1", "fail"),
        ("0.30g/100g", "≤0.25%", "fail"),
        ("50μg/kg", "≤0.05mg/kg", "pass"),
        ("51μg/kg", "≤0.05mg/kg", "fail"),
        ("0.0926g/kg", "≤50mg/kg", "fail"),
        ("检出/25g", "≤0/25g", "fail"),
    ],
)
def test_a_value_is_held_against_its_limit_in_full(result, limit, expected):
    assert verdict(result, limit) == expected


@pytest.mark.parametrize(
    ("result", "limit", "full", "rounded"),
    [
        ("96.96%", "≥97.0%", "fail", "pass"),
        ("96.94%", "≥97.0%", "fail", "fail"),
        ("97.00%", "≥97.0%", "pass", "pass"),
        ("5.04mg/kg", "≤5.0mg/kg", "fail", "pass"),
        ("5.06mg/kg", "≤5.0mg/kg", "fail", "fail"),
        ("5.4mg/kg", "≤5mg/kg", "fail", "pass"),
        ("34.04%vol", "36.1±2.05%vol", "fail", "fail"),
        ("33.96%vol", "36.0±2.0%vol", "fail", "pass"),
    ],
)
def test_the_rounded_value_counts_only_where_the_standard_asks_for_it(result, limit, full, rounded):
    assert verdict(result, limit) == full
    assert verdict(result, limit, comparison=Comparison.ROUNDED_VALUE) == rounded


def test_less_than_five_against_three_is_no_verdict():
    judged = judge_item(case("<5mg/kg", "≤3mg/kg"))
    assert judged.verdict is ItemVerdict.CANNOT_JUDGE
    assert "<5mg/kg" in str(judged.reason)


@pytest.mark.parametrize(
    ("result", "limit", "expected"),
    [
        ("<5mg/kg", "≤5mg/kg", "pass"),
        ("<5mg/kg", "<5mg/kg", "pass"),
        ("<5mg/kg", "≥5mg/kg", "fail"),
        ("<5mg/kg", "≥3mg/kg", "cannot_judge"),
        (">5mg/kg", "≤5mg/kg", "fail"),
        (">5mg/kg", "≤6mg/kg", "cannot_judge"),
        (">5mg/kg", "≥5mg/kg", "pass"),
        ("检出", "≤5mg/kg", "cannot_judge"),
    ],
)
def test_a_printed_bound_decides_only_what_it_can(result, limit, expected):
    assert verdict(result, limit) == expected


@pytest.mark.parametrize("text", ["banana", "合格", "不符合", "Infinity", "NaN", "1e400", "≤5", "12,345mg/kg"])
def test_a_text_is_no_finding(text):
    with pytest.raises(QuantityError) as refusal:
        parse_finding(text)
    assert text[:4] in str(refusal.value)


def test_units_of_different_things_are_not_compared():
    judged = judge_item(case("0.5mg/L", "≤1mg/kg"))
    assert (judged.verdict, judged.rule) == (ItemVerdict.CANNOT_JUDGE, Rule.UNIT_MISMATCH)
    assert "mg/L" in str(judged.reason)
    assert "mg/kg" in str(judged.reason)


@pytest.mark.parametrize(
    ("result", "limit", "expected", "reason"),
    [
        ("未检出", "≤0.02mg/kg", "pass", "meets"),
        ("未检出", "≤0.01mg/kg", "pass", "meets"),
        ("未检出", "≤0.005mg/kg", "cannot_judge", "lod_above_limit"),
        ("未检出（检出限：0.002mg/kg）", "≤0.005mg/kg", "pass", "meets"),
        ("<定量限", "≤0.03mg/kg", "pass", "meets"),
        ("<定量限", "≤0.02mg/kg", "cannot_judge", "lod_above_limit"),
        ("未检出", "≥0.5mg/kg", "fail", "below"),
        ("未检出", "5~20μg/kg", "cannot_judge", "lod_above_limit"),
    ],
)
def test_what_was_not_found_is_judged_at_the_bound_of_the_method(result, limit, expected, reason):
    judged = judge_item(case(result, limit, method=METHOD))
    assert (judged.verdict.value, judged.reason.code) == (expected, reason)


def test_a_method_row_without_a_detection_limit_judges_no_absence():
    blind = Method(None, None, MG)
    for limit in ("≤0.02mg/kg", "不得检出"):
        judged = judge_item(case("未检出", limit, method=blind))
        assert (judged.verdict, judged.rule) == (ItemVerdict.CANNOT_JUDGE, Rule.BOUND_UNSTATED)


def test_a_published_nothing_found_passes_and_says_what_was_presumed():
    judged = judge_item(case("未检出", "≤0.02mg/kg"))
    assert judged.verdict is ItemVerdict.PASS
    assert judged.reason.code == "nothing_found_bound_presumed"


@pytest.mark.parametrize(
    ("result", "policy", "expected"),
    [
        ("0.01mg/kg", AbsenceBound(), "fail"),
        ("0.009mg/kg", AbsenceBound(), "pass"),
        ("10μg/kg", AbsenceBound(), "fail"),
        ("未检出", AbsenceBound(), "pass"),
        ("<定量限", AbsenceBound(), "fail"),
        ("检出", AbsenceBound(), "fail"),
        ("0.02mg/kg", AbsenceBound(BoundKind.LOQ), "pass"),
        ("0.03mg/kg", AbsenceBound(BoundKind.LOQ), "fail"),
        ("<定量限", AbsenceBound(BoundKind.LOQ), "pass"),
        ("检出", AbsenceBound(BoundKind.LOQ), "cannot_judge"),
        ("0.5μg/kg", AbsenceBound(BoundKind.STATED, D("0.5"), parse_unit("μg/kg")), "fail"),
        ("0.4μg/kg", AbsenceBound(BoundKind.STATED, D("0.5"), parse_unit("μg/kg")), "pass"),
        ("未检出", AbsenceBound(BoundKind.STATED, D("0.5"), parse_unit("μg/kg")), "cannot_judge"),
    ],
)
@pytest.mark.parametrize("limit", ["不得检出", "不得使用"])
def test_absence_is_judged_at_the_bound_that_the_method_row_states(result, policy, expected, limit):
    assert verdict(result, limit, method=METHOD, absence=policy) == expected


@pytest.mark.parametrize(
    ("result", "limit", "expected"),
    [
        ("0.0154g/kg", "不得使用", "fail"),
        ("检出/50cm²", "不得检出", "fail"),
        ("0mg/kg", "不得检出", "pass"),
        ("未检出", "不得检出", "pass"),
        ("未检出/25g", "不得检出/25g", "pass"),
        ("检出/25g", "不得检出/25g", "fail"),
        ("未检出/10g", "不得检出/25g", "cannot_judge"),
        ("<0.5mg/kg", "不得检出", "cannot_judge"),
    ],
)
def test_without_a_stated_bound_any_find_is_too_much(result, limit, expected):
    assert verdict(result, limit) == expected


def test_a_monitoring_item_over_its_reference_is_a_problem_and_no_failure():
    assert verdict("6mg/kg", "≤5mg/kg", kind=ItemKind.MONITORING) == "problem"
    assert verdict("4mg/kg", "≤5mg/kg", kind=ItemKind.MONITORING) == "pass"


def test_without_a_limit_nothing_is_judged_and_without_a_result_nothing_was_tested():
    findings = parse_findings("6mg/kg")
    assert judge_item(JudgementInput(findings, None)).verdict is ItemVerdict.NOT_JUDGED
    assert verdict("6mg/kg", "/") == "not_judged"
    assert verdict("/", "≤5mg/kg") == "untested"


@pytest.mark.parametrize(
    ("result", "limit", "claim", "expected"),
    [
        ("16.9g/100g", "≥产品明示值", "18.6g/100g", "fail"),
        ("15.0g/100g", "≥标签明示值的80%", "18.6g/100g", "pass"),
        ("14.8g/100g", "≥标签明示值的80%", "18.6g/100g", "fail"),
        ("50.9%vol", "产品明示值±1.0%vol", "52%vol", "fail"),
        ("51.0%vol", "产品明示值±1.0%vol", "52%vol", "pass"),
        ("0.50g/100mL", "产品明示值", "≥0.8g/100mL", "fail"),
        ("0.50g/100mL", "产品明示值", "0.8g/100mL", "cannot_judge"),
        ("0.50g/100mL", "产品明示值", "", "cannot_judge"),
        ("0.50g/100mL", "≥产品明示值", "优级", "cannot_judge"),
    ],
)
def test_a_label_claim_is_the_limit_when_it_says_figure_and_direction(result, limit, claim, expected):
    assert verdict(result, limit, label_claim=claim) == expected


def test_a_limit_for_dry_matter_asks_for_the_moisture():
    wet = {"basis": ResultBasis.AS_SAMPLED}
    assert verdict("0.12mg/kg", "≤1.0mg/kg(干重计)", moisture_percent=D(90), **wet) == "fail"
    assert verdict("0.10mg/kg", "≤1.0mg/kg(干重计)", moisture_percent=D(90), **wet) == "pass"
    assert verdict("0.10mg/kg", "≤1.0mg/kg(干重计)", **wet) == "cannot_judge"
    assert verdict("0.10mg/kg", "≤1.0mg/kg(干重计)", moisture_percent=D(100), **wet) == "cannot_judge"
    assert verdict("0.12mg/kg", "≤1.0mg/kg(干重计)") == "pass"


def test_of_several_results_for_one_figure_each_must_meet_it():
    assert verdict("170;55;95CFU/g", "≤150CFU/g") == "fail"
    assert verdict("70;55;95CFU/g", "≤150CFU/g") == "pass"


def test_a_verdict_names_rule_reason_compared_value_and_limit():
    judged = judge_item(case("0.0926g/kg", "≤50mg/kg"))
    assert (judged.rule, judged.limit_text) == (Rule.MAXIMUM, "≤50mg/kg")
    assert judged.compared_value == D("92.6")
    assert str(judged.reason) == "0.0926g/kg is above the limit (≤50mg/kg)."


amounts = st.builds(lambda digits, power: D(digits).scaleb(power), st.integers(0, 10**6), st.integers(-6, 2))
signs = st.sampled_from(["≤", "<", "≥", ">"])
marks = st.sampled_from(["", "<", ">"])
comparisons = st.sampled_from(list(Comparison))
masses = {"g/kg": 0, "mg/kg": 3, "μg/kg": 6}


@given(
    value=amounts,
    figure=amounts,
    sign=signs,
    mark=marks,
    comparison=comparisons,
    source=st.sampled_from(list(masses)),
    target=st.sampled_from(list(masses)),
)
def test_the_verdict_does_not_depend_on_the_units_chosen(*, value, figure, sign, mark, comparison, source, target):
    def judged(result_unit, limit_unit):
        kind = {"": FindingKind.MEASURED, "<": FindingKind.LESS_THAN, ">": FindingKind.EXCEEDS}[mark]
        amount = value.scaleb(masses[result_unit])
        finding = (
            Finding(kind, value=amount, unit=parse_unit(result_unit))
            if kind is FindingKind.MEASURED
            else Finding(kind, bound=amount, unit=parse_unit(result_unit))
        )
        limit = parse_limit(f"{sign}1", limit_unit)
        limit = replace(limit, form=type(limit.form)(figure.scaleb(masses[limit_unit]), limit.form.strict))
        return judge_item(JudgementInput((finding,), limit, comparison=comparison)).verdict

    assert judged(source, target) is judged("g/kg", "g/kg")


@given(low=amounts, high=amounts, figure=amounts, comparison=comparisons)
def test_more_of_something_never_turns_a_failed_maximum_into_a_pass(low, high, figure, comparison):
    low, high = sorted((low, high))
    limit = replace(parse_limit("≤1", "mg/kg"), form=type(parse_limit("≤1").form)(figure))

    def judged(value):
        finding = Finding(FindingKind.MEASURED, value=value, unit=MG)
        return judge_item(JudgementInput((finding,), limit, comparison=comparison)).verdict

    assert not (judged(low) is ItemVerdict.FAIL and judged(high) is ItemVerdict.PASS)


@given(bound=amounts, inside=amounts, figure=amounts, sign=signs)
def test_what_a_bound_decides_every_value_under_it_decides_the_same(bound, inside, figure, sign):
    limit = parse_limit(f"{sign}1", "mg/kg")
    limit = replace(limit, form=type(limit.form)(figure, limit.form.strict))
    by_bound = judge_item(JudgementInput((Finding(FindingKind.LESS_THAN, bound=bound, unit=MG),), limit))
    if inside < bound and by_bound.verdict is not ItemVerdict.CANNOT_JUDGE:
        measured = JudgementInput((Finding(FindingKind.MEASURED, value=inside, unit=MG),), limit)
        assert judge_item(measured).verdict is by_bound.verdict


findings = st.one_of(
    st.builds(lambda value: Finding(FindingKind.MEASURED, value=value, unit=MG), amounts),
    st.builds(lambda bound: Finding(FindingKind.LESS_THAN, bound=bound, unit=MG), amounts),
    st.builds(lambda bound: Finding(FindingKind.EXCEEDS, bound=bound, unit=MG), amounts),
    st.builds(lambda bound: Finding(FindingKind.NOT_DETECTED, bound=bound, unit=MG), amounts),
    st.builds(lambda bound: Finding(FindingKind.BELOW_LOQ, bound=bound, unit=MG), amounts),
    st.just(Finding(FindingKind.NOT_DETECTED, unit_stated=False)),
    st.just(Finding(FindingKind.DETECTED, unit=parse_unit("/25g"))),
)
limits = st.sampled_from(
    [
        None,
        *map(
            parse_limit,
            (
                "≤0.02mg/kg",
                "35±1.0%vol",
                "13.5~15.5%vol",
                "不得检出",
                "不得检出/25g",
                "n=5,c=2,m=10⁴,M=10⁵CFU/g",
                "≥产品明示值的80%",
                "≤1.0mg/kg（干重计）",
                "/",
            ),
        ),
    ]
)


@given(
    found=st.lists(findings, max_size=5).map(tuple),
    limit=limits,
    kind=st.sampled_from(list(ItemKind)),
    comparison=comparisons,
    absence=st.sampled_from([AbsenceBound(), AbsenceBound(BoundKind.STATED, D("0.50"), MG)]),
    method=st.sampled_from([None, METHOD, Method(None, None, MG)]),
    claim=st.sampled_from(["", "18.6g/100g"]),
    moisture=st.sampled_from([None, D("90.0")]),
)
def test_a_verdict_can_be_computed_again_from_its_stored_inputs(
    *, found, limit, kind, comparison, absence, method, claim, moisture
):
    used = JudgementInput(found, limit, kind, comparison, absence, method, claim, ResultBasis.AS_SAMPLED, moisture)
    stored = json.loads(json.dumps(to_json(used)))
    assert from_json(stored) == used
    assert to_json(from_json(stored)) == stored
    assert judge_item(from_json(stored)) == judge_item(used)


@given(findings)
def test_a_finding_prints_to_a_text_that_reads_as_the_same_finding(finding):
    again = parse_finding(format_finding(finding))
    assert (again.kind, again.value, again.bound) == (finding.kind, finding.value, finding.bound)
    assert again.unit == finding.unit


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": FindingKind.MEASURED},
        {"kind": FindingKind.NOT_DETECTED, "value": D(1)},
        {"kind": FindingKind.LESS_THAN},
        {"kind": FindingKind.DETECTED, "bound": D(1)},
    ],
)
def test_a_finding_is_never_a_number_with_a_mark_beside_it(broken):
    with pytest.raises(ValueError, match="finding"):
        Finding(**broken)
