"""The sampler's pages: the day, one stop, the form that loses nothing, and a visit that brings nothing."""

import base64
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.clock import local_date
from lims.people.queries import employment_of_person
from lims.uow import unit_of_work
from sampling.models import (
    PlanCategory,
    Sample,
    SamplePhoto,
    SampleSignature,
    SamplingForm,
    SamplingTask,
    SeparationRefusal,
)
from sampling.services.separation import claim_job
from sampling.types import DutyRole, NoSampleReason, TaskState
from tests.factories.people import make_organisation, make_person
from tests.factories.pictures import jpeg, png
from tests.factories.sampling import VEGETABLES, Team, make_task, make_team
from tests.factories.web import csrf_token, log_in

SIGNERS = ("first_sampler", "second_sampler", "accompanying_officer", "sampled_party")
DRAWN = "data:image/png;base64," + base64.b64encode(png()).decode()
TYPED: dict[str, Any] = {
    "place_kind": "supermarket",
    "area_type": "urban",
    "region_code": "371402",
    "party_name": "清河县惠民超市",
    "party_address": "清河县人民路1号",
    "party_contact": "王芳",
    "product_name": "韭菜",
    "product_type": "produce",
    "packaging": "bulk",
    "source": "purchased",
    "attribute": "ordinary",
    "date_kind": "purchased",
    "product_date": "2026-09-13",
    "storage_condition": "ambient",
    "physical_form": "solid",
    "container": "plastic_bag",
    "sampling_method": "non_aseptic",
    "lot_size": "20",
    "sampled_qty": "3.0",
    "backup_qty": "1.0",
    "quantity_unit": "kg",
    "unit_price": "4.20",
    "paid_amount": "12.60",
    "supplier_name": "清河蔬菜批发行",
    "place_of_origin": "山东省德州市",
    "has_commitment_certificate": "yes",
    "site_check": "现场检查未见异常",
}


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


@pytest.fixture
def task_id(team: Team) -> UUID:
    return make_task(team)


def sent(client: FlaskClient, session: Session, task_id: UUID, *, signed: bool = True, **changes: Any):
    page = f"/field/tasks/{task_id}/form"
    body = TYPED | {
        "csrf_token": csrf_token(client, page),
        "food_category_id": str(session.get_one(SamplingTask, task_id).food_category_id),
    }
    if signed:
        body |= {f"signature_{signer}": DRAWN for signer in SIGNERS}
    body["photo_sample"] = (BytesIO(jpeg()), "a.jpg")
    return client.post(page, data=body | changes, content_type="multipart/form-data")


@pytest.mark.parametrize(("locale", "words"), [("en", "Today's stops"), ("zh_Hans_CN", "今日任务")])
def test_a_sampler_sees_the_stops_of_the_day_and_opens_one(
    client: FlaskClient, team: Team, task_id: UUID, locale, words
):
    client.set_cookie("lims_locale", locale)
    log_in(client, team.samplers[1])
    day = client.get("/field/").text
    assert words in day
    assert f"/field/tasks/{task_id}" in day
    assert client.get(f"/field/tasks/{task_id}").status_code == 200
    assert client.get(f"/field/tasks/{task_id}/notice.pdf").data.startswith(b"%PDF")


def test_the_officer_sees_the_stop_and_has_no_form(client: FlaskClient, team: Team, task_id: UUID):
    log_in(client, team.officer)
    assert f"/field/tasks/{task_id}" in client.get("/field/").text
    assert client.get(f"/field/tasks/{task_id}/form").status_code == 403


def test_a_submitted_form_is_a_sample_with_its_photo_and_signatures(
    client: FlaskClient, session: Session, team: Team, task_id: UUID
):
    log_in(client, team.samplers[0])
    answer = sent(client, session, task_id)
    assert answer.status_code == 303
    sample = session.scalars(sa.select(Sample).where(Sample.task_id == task_id)).one()
    assert answer.location.endswith(f"/samples/{sample.id}")
    form = session.get_one(SamplingForm, sample.id)
    assert (str(form.sampled_qty), str(form.paid_amount), form.has_commitment_certificate) == ("3.0", "12.60", True)
    assert form.party_uscc is None
    signed = session.scalars(sa.select(SampleSignature.signer_name).where(SampleSignature.sample_id == sample.id))
    assert len(signed.all()) == 4
    assert client.get(f"/field/tasks/{task_id}/form").status_code == 302


