"""Who may object to what, until when, and what follows; and the code on a notice."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.objections.rules import ENTITLED, ObjectionFacts, consequence_of, grounds_against
from results.objections.types import Consequence, ObjectionKind, Outcome, RefusalGround
from results.referral.rules.notice_code import ALPHABET, fits, notice_code
from results.referral.types import MAY_APPLY_FOR_RECHECK, Addressee

DAY = date(2026, 9, 14)
SIDES = st.sampled_from(sorted(MAY_APPLY_FOR_RECHECK))


@given(st.sampled_from(ObjectionKind), SIDES, st.integers(-30, 30), st.booleans())
def test_an_objection_is_refused_for_its_side_and_its_day_and_for_nothing_else(kind, side, days, has_begun):
    until = DAY if has_begun else None
    found = grounds_against(ObjectionFacts(kind, side, DAY + timedelta(days=days), until))
    assert (RefusalGround.NOT_ENTITLED in found) == (side not in ENTITLED[kind])
    assert (RefusalGround.LATE in found) == (has_begun and days > 0)
    assert set(found) <= {RefusalGround.NOT_ENTITLED, RefusalGround.LATE}


@given(st.sampled_from(ObjectionKind), st.booleans())
def test_what_is_not_upheld_changes_nothing(kind, has_case):
    assert consequence_of(kind, Outcome.NOT_UPHELD, has_case=has_case) is Consequence.NONE


@pytest.mark.parametrize(
    ("kind", "has_case", "expected"),
    [
        (ObjectionKind.AUTHENTICITY, True, Consequence.PRODUCER_IS_OUT),
        (ObjectionKind.STANDARD, True, Consequence.CASE_WITHDRAWN),
        (ObjectionKind.METHOD, True, Consequence.CASE_WITHDRAWN),
        (ObjectionKind.SAMPLING, True, Consequence.CASE_WITHDRAWN),
        (ObjectionKind.SAMPLING, False, Consequence.NONE),
    ],
)
def test_counterfeits_free_their_producer_and_a_wrong_conclusion_frees_everybody(kind, has_case, expected):
    assert consequence_of(kind, Outcome.UPHELD, has_case=has_case) is expected


def test_everything_can_be_objected_to_by_somebody_who_may_apply():
    assert set(ENTITLED) == set(ObjectionKind)
    for sides in ENTITLED.values():
        assert sides
        assert sides <= MAY_APPLY_FOR_RECHECK
    assert ENTITLED[ObjectionKind.AUTHENTICITY] == {Addressee.NOMINAL_PRODUCER}


@given(st.text(min_size=1), st.uuids(), st.uuids())
def test_a_code_fits_its_own_notice_however_it_is_typed_and_no_other(secret, notice_id, other):
    code = notice_code(secret, notice_id)
    assert set(code) <= {*ALPHABET, "-"}
    assert fits(secret, notice_id, f"  {code.lower().replace('-', ' ')} ")
    assert fits(secret, other, code) == (notice_id == other)
    assert not fits(f"{secret}x", notice_id, code)


def test_a_code_does_not_change_and_is_read_without_mistaking_its_characters():
    assert notice_code("secret", UUID(int=7)) == notice_code("secret", UUID(int=7))
    assert not set("01IO") & set(ALPHABET)
    assert len({notice_code("secret", uuid4()) for _ in range(200)}) == 200
