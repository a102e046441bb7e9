"""The gate alone: what may be published when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.tables import to_csv
from results.publication.rules import ANNOUNCED, OPEN, gate
from results.publication.types import GateAnswer, GateFacts
from sampling.types import SampleVerdict, TaskCategory

TODAY = date(2026, 9, 23)
READY = GateFacts(
    verdict=SampleVerdict.FAIL,
    task_category=TaskCategory.SUPERVISION,
    everybody_is_served=True,
    recheck_until=TODAY - timedelta(days=1),
    is_rechecked_now=False,
    is_objected_now=False,
    is_withdrawn=False,
    lab_is_accredited=True,
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, GateAnswer.OPEN),
        ({"verdict": SampleVerdict.PASS, "recheck_until": None}, GateAnswer.OPEN),
        ({"verdict": SampleVerdict.PROBLEM}, GateAnswer.NOT_FOR_THE_PUBLIC),
        ({"task_category": TaskCategory.RISK_MONITORING}, GateAnswer.NOT_FOR_THE_PUBLIC),
        ({"task_category": TaskCategory.EVALUATIVE}, GateAnswer.NOT_FOR_THE_PUBLIC),
        ({"lab_is_accredited": False}, GateAnswer.NOT_ACCREDITED),
        ({"everybody_is_served": False}, GateAnswer.NOT_SERVED),
        ({"recheck_until": TODAY}, GateAnswer.RECHECK_PERIOD),
        ({"recheck_until": TODAY, "is_rechecked_now": True}, GateAnswer.OPEN_MARKED),
        ({"everybody_is_served": False, "is_rechecked_now": True}, GateAnswer.NOT_SERVED),
        ({"recheck_until": TODAY, "is_objected_now": True}, GateAnswer.RECHECK_PERIOD),
        ({"is_objected_now": True}, GateAnswer.OPEN_MARKED),
        ({"is_withdrawn": True, "is_rechecked_now": True}, GateAnswer.WITHDRAWN),
    ],
)
def test_the_gate_opens_for_nothing_too_early(changed, expected):
    assert gate(replace(READY, **changed), TODAY) is expected


@given(
    st.builds(
        GateFacts,
        verdict=st.sampled_from(SampleVerdict),
        task_category=st.sampled_from(TaskCategory),
        everybody_is_served=st.booleans(),
        recheck_until=st.none() | st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9)),
        is_rechecked_now=st.booleans(),
        is_objected_now=st.booleans(),
        is_withdrawn=st.booleans(),
        lab_is_accredited=st.booleans(),
    )
)
def test_what_is_open_is_served_accredited_and_meant_for_the_public_and_stays_open(facts):
    if gate(facts, TODAY) in OPEN:
        assert facts.everybody_is_served
        assert facts.lab_is_accredited
        assert facts.task_category in ANNOUNCED
        assert not facts.is_withdrawn
        assert facts.is_rechecked_now or facts.recheck_until is None or facts.recheck_until < TODAY
        assert gate(facts, TODAY + timedelta(days=1)) in OPEN


def test_no_cell_of_open_data_is_carried_out_by_a_spreadsheet():
    assert to_csv(["甲"], [["=HYPERLINK(1)"], ["-1"]]).decode("utf-8-sig").splitlines()[1:] == ["'=HYPERLINK(1)", "'-1"]
