"""A submitted form changes by a correction only: asked for by one person, approved by another."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, ProgrammingError

from lims.auth.permissions import Role
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.ledger.replay import check_replay
from lims.uow import unit_of_work
from results.models import TestSet
from sampling.models import FormCorrection, SamplingForm
from sampling.rules.form import CORRECTABLE, FIXED, SamplingFormInput, read_written, written
from sampling.rules.states import WrongStateError
from sampling.services.corrections import decide_correction, request_correction
from sampling.types import PlaceKind, ProductType, Stage, StorageCondition
from tests.factories.people import make_person
from tests.factories.results import make_entered_set, make_locked_set, make_report, make_signed_report, make_test_set
from tests.factories.sampling import make_form_input, make_sample, make_team
from tests.factories.web import bearer, csrf_token, log_in

WHY = "The sign over the door says otherwise."


@pytest.fixture
def team(session):
    return make_team()


def ask(team, sample_id, field="party_name", value="清河县利民蔬菜店", *, reason=WHY, by=None):
    with unit_of_work((by or team.samplers[0]).actor) as uow:
        return request_correction(uow, sample_id, field, value, reason).id


def decide(team, correction_id, *, approves=True, note=None, by=None):
    with unit_of_work((by or team.planner).actor) as uow:
        decide_correction(uow, correction_id, note, approves=approves)


def form_of(session, sample_id):
    session.expire_all()
    return session.get_one(SamplingForm, sample_id)


@given(
    st.one_of(
        st.tuples(st.just("party_name"), st.text(min_size=1)),
        st.tuples(st.just("unit_price"), st.none() | st.decimals(0, 10_000, places=2)),
        st.tuples(st.just("product_date"), st.dates()),
        st.tuples(st.just("is_imported"), st.booleans()),
        st.tuples(st.just("has_commitment_certificate"), st.none() | st.booleans()),
        st.tuples(st.just("product_type"), st.sampled_from(ProductType)),
    )
)
def test_a_value_is_read_back_as_it_was_written(pair):
    field, value = pair
    assert read_written(field, written(value)) == value


def test_every_field_of_the_form_can_be_corrected_or_is_fixed_on_purpose():
    assert {one.name for one in fields(SamplingFormInput)} == set(CORRECTABLE) | FIXED
    form = make_form_input()
    for field in CORRECTABLE:
        value = getattr(form, field)
        assert read_written(field, written(value)) == value


def test_an_approved_correction_changes_the_form_and_keeps_old_and_new(session, team):
    sample_id = make_sample(team)
    before = form_of(session, sample_id).party_name
    asked = ask(team, sample_id)
    assert form_of(session, sample_id).party_name == before
    decide(team, asked)
    assert form_of(session, sample_id).party_name == "清河县利民蔬菜店"
    kept = session.get_one(FormCorrection, asked)
    assert (kept.old_value, kept.new_value, kept.reason) == (before, "清河县利民蔬菜店", WHY)
    assert kept.decided_by_id == team.planner.person_id
    assert check_replay(session).violations == 0


def test_a_declined_correction_leaves_the_form_and_says_why(session, team):
    sample_id = make_sample(team)
    before = form_of(session, sample_id).party_name
    asked = ask(team, sample_id)
    with pytest.raises(InvalidInputError):
        decide(team, asked, approves=False, note=" ")
    decide(team, asked, approves=False, note="The licence says what the form says.")
    assert form_of(session, sample_id).party_name == before
    with pytest.raises(ConflictError, match="decided already"):
        decide(team, asked)


def test_nobody_approves_what_they_asked_for_and_only_a_planner_of_the_regulator_decides(session, team):
    sample_id = make_sample(team)
    asked = ask(team, sample_id, by=team.planner)
    with pytest.raises(ConflictError, match="somebody else"):
        decide(team, asked)
    for stranger in (team.samplers[1], make_team().planner):
        with pytest.raises(NotFoundError):
            decide(team, asked, by=stranger)
    decide(team, asked, by=make_person(team.regulator_id, Role.PLANNER))


def test_the_rules_of_the_form_hold_for_a_correction(session, team):
    sample_id = make_sample(team)
    for field, value, match in (
        ("product_date", date(2099, 1, 1), "2099-01-01"),
        ("party_name", "", "Fill this in"),
        ("unit_price", Decimal(-1), "-1"),
        ("region_code", "999999", "999999"),
        ("sampled_qty", Decimal(5), "sampled_qty"),
        ("no_such_field", "x", "no_such_field"),
    ):
        with pytest.raises(InvalidInputError, match=match):
            ask(team, sample_id, field, value)
    with pytest.raises(InvalidInputError, match="stands there already"):
        ask(team, sample_id, "party_name", form_of(session, sample_id).party_name)
    with pytest.raises(InvalidInputError):
        ask(team, sample_id, reason=" ")


def test_the_stage_follows_a_corrected_place(session, team):
    sample_id = make_sample(team)
    decide(team, ask(team, sample_id, "place_kind", PlaceKind.RESTAURANT))
    assert form_of(session, sample_id).stage is Stage.CATERING


def test_one_correction_of_a_field_waits_at_a_time(session, team):
    sample_id = make_sample(team)
    ask(team, sample_id)
    with pytest.raises(ConflictError, match="waits already"):
        ask(team, sample_id, value="another")
    ask(team, sample_id, "batch_no", "20260912")


def test_strangers_see_no_form_to_correct_and_the_bench_cannot_ask(session, team):
    sample_id = make_test_set(team).sample_id
    for stranger in (make_team().samplers[0], team.tester):
        with pytest.raises(NotFoundError):
            ask(team, sample_id, by=stranger)
    with pytest.raises(ForbiddenError):
        ask(team, sample_id, by=make_person(team.regulator_id, Role.ENFORCEMENT_OFFICER))


def test_after_the_signature_the_form_stands(session, team):
    report = make_signed_report(team)
    with pytest.raises(WrongStateError):
        ask(team, report.sample_id)


def test_the_bench_reads_what_the_corrected_form_says(session, team):
    made = make_test_set(team)
    decide(team, ask(team, made.sample_id, "storage_condition", StorageCondition.FROZEN))
    session.expire_all()
    assert session.get_one(TestSet, made.id).storage_condition is StorageCondition.FROZEN


def test_a_correction_that_would_change_a_frozen_limit_is_refused_whole(session, team):
    made = make_entered_set(team)
    before = form_of(session, made.sample_id).product_date
    asked = ask(team, made.sample_id, "product_date", date(2010, 1, 4))
    with pytest.raises(ConflictError, match="other limits"):
        decide(team, asked)
    assert form_of(session, made.sample_id).product_date == before
    assert session.get_one(FormCorrection, asked).outcome is None


def test_a_claim_that_results_were_judged_by_stays(session, team):
    made = make_entered_set(team)
    asked = ask(team, made.sample_id, "label_claims", "无农残")
    with pytest.raises(ConflictError, match="claims"):
        decide(team, asked)


def test_a_composed_report_goes_back_before_its_form_changes(session, team):
    made = make_locked_set(team)
    make_report(team, made)
    asked = ask(team, made.sample_id)
    with pytest.raises(ConflictError, match="composed already"):
        decide(team, asked)


def test_the_application_cannot_write_around_a_correction(session, team):
    sample_id = make_sample(team)
    for statement in (
        "UPDATE sampling_form SET sampled_qty = 1 WHERE sample_id = :id",
        "DELETE FROM form_correction WHERE sample_id = :id",
        "UPDATE form_correction SET old_value = 'x' WHERE sample_id = :id",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text(statement), {"id": sample_id})
    asked = ask(team, sample_id)
    alone = sa.text(
        "UPDATE form_correction SET outcome = 'approved', decided_at = now(), decided_by_id = requested_by_id"
        " WHERE id = :id"
    )
    with pytest.raises(IntegrityError, match="two_people"), session.begin_nested():
        session.execute(alone, {"id": asked})


@pytest.mark.parametrize(("locale", "words"), [("en", "Should stand there"), ("zh_Hans_CN", "应为")])
def test_the_pages_lead_from_the_sample_to_the_decision(client, session, team, locale, words):
    sample_id = make_sample(team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.samplers[0])
    assert f"/corrections/samples/{sample_id}" in client.get(f"/samples/{sample_id}").text
    assert f"/corrections/samples/{sample_id}/brand" in client.get(f"/corrections/samples/{sample_id}").text
    page = f"/corrections/samples/{sample_id}/product_date"
    token = csrf_token(client, page)
    refused = client.post(page, data={"csrf_token": token, "product_date": "2099-01-01", "reason": WHY})
    assert refused.status_code == 422
    assert "2099-01-01" in refused.text
    assert "sign over the door" in refused.text
    done = client.post(page, data={"csrf_token": token, "product_date": "2026-09-12", "reason": WHY})
    assert done.status_code == 303
    kind = f"/corrections/samples/{sample_id}/storage_condition"
    done = client.post(
        kind, data={"csrf_token": csrf_token(client, kind), "storage_condition": "chilled", "reason": WHY}
    )
    assert done.status_code == 303
    log_in(client, team.planner)
    waiting = client.get("/corrections/").text
    assert words in waiting
    assert "2026-09-12" in waiting
    asked = session.scalars(sa.select(FormCorrection.id).where(FormCorrection.field == "product_date")).one()
    decision = f"/corrections/{asked}"
    sent = client.post(decision, data={"csrf_token": csrf_token(client, decision), "decision": "approved"})
    assert sent.status_code == 303
    assert form_of(session, sample_id).product_date == date(2026, 9, 12)
    assert words in client.get(f"/samples/{sample_id}").text


def test_programs_correct_as_pages_do(client, session, team):
    sample_id = make_sample(team)
    address = f"/api/v1/samples/{sample_id}/corrections"
    sampler, planner = bearer(team.samplers[0]), bearer(team.planner)
    wrong = client.post(
        address,
        json={"field": "storage_condition", "value": "tepid", "reason": WHY},
        headers=sampler | {"Idempotency-Key": "wrong"},
    )
    assert wrong.status_code == 422
    assert "tepid" in wrong.text
    asked = client.post(
        address,
        json={"field": "unit_price", "value": "12.50", "reason": WHY},
        headers=sampler | {"Idempotency-Key": "ask"},
    )
    assert (asked.status_code, asked.json["new_value"]) == (201, "12.50")
    decided = client.post(
        f"/api/v1/corrections/{asked.json['id']}/decision",
        json={"approves": True},
        headers=planner | {"Idempotency-Key": "decide"},
    )
    assert (decided.status_code, decided.json["outcome"]) == (201, "approved")
    assert [one["outcome"] for one in client.get(address, headers=sampler).json["items"]] == ["approved"]
    assert form_of(session, sample_id).unit_price == Decimal("12.50")
