"""Submitting a sampling form, as rule and as service."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.db import db
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from sampling.events import SampleTaken
from sampling.models import DutyAct, SamplePhoto, SampleSignature, SamplingForm, SamplingTask
from sampling.rules.form import check_form
from sampling.rules.states import WrongStateError
from sampling.services.forms import submit_form
from sampling.services.samples import conclude, move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import (
    DateKind,
    Packaging,
    PlaceKind,
    ProductType,
    SampleEvent,
    SampleState,
    SampleVerdict,
    SeparationMode,
    SignerKind,
    Stage,
    TaskState,
)
from sampling.words import celsius_words
from tests.factories.people import make_person
from tests.factories.sampling import make_form_input, make_photos, make_sample, make_signatures, make_task, make_team

TODAY = date(2026, 9, 14)
TEAM = frozenset(make_signatures())
MOST_STATEMENTS = 26


def submit(team: Any, task_id: Any, sampler: int = 0, **changes: Any) -> Any:
    with unit_of_work(team.samplers[sampler].actor) as uow:
        sample = submit_form(uow, task_id, make_form_input(**changes), make_signatures(), make_photos())
        return sample.id, sample.sampling_no, uow.events


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0～4", "0～4℃"),
        ("0～4℃", "0～4℃"),
        ("-18 °C", "-18℃"),
        ("0℃～4℃", "0～4℃"),
        ("阴凉处", "阴凉处"),
        (None, ""),
    ],
)
def test_a_temperature_of_storage_is_shown_the_same_however_it_was_written(written, shown):
    assert celsius_words(written) == shown


def test_the_ordinary_form_is_accepted():
    check_form(make_form_input(), TODAY, TEAM, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product_name": ""}, "product_name"),
        ({"region_code": "37140"}, "region_code"),
        ({"sampled_qty": Decimal(0)}, "sampled_qty"),
        ({"sampled_qty": Decimal("NaN")}, "sampled_qty"),
        ({"backup_qty": None}, "backup_qty"),
        ({"no_backup_reason": "事故样品"}, "backup_qty"),
        ({"paid_amount": None}, "paid_amount"),
        ({"paid_amount": Decimal(-1)}, "paid_amount"),
        ({"lot_size": Decimal(2)}, "lot_size"),
        ({"product_date": date(2026, 9, 15)}, "product_date"),
        ({"supplier_name": None}, "supplier_name"),
        ({"place_of_origin": None}, "place_of_origin"),
        ({"place_kind": PlaceKind.ONLINE}, "platform"),
        ({"is_imported": True}, "origin"),
        ({"party_refused_to_sign": True}, "witness"),
        ({"packaging": Packaging.PREPACKAGED, "product_type": ProductType.INDUSTRIAL}, "producer_name"),
        ({"product_type": ProductType.CATERING, "date_kind": DateKind.PRODUCED}, "date_kind"),
    ],
)
def test_a_form_that_lacks_or_contradicts_is_refused_at_its_field(changes, field):
    with pytest.raises(InvalidInputError) as refusal:
        check_form(replace(make_form_input(), **changes), TODAY, TEAM, 1)
    assert refusal.value.field == field


@pytest.mark.parametrize("missing", sorted(TEAM))
def test_a_form_without_one_of_its_signatures_is_refused(missing):
    with pytest.raises(InvalidInputError):
        check_form(make_form_input(), TODAY, TEAM - {missing}, 1)


def test_a_party_that_refuses_to_sign_is_replaced_by_a_witness():
    form = make_form_input(party_refused_to_sign=True, witness="社区居委会 张某")
    check_form(form, TODAY, TEAM - {SignerKind.SAMPLED_PARTY}, 1)


def test_a_form_without_a_photo_is_refused():
    with pytest.raises(InvalidInputError):
        check_form(make_form_input(), TODAY, TEAM, 0)


@pytest.mark.parametrize("mode", SeparationMode)
def test_submitting_makes_a_sample_with_the_acts_of_three_persons(session: Session, mode):
    team = make_team(mode)
    task_id = make_task(team)
    sample_id, number, events = submit(team, task_id)
    assert number.startswith("XBJ26371402")
    assert number.endswith("00001")
    assert len(number) == 20
    form = session.get_one(SamplingForm, sample_id)
    assert (form.stage, form.paid_amount) == (Stage.CIRCULATION, Decimal("12.60"))
    acted = set(session.scalars(sa.select(DutyAct.person_id).where(DutyAct.sample_id == sample_id)))
    assert acted == {*(sampler.person_id for sampler in team.samplers), team.officer.person_id}
    assert session.get_one(SamplingTask, task_id).state is TaskState.SAMPLED
    assert session.scalar(sa.select(sa.func.count()).select_from(SamplePhoto)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(SampleSignature)) == 4
    assert SampleTaken in {type(event) for event in events}


def test_numbers_of_one_organisation_follow_each_other(session: Session):
    team = make_team()
    numbers = [submit(team, make_task(team), sampler)[1] for sampler in (0, 1, 0)]
    assert [number[-5:] for number in numbers] == ["00001", "00002", "00003"]
    assert len({number[:-5] for number in numbers}) == 1


def test_two_organisations_have_numbers_of_their_own(session: Session):
    one, other = make_team(), make_team()
    numbers = [submit(team, make_task(team))[1] for team in (one, other)]
    assert numbers[0][:-5] != numbers[1][:-5]


def test_a_task_gives_one_sample_only(session: Session):
    team = make_team()
    task_id = make_task(team)
    submit(team, task_id)
    with pytest.raises(ConflictError):
        submit(team, task_id)


def test_a_task_of_another_organisation_does_not_exist(session: Session):
    team, stranger = make_team(), make_team()
    task_id = make_task(team)
    with pytest.raises(NotFoundError):
        submit(stranger, task_id)


def test_only_the_samplers_of_the_task_submit_its_form(session: Session):
    team = make_team(SeparationMode.REGULATOR)
    task_id = make_task(team)
    with pytest.raises(ForbiddenError), unit_of_work(team.planner.actor) as uow:
        submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos())


def test_a_photo_that_is_no_image_is_refused(session: Session):
    team = make_team()
    task_id = make_task(team)
    photos = [replace(make_photos()[0], content=b"just text")]
    with pytest.raises(InvalidInputError), unit_of_work(team.samplers[0].actor) as uow:
        submit_form(uow, task_id, make_form_input(), make_signatures(), photos)


def test_an_unknown_region_is_refused(session: Session):
    team = make_team()
    task_id = make_task(team)
    with pytest.raises(InvalidInputError, match="999999"):
        submit(team, task_id, region_code="999999")


def test_a_sample_moves_only_as_the_table_says(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    with unit_of_work(make_person(team.lab_id, *Role).actor) as uow:
        sample = get_sample_for_act(uow, sample_id)
        assert move_sample(uow, sample, SampleEvent.HANDED_OVER) is SampleState.IN_TRANSIT
        with pytest.raises(WrongStateError):
            move_sample(uow, sample, SampleEvent.RESULTS_LOCKED)
        with pytest.raises(InvalidInputError):
            move_sample(uow, sample, SampleEvent.REFUSED_AT_RECEPTION)
        move_sample(uow, sample, SampleEvent.REFUSED_AT_RECEPTION, "封条破损")
        assert sample.ended_reason == "封条破损"


def test_a_conclusion_sets_the_verdict_and_a_recheck_replaces_it(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    way = [
        SampleEvent.HANDED_OVER,
        SampleEvent.ACCEPTED,
        SampleEvent.RECODED,
        SampleEvent.TESTING_BEGUN,
        SampleEvent.RESULTS_LOCKED,
    ]
    with unit_of_work(make_person(team.lab_id, *Role).actor) as uow:
        sample = get_sample_for_act(uow, sample_id)
        for event in way:
            move_sample(uow, sample, event)
        conclude(uow, sample, SampleVerdict.FAIL)
        assert (sample.state, sample.verdict) == (SampleState.SIGNED, SampleVerdict.FAIL)
        move_sample(uow, sample, SampleEvent.NOTICE_SERVED)
        move_sample(uow, sample, SampleEvent.RECHECK_ACCEPTED)
        conclude(uow, sample, SampleVerdict.PASS)
        assert (sample.state, sample.verdict) == (SampleState.SERVED, SampleVerdict.PASS)


def test_a_form_is_submitted_in_few_statements(session: Session):
    """Registering must stay fast: the number of round trips is what decides it."""
    team = make_team()
    submit(team, make_task(team))  # the first form of an institution also gives it its number
    task_id = make_task(team)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        with unit_of_work(team.samplers[0].actor) as uow:
            submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos())
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len([one for one in statements if "SAVEPOINT" not in one and not one.startswith("SET")]) <= MOST_STATEMENTS