def test_a_refused_form_keeps_words_photos_and_signatures(
    client: FlaskClient, session: Session, team: Team, task_id: UUID
):
    client.set_cookie("lims_locale", "en")
    log_in(client, team.samplers[0])
    answer = sent(client, session, task_id, sampled_qty="three", place_of_origin="")
    assert answer.status_code == 422
    page = answer.text
    assert "“three” is not a measured value" in page
    assert 'value="three"' in page
    assert "清河蔬菜批发行" in page
    kept = [line.split('"')[0] for line in page.split('name="kept" value="')[1:]]
    assert len(kept) == 5
    assert client.get(f"/field/kept/{kept[0].rsplit(':', 1)[1]}").content_type == "image/jpeg"
    page = f"/field/tasks/{task_id}/form"
    body = TYPED | {
        "csrf_token": csrf_token(client, page),
        "food_category_id": str(session.get_one(SamplingTask, task_id).food_category_id),
        "kept": kept,
    }
    assert client.post(page, data=body).status_code == 303
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(SamplePhoto)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(SampleSignature)) == 4


def test_a_number_that_is_none_is_told_in_chinese(client: FlaskClient, session: Session, team: Team, task_id: UUID):
    client.set_cookie("lims_locale", "zh_Hans_CN")
    log_in(client, team.samplers[0])
    page = sent(client, session, task_id, sampled_qty="three").text
    assert "is not a measured value" not in page
    assert "three" in page


def test_a_service_refusal_stands_at_its_field(client: FlaskClient, session: Session, team: Team, task_id: UUID):
    client.set_cookie("lims_locale", "en")
    log_in(client, team.samplers[0])
    answer = sent(client, session, task_id, lot_size="2")
    assert answer.status_code == 422
    assert 'id="lot_size-error"' in answer.text
    unsigned = sent(client, session, task_id, signed=False)
    assert unsigned.status_code == 422
    assert "A signature of the team is missing" in unsigned.text


def test_nobody_carries_on_a_picture_of_somebody_else(client: FlaskClient, session: Session, team: Team, task_id: UUID):
    log_in(client, team.samplers[0])
    page = sent(client, session, task_id, sampled_qty="three").text
    digest = page.split('name="kept" value="photo:sample:')[1].split('"')[0]
    log_in(client, team.samplers[1])
    assert client.get(f"/field/kept/{digest}").status_code == 404
    assert client.get("/field/kept/nonsense").status_code == 404


def test_a_tester_is_told_in_words_why_the_form_is_refused(
    client: FlaskClient, session: Session, team: Team, task_id: UUID
):
    with unit_of_work(team.planner.actor) as uow:
        row = uow.session.get_one(PlanCategory, (team.plan_ids[0], category_id(VEGETABLES)))
        facts = employment_of_person(uow.session, team.samplers[1].person_id, local_date(uow.now))
        claim_job(uow, row, DutyRole.TESTER, facts)
    log_in(client, team.samplers[0])
    answer = sent(client, session, task_id)
    assert answer.status_code == 409
    assert "清河蔬菜批发行" in answer.text
    noted = session.scalars(sa.select(SeparationRefusal)).one()
    assert (noted.sample_id, noted.scope) == (None, "organisation")
    assert noted.person_id in {sampler.person_id for sampler in team.samplers}


@pytest.mark.parametrize("reason", list(NoSampleReason))
def test_one_tap_ends_a_visit_and_a_refusal_asks_for_words(
    client: FlaskClient, session: Session, team: Team, task_id: UUID, reason
):
    log_in(client, team.samplers[0])
    page = f"/field/tasks/{task_id}"
    body = {"csrf_token": csrf_token(client, page), "reason": reason.value}
    first = client.post(page, data=body)
    if reason is NoSampleReason.REFUSED:
        assert first.status_code == 422
        first = client.post(page, data=body | {"note": "店主拒绝"})
    assert first.status_code == 303
    session.expire_all()
    task = session.get_one(SamplingTask, task_id)
    assert (task.state, task.no_sample_reason) == (TaskState.NOT_SAMPLED, reason)
    assert client.get(page).status_code == 200


def test_another_organisation_finds_no_stop(client: FlaskClient, session: Session, task_id: UUID):
    log_in(client, make_person(make_organisation(OrganisationKind.SAMPLING_ORG), Role.SAMPLER))
    for page in ("", "/form", "/notice.pdf"):
        assert client.get(f"/field/tasks/{task_id}{page}").status_code == 404
