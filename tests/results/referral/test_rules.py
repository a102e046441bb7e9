"""The states of a branch, its clocks, how severe a failure is, and what the handling form asks for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.types import Hazard
from lims.errors import InvalidInputError
from results.referral.rules.handling import FACTS, check_facts, missing_for_closing
from results.referral.rules.opening import addressees_of, branches_of, marks_due, next_clock, severity_of
from results.referral.rules.states import ENDS, MOVES, WrongBranchStateError, next_state
from results.referral.types import (
    FIVE_IN_PLACE,
    Addressee,
    BranchEvent,
    BranchKind,
    BranchState,
    Clocks,
    EscalationMark,
    FailedItem,
    HandlingPart,
    Parties,
    Party,
    Severity,
)
from tests.factories.referral import COMPLETE

START = datetime(2026, 9, 14, 1, tzinfo=UTC)
CLOCKS = Clocks(*(START + timedelta(days=days) for days in (2, 5, 20, 90)))
SHOP, PLANT = Party("惠民超市", "人民路1号", "371402"), Party("德平食品厂", "工业路2号", "371402")


def item(measured: str | None = None, hazard: Hazard = Hazard.NONE, limit: str | None = "0.2") -> FailedItem:
    return FailedItem(
        set_item_id=UUID(int=1),
        item_code="X",
        name_zh="腐霉利",
        name_en=None,
        result="1",
        limit="≤0.2",
        unit="mg/kg",
        basis="GB 2763-2021",
        hazard=hazard,
        is_microbiological=False,
        measured=Decimal(measured) if measured else None,
        limit_max=Decimal(limit) if limit else None,
    )


@pytest.mark.parametrize(("state", "event"), list(product(BranchState, BranchEvent)))
def test_a_branch_moves_as_its_table_says_and_in_no_other_way(state, event):
    if (state, event) in MOVES:
        assert next_state(state, event) is MOVES[state, event]
    else:
        with pytest.raises(WrongBranchStateError):
            next_state(state, event)


def test_nothing_leads_out_of_an_end_and_every_other_state_leads_on():
    assert {state for state, _event in MOVES} == set(BranchState) - ENDS
    assert all(next_state(state, BranchEvent.WITHDRAW) is BranchState.WITHDRAWN for state in set(BranchState) - ENDS)


def test_only_who_acknowledged_can_close():
    assert {state for state, event in MOVES if event is BranchEvent.CLOSE} == {
        BranchState.ACKNOWLEDGED,
        BranchState.WITH_STATION,
    }


@pytest.mark.parametrize("hazard", [one for one in Hazard if one is not Hazard.NONE])
def test_an_illegal_substance_or_a_pathogen_takes_the_urgent_lane(hazard):
    assert severity_of([item(), item(hazard=hazard)], Decimal(10)) is Severity.URGENT


@pytest.mark.parametrize(("measured", "expected"), [("1.99", Severity.GENERAL), ("2.0", Severity.URGENT)])
def test_a_gross_excess_begins_at_its_multiple_of_the_limit(measured, expected):
    assert severity_of([item(measured)], Decimal(10)) is expected


@given(st.decimals("0.21", "100", places=2), st.integers(2, 20))
def test_a_higher_finding_is_never_less_severe(measured, factor):
    lower = severity_of([item(str(measured))], Decimal(factor))
    higher = severity_of([item(str(measured * 2))], Decimal(factor))
    assert not (lower is Severity.URGENT and higher is Severity.GENERAL)


def test_a_self_made_food_has_one_branch_and_an_online_one_three():
    assert list(branches_of(Parties(SHOP, producer=SHOP))) == [BranchKind.OPERATOR]
    everybody = Parties(SHOP, producer=PLANT, platform=Party("某平台"), market_organiser=Party("东市场"))
    assert set(branches_of(everybody)) == set(BranchKind)
    assert set(addressees_of(everybody, passed=False)) == set(Addressee)
    assert list(addressees_of(everybody, passed=True)) == [Addressee.SAMPLED_PARTY]


def test_each_step_that_is_done_starts_the_next_clock():
    control = {HandlingPart.START, HandlingPart.PRODUCT_CONTROL}
    assert next_clock(BranchState.OPEN, set(), CLOCKS) == CLOCKS.acknowledge_due_at
    assert next_clock(BranchState.ACKNOWLEDGED, set(), CLOCKS) == CLOCKS.start_due_at
    assert next_clock(BranchState.ACKNOWLEDGED, {HandlingPart.START}, CLOCKS) == CLOCKS.control_due_at
    assert next_clock(BranchState.WITH_STATION, control, CLOCKS) == CLOCKS.finish_due_at


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, []),
        (2, [EscalationMark.UNACKNOWLEDGED]),
        (5, [EscalationMark.UNACKNOWLEDGED, EscalationMark.NOT_STARTED]),
        (90, list(EscalationMark)),
    ],
)
def test_what_is_due_is_marked_at_the_very_instant(days, expected):
    assert marks_due(BranchState.OPEN, set(), CLOCKS, START + timedelta(days=days)) == expected


def test_what_was_done_is_not_marked():
    done = {HandlingPart.START, HandlingPart.PRODUCT_CONTROL}
    assert marks_due(BranchState.ACKNOWLEDGED, done, CLOCKS, START + timedelta(days=30)) == []


def test_five_in_place_and_a_start_close_a_branch():
    assert missing_for_closing(set()) == [HandlingPart.START, *FIVE_IN_PLACE]
    assert missing_for_closing({HandlingPart.START, *FIVE_IN_PLACE}) == []


@pytest.mark.parametrize("part", HandlingPart)
def test_a_complete_part_is_taken_and_each_answer_it_needs_is_missed(part):
    assert check_facts(part, COMPLETE[part], submit=True) == COMPLETE[part]
    for fact in FACTS[part]:
        if fact.required:
            lacking = {name: text for name, text in COMPLETE[part].items() if name != fact.name}
            with pytest.raises(InvalidInputError) as refused:
                check_facts(part, lacking, submit=True)
            assert refused.value.field == fact.name
            assert check_facts(part, lacking, submit=False) == lacking


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        (HandlingPart.START, {"started_on": "2026-02-30"}),
        (HandlingPart.START, {"nonsense": "1"}),
        (HandlingPart.START, {"start_document": "x" * 2001}),
        (HandlingPart.START, {"start_document": "a\0b"}),
        (HandlingPart.PRODUCT_CONTROL, {"bought_qty": "viel"}),
        (HandlingPart.PRODUCT_CONTROL, {"bought_qty": "-1"}),
        (HandlingPart.PRODUCT_CONTROL, {"recall": "level_9"}),
        (HandlingPart.PRODUCT_CONTROL, {"sale_stopped": "maybe"}),
        (HandlingPart.CAUSE, {"causes": "raw_material,moon"}),
        (HandlingPart.PENALTY, {"case_filed": "no"}),
        (HandlingPart.RECTIFICATION, {"outcome": "not_met"}),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused_at_its_field(part, changed):
    with pytest.raises(InvalidInputError) as refused:
        check_facts(part, COMPLETE[part] | changed, submit=True)
    assert refused.value.field in {*changed, "not_filed_reason"}
