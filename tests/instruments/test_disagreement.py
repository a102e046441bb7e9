"""A reading that is tied to a sample must also be of a test that the sample is in for, in a unit that test can have."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from instruments.models import StoredReading
from instruments.rules import disagreement
from instruments.services import readings as services
from instruments.types import Asked, QuarantineReason, ReadingState
from lims.catalog.models import TestItem
from lims.errors import ConflictError
from lims.uow import unit_of_work
from results.queries import asked_at_bench
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team
from tests.factories.web import log_in

LEAD, CADMIUM = UUID(int=1), UUID(int=2)
ASKED = (Asked(LEAD, "铅", "mg/kg"), Asked(CADMIUM, "镉", ""))


@pytest.fixture
def team(session):
    return make_team()


def take(team, *delivered):
    with unit_of_work(team.tester.actor) as uow:
        return services.take_readings(uow, "AAS", delivered).new


def asked_with_a_unit(session, code) -> Asked:
    return next(one for one in asked_at_bench(session, [code])[code] if one.unit)


def test_an_item_that_is_not_asked_for_is_shown_beside_those_that_are():
    assert disagreement(UUID(int=9), "mg/kg", ASKED) == (QuarantineReason.WRONG_TEST, "铅、镉")


@pytest.mark.parametrize("unit", ["℃", "mg/L", "banana", "<>"])
def test_a_unit_of_another_kind_is_shown_beside_the_one_of_the_method(unit):
    assert disagreement(LEAD, unit, ASKED) == (QuarantineReason.WRONG_UNIT, "铅 mg/kg")


@pytest.mark.parametrize("unit", ["mg/kg", "ug/kg", "μg/g", " mg/kg ", "ＭＧ/kg".lower(), ""])
def test_units_that_convert_and_no_unit_at_all_agree(unit):
    assert disagreement(LEAD, unit, ASKED) is None


@given(unit=st.text(max_size=12))
def test_what_is_not_known_never_disagrees(unit):
    assert disagreement(None, unit, ASKED) is None
    assert disagreement(LEAD, unit, ()) is None
    assert disagreement(CADMIUM, unit, ASKED) is None, "its method row has no unit"


def test_a_reading_of_another_item_waits_until_a_person_decides(session, team):
    _sample_id, code = make_recoded_sample(team)
    own = {one.item_id for one in asked_at_bench(session, [code])[code]}
    other = session.scalars(sa.select(TestItem).where(TestItem.id.not_in(own)).order_by(TestItem.code)).first()
    [waiting] = take(team, make_delivered(code, item_text=other.name_zh))
    assert (waiting.state, waiting.quarantine_reason) == (ReadingState.QUARANTINED, QuarantineReason.WRONG_TEST)
    assert asked_with_a_unit(session, code).name in waiting.match.expected
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        services.look_again(uow, waiting.id)
    with unit_of_work(team.tester.actor) as uow:
        services.assign_reading(uow, waiting.id, code, "仪器方法名设错，已核对原始记录")
    assert session.get_one(StoredReading, waiting.id).quarantine_reason is QuarantineReason.WRONG_TEST


def test_a_reading_in_a_unit_the_test_cannot_have_waits_and_the_page_shows_both(client, session, team):
    _sample_id, code = make_recoded_sample(team)
    asked = asked_with_a_unit(session, code)
    [waiting] = take(team, make_delivered(code, item_text=asked.name, unit_text="℃"))
    assert (waiting.quarantine_reason, waiting.match.expected) == (
        QuarantineReason.WRONG_UNIT,
        f"{asked.name} {asked.unit}",
    )
    [right] = take(team, make_delivered(code, item_text=asked.name, unit_text=asked.unit))
    assert right.blind_code == code
    log_in(client, team.tester)
    page = client.get("/instruments/quarantine/").text
    assert f"{asked.name} ℃" in page
    assert f"{asked.name} {asked.unit}" in page


def test_a_slot_is_held_to_its_sample_as_well(session, team, frozen_clock):
    from instruments.services import runs

    _sample_id, code = make_recoded_sample(team)
    [first] = take(team, make_delivered())
    instrument_id = session.get_one(StoredReading, first.id).instrument_id
    with unit_of_work(team.tester.actor) as uow:
        runs.open_instrument_run(uow, instrument_id, {"1": code})
    asked = asked_with_a_unit(session, code)
    [waiting] = take(team, make_delivered(slot="1", item_text=asked.name, unit_text="℃"))
    assert waiting.quarantine_reason is QuarantineReason.WRONG_UNIT
