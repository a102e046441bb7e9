"""Checks among the samples of the bench: put in unseen, held against what was known, and never reported."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from chain_of_custody.types import Blindness
from chain_of_custody.verification import CHECKS as CUSTODY
from lims.auth.permissions import Role
from lims.catalog.queries import find_category
from lims.db import db
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results import queries
from results.blind_checks import services
from results.blind_checks.models import BlindCheck, BlindCheckScore
from results.blind_checks.queries import get_check, lines_of, list_checks
from results.blind_checks.services import Container, KnownValue
from results.blind_checks.types import Expected, Outcome
from results.blind_checks.verification import CHECKS
from results.models import TestSet
from results.services.composition import compose_report
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.worklists import Described, begin_testing
from results.types import Entry, LimitState, TestSetState
from results.verification import SIGNATURES
from sampling.models import Sample
from sampling.queries import list_samples
from sampling.services.separation import SeparationRefusedError
from sampling.types import (
    Packaging,
    PhysicalForm,
    ProductType,
    SamplePurpose,
    SampleState,
    StorageCondition,
)
from sampling.verification import SAMPLES, SEPARATION
from tests.factories.people import make_person
from tests.factories.results import STATED, make_test_set
from tests.factories.sampling import LEEK, make_team
from tests.factories.web import bearer, csrf_token, log_in

DESCRIBED = Described(
    product_name="韭菜",
    product_date=date(2026, 9, 13),
    label_claims=None,
    product_type=ProductType.PRODUCE,
    packaging=Packaging.BULK,
    physical_form=PhysicalForm.SOLID,
    storage_condition=StorageCondition.CHILLED,
    storage_celsius="0-4 ℃",
    executed_standard=None,
)
_seals = count(1)


def container(**changed):
    ordinary = Container(
        material="GBW(E)100500, lot 7",
        quantity=Decimal(200),
        quantity_unit="g",
        seal_no=f"QC-{next(_seals):06d}",
        blindness=Blindness.REPACKED,
    )
    return replace(ordinary, **changed)


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def quality(team):
    return make_person(team.lab_id, Role.QUALITY_MANAGER)


@pytest.fixture
def quality_of(team, quality):
    return team, quality


def prepare(quality, *values, **changed):
    with unit_of_work(quality.actor) as uow:
        food = find_category(uow.session, LEEK)
        described = replace(DESCRIBED, **changed)
        return services.prepare_known(uow, food.id, described, list(values), container()).sample_id


def judged_items(session, team):
    """The items of a leek whose limit is loaded, in the order of the worklist."""
    made = make_test_set(team)
    return [one.item for one in queries.list_lines(session, made.id) if one.line.limit_state is LimitState.FOUND]


def code_of(sample_id):
    with db.new_session() as session:
        return session.scalars(sa.select(TestSet.blind_code).where(TestSet.sample_id == sample_id)).one()


def bench_and_lock(team, sample_id, texts=None):
    """The bench enters a text for the items that can be judged, the reviewer locks."""
    code = code_of(sample_id)
    with unit_of_work(team.tester.actor) as uow:
        entries = []
        for one in queries.list_lines(uow.session, begin_testing(uow, code).id):
            plain = STATED if one.line.lod is None else "未检出"
            if one.line.limit_state is LimitState.FOUND:
                entries.append(Entry(one.line.id, (texts or {}).get(one.item.id, plain)))
            else:
                entries.append(Entry(one.line.id, "/", untested_reason="限量未载入"))
        enter_results(uow, code, entries)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, code)


def evaluate(quality, sample_id, conclusion="No action."):
    with unit_of_work(quality.actor) as uow:
        return services.evaluate_check(uow, sample_id, conclusion).outcome


def test_to_the_bench_a_check_is_a_set_like_any_other(session, team, quality):
    item = judged_items(session, team)[0]
    real = session.scalars(sa.select(TestSet).where(TestSet.lab_id == team.lab_id)).one()
    check_id = prepare(quality, KnownValue(item.id, Expected.DETECTED))
    session.expire_all()
    made = session.scalars(sa.select(TestSet).where(TestSet.sample_id == check_id)).one()
    assert [one.item.id for one in queries.list_lines(session, made.id)] == [
        one.item.id for one in queries.list_lines(session, real.id)
    ]
    facts = queries.blind_facts(session, made)
    assert (facts.product_type, facts.storage_celsius) == (ProductType.PRODUCE, "0-4")
    rows = {row.blind_code for row in queries.list_sets(session, team.lab_id, list(TestSetState), now=real.opened_at)}
    assert rows == {real.blind_code, made.blind_code}


def test_no_clock_runs_on_for_a_check_that_is_evaluated(session, team, quality):
    item = judged_items(session, team)[0]
    check_id = prepare(quality, KnownValue(item.id, Expected.DETECTED))
    bench_and_lock(team, check_id)

    def days_left():
        session.expire_all()
        made = session.scalars(sa.select(TestSet).where(TestSet.sample_id == check_id)).one()
        return queries.reports_due(session, [made], made.opened_at)[check_id].days_left

    assert days_left() is not None
    evaluate(quality, check_id)
    assert days_left() is None


def test_whoever_prepares_a_check_can_never_test_it(session, team):
    double = make_person(team.lab_id, Role.QUALITY_MANAGER, Role.TESTER)
    check_id = prepare(double, KnownValue(judged_items(session, team)[0].id, Expected.DETECTED))
    with pytest.raises(SeparationRefusedError), unit_of_work(double.actor) as uow:
        begin_testing(uow, code_of(check_id))


def test_a_known_value_is_scored_by_its_z_and_a_missed_one_fails(session, team, quality):
    first, second, third = judged_items(session, team)[:3]
    check_id = prepare(
        quality,
        KnownValue(first.id, Expected.VALUE, Decimal("0.020"), Decimal("0.004"), "mg/kg"),
        KnownValue(second.id, Expected.DETECTED),
        KnownValue(third.id, Expected.NOT_DETECTED),
    )
    bench_and_lock(team, check_id, {first.id: "0.030"})
    assert evaluate(quality, check_id) is Outcome.UNSATISFACTORY
    session.expire_all()
    scores = {
        one.item_id: one
        for one in session.scalars(sa.select(BlindCheckScore).where(BlindCheckScore.sample_id == check_id))
    }
    assert (scores[first.id].outcome, scores[first.id].figure) == (Outcome.QUESTIONABLE, Decimal("2.50"))
    assert scores[second.id].outcome is Outcome.UNSATISFACTORY
    assert scores[third.id].outcome is Outcome.SATISFACTORY
    assert session.get_one(Sample, check_id).state is SampleState.EVALUATED


def test_a_split_is_held_against_the_sample_it_was_taken_from_once_both_are_locked(session, team, quality):
    original = make_test_set(team)
    with unit_of_work(quality.actor) as uow:
        split_id = services.prepare_split(uow, original.blind_code, Decimal(20), container()).sample_id
    item = judged_items(session, team)[0]
    bench_and_lock(team, split_id, {item.id: "0.030"})
    with pytest.raises(ConflictError, match="not locked"):
        evaluate(quality, split_id)
    bench_and_lock(team, original.sample_id, {item.id: "0.031"})
    assert evaluate(quality, split_id) is Outcome.SATISFACTORY
    line = next(
        one for one in lines_of(session, get_check(session, team.lab_id, split_id).check) if one.item.id == item.id
    )
    assert (line.result.entered_text, line.compared.entered_text) == ("0.030", "0.031")
    assert line.score.figure == Decimal("3.28")


def test_nothing_is_shown_of_the_results_before_the_reviewer_has_locked_them(session, team, quality):
    item = judged_items(session, team)[0]
    check_id = prepare(quality, KnownValue(item.id, Expected.DETECTED))
    with pytest.raises(ConflictError, match="not locked"):
        evaluate(quality, check_id)
    check = get_check(session, team.lab_id, check_id).check
    assert all(line.result is None for line in lines_of(session, check))


def test_a_check_is_never_reported_and_stands_in_no_list_of_samples(session, team, quality):
    item = judged_items(session, team)[0]
    check_id = prepare(quality, KnownValue(item.id, Expected.DETECTED))
    bench_and_lock(team, check_id)
    with pytest.raises(NotFoundError), unit_of_work(team.signatory.actor) as uow:
        compose_report(uow, code_of(check_id))
    locked_at = session.get_one(Sample, check_id).state_changed_at
    assert not queries.list_to_sign(session, team.lab_id, now=locked_at)
    for somebody in (team.custodian, team.planner, quality):
        assert check_id not in {row.sample.id for row in list_samples(session, somebody.actor)}


def test_no_hand_written_sql_concludes_a_check(session, team, quality):
    check_id = prepare(quality, KnownValue(judged_items(session, team)[0].id, Expected.DETECTED))
    for statement, told in (
        ("UPDATE sample SET state = 'signed', verdict = 'pass' WHERE id = :id", "checks_are_never_concluded"),
        ("UPDATE sample SET purpose = 'inspection' WHERE id = :id", "permission denied"),
    ):
        with pytest.raises(DBAPIError, match=told), session.begin_nested():
            session.execute(sa.text(statement), {"id": check_id})


def test_a_sample_of_a_business_is_never_evaluated_as_a_check(session, team):
    made = make_test_set(team)
    with pytest.raises(IntegrityError, match="checks_are_evaluated"), session.begin_nested():
        session.execute(sa.text("UPDATE sample SET state = 'evaluated' WHERE id = :id"), {"id": made.sample_id})


def test_an_evaluation_wants_words_and_happens_once(session, team, quality):
    check_id = prepare(quality, KnownValue(judged_items(session, team)[0].id, Expected.NOT_DETECTED))
    bench_and_lock(team, check_id)
    with pytest.raises(InvalidInputError):
        evaluate(quality, check_id, " ")
    assert evaluate(quality, check_id) is Outcome.SATISFACTORY
    with pytest.raises(ConflictError, match="already"):
        evaluate(quality, check_id)


def test_bad_checks_are_refused_with_what_was_wrong(session, team, quality):
    item = judged_items(session, team)[0]
    wrong = [
        (),
        (KnownValue(item.id, Expected.VALUE),),
        (KnownValue(item.id, Expected.VALUE, Decimal(-1), Decimal(1), "mg/kg"),),
        (KnownValue(item.id, Expected.VALUE, Decimal(1), Decimal(0), "mg/kg"),),
        (KnownValue(item.id, Expected.VALUE, Decimal(1), Decimal(1), "bananas"),),
        (KnownValue(team.lab_id, Expected.DETECTED),),
    ]
    for values in wrong:
        with pytest.raises(InvalidInputError):
            prepare(quality, *values)
    with pytest.raises(InvalidInputError, match="2099-01-01"):
        prepare(quality, KnownValue(item.id, Expected.DETECTED), product_date=date(2099, 1, 1))
    with pytest.raises(InvalidInputError, match="Unknown code"), unit_of_work(quality.actor) as uow:
        services.prepare_split(uow, "ABCDEFGH", Decimal(20), container())
    code = make_test_set(team).blind_code
    with pytest.raises(InvalidInputError, match="300"), unit_of_work(quality.actor) as uow:
        services.prepare_split(uow, code, Decimal(300), container())
    with pytest.raises(ForbiddenError), unit_of_work(team.custodian.actor) as uow:
        services.prepare_split(uow, code, Decimal(20), container())


def test_checks_hold_every_invariant(session, team, quality):
    item = judged_items(session, team)[0]
    check_id = prepare(quality, KnownValue(item.id, Expected.VALUE, Decimal("0.02"), Decimal("0.01"), "mg/kg"))
    prepare(quality, KnownValue(item.id, Expected.DETECTED))
    bench_and_lock(team, check_id, {item.id: "0.021"})
    evaluate(quality, check_id)
    session.expire_all()
    for check in (*CHECKS, *CUSTODY, *SAMPLES, *SEPARATION, *SIGNATURES):
        finding = check(session)
        assert finding.violations == 0, (finding.invariant, finding.examples)
    assert session.get_one(Sample, check_id).purpose is SamplePurpose.KNOWN


def test_a_score_changed_by_hand_is_found(session, team, quality):
    check_id = prepare(quality, KnownValue(judged_items(session, team)[0].id, Expected.DETECTED))
    bench_and_lock(team, check_id)
    evaluate(quality, check_id)
    with db.new_session() as owner:
        outcome = owner.scalars(sa.select(BlindCheckScore.outcome)).first()
    assert outcome is Outcome.UNSATISFACTORY
    session.expire_all()
    changed = session.scalars(sa.select(BlindCheckScore)).one()
    sa.orm.attributes.set_committed_value(changed, "outcome", Outcome.SATISFACTORY)
    assert CHECKS[1](session).violations == 1


@pytest.mark.parametrize(("locale", "heading"), [("en", "z-scores"), ("zh_Hans_CN", "z 值")])
def test_the_pages_lead_from_a_food_to_the_evaluation(client, session, quality_of, locale, heading):
    team, quality = quality_of
    items = judged_items(session, team)
    client.set_cookie("lims_locale", locale)
    log_in(client, quality)
    page = f"/quality/blind-checks/known/new?food={LEEK}"
    shown = client.get(page).text
    place = shown.split('value="' + str(items[0].id))[0].rsplit('name="values-', 1)[1].split("-")[0]
    fields = {
        "csrf_token": csrf_token(client, page),
        "product_name": "韭菜",
        "product_date": "2026-09-13",
        "product_type": "produce",
        "packaging": "bulk",
        "physical_form": "solid",
        "storage_condition": "chilled",
        "material": "Spiked leek",
        "quantity": "200",
        "quantity_unit": "g",
        "seal_no": "QC-PAGE-1",
        "blindness": "repacked",
        f"values-{place}-item_id": str(items[0].id),
        f"values-{place}-expected": "value",
        f"values-{place}-value": "0.02",
        f"values-{place}-deviation": "banana",
        f"values-{place}-unit": "mg/kg",
    }
    refused = client.post(page, data=fields)
    assert refused.status_code == 422
    assert "banana" in refused.text
    assert "Spiked leek" in refused.text
    made = client.post(page, data=fields | {f"values-{place}-deviation": "0.01"})
    assert made.status_code == 303, made.text
    label = client.post(
        f"{made.location}/label",
        data={"csrf_token": csrf_token(client, f"{made.location}/label"), "size": "60x40", "written_in": "pdf"},
    )
    assert (label.status_code, label.data[:5]) == (200, b"%PDF-")
    check_id = session.scalars(sa.select(BlindCheck.sample_id)).one()
    bench_and_lock(team, check_id, {items[0].id: "0.021"})
    done = client.post(
        made.location, data={"csrf_token": csrf_token(client, made.location), "conclusion": "No action."}
    )
    assert done.status_code == 303
    assert heading in client.get(made.location).text
    assert code_of(check_id) in client.get("/quality/blind-checks/").text


def test_programs_put_in_known_materials_and_splits(client, session, team, quality):
    items = judged_items(session, team)
    headers = bearer(quality)
    put = {
        "material": "Spiked",
        "quantity": "200",
        "quantity_unit": "g",
        "seal_no": "QC-API-1",
        "blindness": "covered",
    }
    body = put | {
        "food_category_code": LEEK,
        "product_name": "韭菜",
        "product_date": "2026-09-13",
        "product_type": "produce",
        "packaging": "bulk",
        "physical_form": "solid",
        "storage_condition": "chilled",
        "values": [{"item_code": items[0].code, "expected": "detected"}],
    }
    made = client.post("/api/v1/blind-checks/known", json=body, headers=headers | {"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    bench_and_lock(team, list_checks(session, team.lab_id)[0].check.sample_id, {items[0].id: "0.03"})
    done = client.post(
        f"/api/v1/blind-checks/{made.json['sample_id']}/evaluation",
        json={"conclusion": "No action."},
        headers=headers | {"Idempotency-Key": "e"},
    )
    assert (done.status_code, done.json["outcome"]) == (201, "satisfactory")
    split = client.post(
        "/api/v1/blind-checks/splits",
        json=put | {"seal_no": "QC-API-2", "blind_code": make_test_set(team).blind_code, "most_percent": "20"},
        headers=headers | {"Idempotency-Key": "s"},
    )
    assert split.status_code == 201, split.text
    shown = client.get("/api/v1/blind-checks", headers=headers).json["items"]
    assert {one["purpose"] for one in shown} == {"split", "known"}
    assert client.get("/api/v1/blind-checks", headers=bearer(team.tester)).status_code == 403
