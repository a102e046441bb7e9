"""Pages and papers of samples: who sees them, in both languages, and who does not."""

from io import BytesIO
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.uow import unit_of_work
from sampling.models import Sample
from sampling.services.forms import DrawnSignature, submit_form
from sampling.types import SampleState, SeparationMode
from tests.factories.people import make_organisation, make_person
from tests.factories.pictures import png
from tests.factories.sampling import (
    Team,
    make_form_input,
    make_photos,
    make_sample,
    make_signatures,
    make_task,
    make_team,
)
from tests.factories.web import csrf_token, log_in

LANGUAGES = [("en", "Sampling form"), ("zh_Hans_CN", "抽样单")]


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def submit(team: Team):
    task_id = make_task(team)
    with unit_of_work(team.samplers[0].actor) as uow:
        sample = submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos())
        return sample.id, sample.sampling_no


@pytest.mark.parametrize(("locale", "words"), LANGUAGES)
def test_a_sampler_opens_the_sample_with_form_photos_and_signatures(client: FlaskClient, team: Team, locale, words):
    sample_id, number = submit(team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.samplers[0])
    assert number in client.get("/samples/").text
    page = client.get(f"/samples/{sample_id}").text
    assert words in page
    assert "清河县惠民超市" in page
    # Each picture, and the whole of it behind it.
    assert page.count("/photos/") == 1 * 2
    assert page.count("/signatures/") == 4 * 2


def test_a_photo_and_a_signature_are_shown_as_they_were_taken(client: FlaskClient, team: Team):
    sample_id, _number = submit(team)
    log_in(client, team.planner)
    drawn = client.get(f"/samples/{sample_id}/signatures/sampled_party")
    assert (drawn.status_code, drawn.content_type) == (200, "image/png")
    assert client.get(f"/samples/{sample_id}/signatures/nobody").status_code == 404
    assert client.get(f"/samples/{sample_id}/photos/{sample_id}").status_code == 404


def test_whoever_may_not_see_a_sample_finds_nothing(client: FlaskClient, session: Session, team: Team):
    sample_id, number = submit(team)
    stranger = make_person(make_organisation(OrganisationKind.SAMPLING_ORG), Role.SAMPLER)
    log_in(client, stranger)
    assert number not in client.get("/samples/").text
    for page in ("", "/form.pdf", "/purchase-cost.pdf", "/signatures/sampled_party"):
        assert client.get(f"/samples/{sample_id}{page}").status_code == 404


@pytest.mark.parametrize("role", ["tester", "reviewer", "signatory"])
def test_the_bench_has_no_page_of_samples_even_where_its_laboratory_samples(
    client: FlaskClient, session: Session, role
):
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    log_in(client, getattr(team, role))
    assert client.get(f"/samples/{sample_id}").status_code == 403


def test_a_custodian_who_also_tests_finds_nothing(client: FlaskClient, session: Session, team: Team):
    sample_id = make_sample(team)
    log_in(client, make_person(team.lab_id, Role.CUSTODIAN, Role.TESTER))
    assert client.get(f"/samples/{sample_id}").status_code == 404
    log_in(client, team.custodian)
    assert client.get(f"/samples/{sample_id}").status_code == 200


def test_a_list_is_searched_by_number_and_state_and_turns_its_pages(
    client: FlaskClient, session: Session, team: Team, monkeypatch
):
    monkeypatch.setattr("sampling.queries.PAGE", 2)
    numbers = {session.get_one(Sample, make_sample(team)).sampling_no for _ in range(3)}
    log_in(client, team.planner)
    first = client.get("/samples/").text
    assert sum(number in first for number in numbers) == 2
    assert "after=" in first
    wanted = min(numbers)
    found = client.get("/samples/", query_string={"q": wanted[-6:]}).text
    assert [number for number in sorted(numbers) if number in found] == [wanted]
    assert not any(number in client.get("/samples/?state=signed").text for number in numbers)
    assert client.get("/samples/?after=nonsense").status_code == 422


def test_the_form_is_printed_in_five_copies_with_what_stands_in_it(client: FlaskClient, team: Team):
    task_id = make_task(team)
    with unit_of_work(team.samplers[0].actor) as uow:
        signatures = {one: DrawnSignature(png()) for one in make_signatures()}
        sample = submit_form(uow, task_id, make_form_input(), signatures, make_photos())
        sample_id, number = sample.id, sample.sampling_no
    log_in(client, team.samplers[1])
    printed = client.get(f"/samples/{sample_id}/form.pdf")
    assert printed.content_type == "application/pdf"
    pages = ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(printed.data)).pages]
    assert len(pages) == 5
    assert all(number in page and "清河县惠民超市" in page for page in pages)
    owed = client.get(f"/samples/{sample_id}/purchase-cost.pdf")
    assert "12.60" in PdfReader(BytesIO(owed.data)).pages[0].extract_text()


def declare_void(client: FlaskClient, sample_id: UUID, reason: str):
    page = f"/samples/{sample_id}/void"
    return client.post(page, data={"reason": reason, "csrf_token": csrf_token(client, f"/samples/{sample_id}")})


def test_a_sampler_declares_a_sample_void_and_the_reason_stays_with_it(
    client: FlaskClient, session: Session, team: Team
):
    sample_id, _number = submit(team)
    log_in(client, team.samplers[1])
    assert f"/samples/{sample_id}/void" in client.get(f"/samples/{sample_id}").text
    silent = declare_void(client, sample_id, " ")
    assert (silent.status_code, session.get_one(Sample, sample_id).state) == (422, SampleState.SAMPLED)
    assert declare_void(client, sample_id, "封条被挂破").status_code == 303
    page = client.get(f"/samples/{sample_id}").text
    assert "封条被挂破" in page
    assert f"/samples/{sample_id}/void" not in page
    again = declare_void(client, sample_id, "再次作废")
    assert again.status_code == 409
    assert "再次作废" in again.text


def test_a_planner_of_the_regulator_may_void_and_a_colleague_of_the_samplers_may_not(
    client: FlaskClient, session: Session, team: Team
):
    sample_id, _number = submit(team)
    colleague = make_person(team.samplers[0].actor.organisation_id, Role.SAMPLER)
    log_in(client, colleague)
    assert f"/samples/{sample_id}/void" not in client.get(f"/samples/{sample_id}").text
    assert declare_void(client, sample_id, "误点").status_code == 403
    log_in(client, team.planner)
    assert declare_void(client, sample_id, "抽样单不能成立").status_code == 303
    assert session.get_one(Sample, sample_id).state is SampleState.VOID
