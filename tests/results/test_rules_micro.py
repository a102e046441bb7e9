import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.limits import parse_limit
from results.rules.findings import parse_findings
from results.rules.item import judge_item
from results.types import ItemVerdict, JudgementInput, Rule


def judged(results, plan):
    limit = parse_limit(plan)
    return judge_item(JudgementInput(parse_findings(results, expected=limit.form.n), limit))


THREE = "n=5,c=2,m=10,M=100CFU/g"
NONE = "n=5,c=0,m=0CFU/250mL"


@pytest.mark.parametrize(
    ("results", "plan", "expected"),
    [
        ("10,10,10,10,10CFU/g", THREE, "pass"),
        ("11,11,10,10,10CFU/g", THREE, "pass"),
        ("100,100,10,10,10CFU/g", THREE, "pass"),
        ("11,11,11,10,10CFU/g", THREE, "fail"),
        ("101,0,0,0,0CFU/g", THREE, "fail"),
        ("＜10，15，10，＜10，390CFU/g", THREE, "fail"),
        ("<10、<10、<10、<10、<10CFU/g", THREE, "pass"),
        ("<20、<10、<10、<10、<10CFU/g", THREE, "pass"),
        ("<20、<20、<20、<10、<10CFU/g", THREE, "cannot_judge"),
        ("<200、<10、<10、<10、<10CFU/g", THREE, "cannot_judge"),
        ("未检出;未检出;20;未检出;未检出CFU/250mL", NONE, "fail"),
        ("0;0;0;0;0CFU/250mL", NONE, "pass"),
        ("未检出；未检出；未检出；未检出；未检出CFU/250mL", NONE, "pass"),
        ("检出，未检出，未检出，未检出，未检出/25g", "n=5,c=0,m=0/25g", "fail"),
        ("未检出/未检出/未检出/未检出/未检出/25g", "n=5,c=0,m=0/25g", "pass"),
        ("1,0,0,0,0CFU/25g", "n=5,c=0,m=0/25g", "fail"),
        ("1,1,0,0,0CFU/g", "n=5,c=1,m=0CFU/g", "fail"),
        ("1,0,0,0,0CFU/g", "n=5,c=1,m=0CFU/g", "pass"),
        (
            ">3.0×10⁵,>3.0×10⁵,>3.0×10⁵,>3.0×10⁵,>3.0×10⁵CFU/g",
            "n=5,c=2,m=5×10⁴,M=10⁵CFU/g",
            "fail",
        ),
        (">50,0,0,0,0CFU/g", THREE, "cannot_judge"),
        ("2.0×105；1.2×105；7.9×104；2.7×105；4.0×105CFU/g", "n=5，c=2，m=10000，M=100000CFU/g", "fail"),
        ("100,200,300,400,500CFU/g", "n=5,c=2,m=10³,M=10⁴CFU/g", "pass"),
        ("0,0,0,0,0CFU/mL", THREE, "cannot_judge"),
        ("0,0,0,0,0CFU/mL", NONE, "cannot_judge"),
        ("未检出,未检出,未检出,未检出,未检出/10g", "n=5,c=0,m=0/25g", "cannot_judge"),
    ],
)
def test_a_plan_is_judged_over_its_units(results, plan, expected):
    assert judged(results, plan).verdict.value == expected


@pytest.mark.parametrize("results", ["11,11,11,11CFU/g", "0,0,0,0,0,0CFU/g", "2.0×10⁶CFU/g"])
def test_fewer_or_more_than_n_results_are_not_judged(results):
    verdict = judged(results, THREE)
    assert (verdict.verdict, verdict.rule) == (ItemVerdict.CANNOT_JUDGE, Rule.SAMPLE_COUNT)


def test_the_reason_counts_the_units_above_m_and_above_big_m():
    assert str(judged("11,11,11,10,10CFU/g", THREE).reason).startswith("3 of 5 units are above m, only 2")
    assert str(judged("101,500,0,0,0CFU/g", THREE).reason).startswith("2 of 5 units are above M")


counts = st.lists(st.integers(0, 300), min_size=5, max_size=5)


@given(counts=counts, more=st.lists(st.integers(0, 300), min_size=5, max_size=5), plan=st.sampled_from([THREE, NONE]))
def test_more_colonies_never_turn_a_failed_lot_into_a_passed_one(counts, more, plan):
    unit = plan.rpartition("CFU")[2]

    def verdict(values):
        return judged("; ".join(map(str, values)) + f"CFU{unit}", plan).verdict

    grown = [count + growth for count, growth in zip(counts, more, strict=True)]
    assert not (verdict(counts) is ItemVerdict.FAIL and verdict(grown) is ItemVerdict.PASS)


@given(counts=counts, order=st.permutations(range(5)))
def test_the_order_of_the_units_does_not_matter(counts, order):
    shuffled = [counts[position] for position in order]
    first, second = ("; ".join(map(str, values)) + "CFU/g" for values in (counts, shuffled))
    assert judged(first, THREE).verdict is judged(second, THREE).verdict
