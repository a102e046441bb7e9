"""One person asks, another decides: the same refusals wherever a request has this shape."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.types import UnblindingOutcome
from lims.actors import Actor
from lims.db import Base
from lims.decisions import DECLINED, Outcome, TwoPersonRequest, decide, read_reason
from lims.erasure.models import ErasureRequest
from lims.errors import ConflictError, InvalidInputError

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
ASKER, OTHER = uuid4(), uuid4()
outcomes = st.sampled_from([*Outcome, *UnblindingOutcome])


def by(person_id):
    return SimpleNamespace(actor=Actor(name="x", person_id=person_id), now=NOW)


def asked_for(outcome=None):
    return ErasureRequest(requested_by_id=ASKER, reason="x", outcome=outcome)


@given(outcomes, st.none() | st.text(max_size=20))
def test_a_decision_is_taken_by_somebody_else_and_a_declined_one_has_a_sentence(outcome, note):
    asked = asked_for()
    said = (note or "").strip()
    if outcome == DECLINED and not said:
        with pytest.raises(InvalidInputError, match="Say why") as refusal:
            decide(by(OTHER), asked, outcome, note)
        assert refusal.value.field == "note"
        return
    decision = decide(by(OTHER), asked, outcome, note)
    assert asked.outcome is None
    asked.close(decision)
    assert (asked.decided_by_id, asked.decided_at, asked.outcome, asked.note) == (OTHER, NOW, outcome, said or None)


@given(outcomes, outcomes, st.text(min_size=1, max_size=20))
def test_nobody_decides_twice_and_nobody_what_they_asked_for(first, second, note):
    with pytest.raises(ConflictError, match="decided already"):
        decide(by(OTHER), asked_for(first), second, note)
    with pytest.raises(ConflictError, match="somebody else"):
        decide(by(ASKER), asked_for(), second, note)


@given(st.none() | st.text(max_size=20))
def test_a_reason_is_what_is_left_without_the_space_around_it(text):
    if not (text or "").strip():
        with pytest.raises(InvalidInputError) as refusal:
            read_reason(text, field="why")
        assert refusal.value.field == "why"
    else:
        assert read_reason(text) == text.strip() != ""


def test_the_database_holds_every_request_of_two_persons_to_the_same_checks(app):
    tables = [one.class_ for one in Base.registry.mappers if issubclass(one.class_, TwoPersonRequest)]
    assert {table.__tablename__ for table in tables} >= {"erasure_request", "form_correction", "unblinding"}
    for table in tables:
        held = {one.name for one in table.__table__.constraints if isinstance(one, sa.CheckConstraint)}
        for check in ("reason_given", "two_people", "decision_is_whole", "declined_with_a_reason"):
            assert f"ck_{table.__tablename__}_{check}" in held
        assert DECLINED in table.__table__.c.outcome.type.enums
