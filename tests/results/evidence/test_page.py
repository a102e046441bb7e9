"""The whole evidence of a sample on one page: who may see how much of it, and that it tells what the tables hold."""

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import text

from instruments.models import Instrument
from instruments.services.readings import take_readings
from instruments.services.record import note_calibration
from lims.clock import local_date
from lims.uow import unit_of_work
from results.environment.services import add_room, note_reading, set_limits
from results.environment.types import Allowed, RoomReading, Span
from results.evidence import queries
from results.models import ResultLock, TestSet
from results.queries import list_lines
from results.raw_data.services import attach_raw_data
from results.services.composition import compose_report
from results.services.signing import sign_conclusion
from sampling.queries import list_acts, list_signatures
from sampling.types import DutyRole
from tests.factories import quality
from tests.factories.instruments import make_delivered
from tests.factories.results import make_entered_set, make_locked_set, make_report, make_signed_report
from tests.factories.sampling import make_team
from tests.factories.web import log_in

SPOKEN = [
    ("en", ["Who acted", "took this sample", "Results locked", "intact"]),
    ("zh_Hans_CN", ["经办人员", "结果锁定", "签发结论", "证据链"]),
]


@pytest.fixture
def team(session):
    return make_team()


def evidence(client, who, sample_id):
    log_in(client, who)
    return client.get(f"/samples/{sample_id}/evidence")


@pytest.mark.parametrize("spoken", SPOKEN, ids=["en", "zh"])
def test_the_page_leads_from_the_plan_to_the_proof(client, session, team, spoken):
    locale, words = spoken
    report = make_signed_report(team)
    client.set_cookie("lims_locale", locale)
    page = evidence(client, team.planner, report.sample_id).text
    lock = session.query(ResultLock).filter_by(sample_id=report.sample_id).one()
    test_set = session.query(TestSet).filter_by(sample_id=report.sample_id).one()
    found = [one.result.entered_text for one in list_lines(session, test_set.id) if one.result]
    signatures = [one.image_sha256.hex() for one in list_signatures(session, team.planner.actor, report.sample_id)]
    hashes = [report.pdf_sha256.hex(), lock.results_sha256.hex(), *signatures]
    for expected in (*words, *hashes, *found, test_set.blind_code, team.tester.actor.name, team.signatory.actor.name):
        assert expected in page


def test_every_act_stands_with_the_authorisation_of_its_day(session, team):
    report = make_signed_report(team)
    acts = list_acts(session, team.planner.actor, report.sample_id)
    assert {row.act.role for row in acts} == set(DutyRole) - {DutyRole.UNBLINDER, DutyRole.RECHECK_TESTER}
    assert all(row.authorisation is not None for row in acts)
    assert [row.act.acted_at for row in acts] == sorted(row.act.acted_at for row in acts)


def test_nothing_of_the_bench_stands_on_it_before_the_report_is_signed(client, session, team):
    made = make_locked_set(team)
    make_report(team, made)
    page = evidence(client, team.planner, made.sample_id)
    assert page.status_code == 200
    assert made.blind_code not in page.text
    assert "SHA-256 of the bytes" not in page.text


def test_the_samplers_learn_no_result_from_it_and_the_bench_finds_no_page(client, session, team):
    report = make_signed_report(team)
    code = session.query(TestSet).filter_by(sample_id=report.sample_id).one().blind_code
    assert code not in evidence(client, team.samplers[0], report.sample_id).text
    for blind in (team.tester, team.reviewer):
        assert evidence(client, blind, report.sample_id).status_code in {403, 404}


def test_a_row_changed_behind_the_program_breaks_the_proof_on_the_page(client, session, team):
    report = make_signed_report(team)
    moved = text("UPDATE sample SET state_changed_at = state_changed_at - interval '1 day' WHERE id = :id")
    session.execute(moved, {"id": report.sample_id})
    page = evidence(client, team.planner, report.sample_id).text
    assert "state_changed_at" in page


def test_a_reading_stands_with_its_bytes_and_the_calibration_of_its_day(client, session, team):
    made = make_entered_set(team)
    delivered = make_delivered(made.blind_code, value_text="0.0731", unit_text="mg/kg")
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, "reader", [delivered])
        instrument = uow.session.query(Instrument).filter_by(organisation_id=team.lab_id, name="reader").one()
        today = local_date(uow.now)
        for days, number in ((400, "JZ-OLD"), (30, "JZ-7")):
            done = today - timedelta(days=days)
            due = done + timedelta(days=365)
            note_calibration(uow, instrument.id, calibrated_on=done, due_on=due, certificate_no=number)
    quality.lock(team, made)
    with unit_of_work(team.signatory.actor) as uow:
        report = compose_report(uow, made.blind_code)
        uow.session.flush()
        sign_conclusion(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)
    page = evidence(client, team.planner, made.sample_id).text
    assert "0.0731" in page
    assert sha256(delivered.raw).hexdigest() in page
    assert "JZ-7" in page
    assert "JZ-OLD" not in page


def test_raw_data_and_the_rooms_of_its_days_stand_on_it(client, session, team):
    manager = quality.make_quality_manager(team)
    with unit_of_work(manager.actor) as uow:
        room = add_room(uow, "天平室").id
        set_limits(uow, room, Allowed(Span(None, Decimal(26))), valid_from=date(2026, 1, 1))
    made = make_entered_set(team)
    with unit_of_work(team.tester.actor) as uow:
        note_reading(uow, room, RoomReading(uow.now, Decimal("26.5")))
        digest = attach_raw_data(uow, made.blind_code, b"chromatogram", file_name="seq7.cdf", note="铅").sha256
    quality.lock(team, made)
    with unit_of_work(team.signatory.actor) as uow:
        report = compose_report(uow, made.blind_code)
        uow.session.flush()
        sign_conclusion(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)
    page = evidence(client, team.planner, made.sample_id).text
    for expected in ("seq7.cdf", digest.hex(), "天平室", "26.5"):
        assert expected in page


def test_controls_and_holds_of_its_batches_stand_on_it(session, team):
    sets = quality.make_sets(team, 1)
    manager = quality.make_quality_manager(team)
    lot = quality.make_lot(manager, quality.line_of(sets[0]).item.id, quality.METHOD)
    batch = quality.make_batch(team, quality.METHOD, [sets[0].blind_code], quality.control(lot))
    quality.enter_samples(team, sets)
    quality.enter(team, batch, "未检出", "0.90")
    [held] = quality.holds_of(session, batch)
    quality.lift(manager, held.hold.id)
    [row] = queries.controlled(session, session.get_one(TestSet, sets[0].id))
    assert row.batch.batch_no == batch.batch_no
    assert [cell.result.entered_text for cell in row.controls] == ["未检出", "0.90"]
    assert [one.lifted_by for one in row.holds] == [manager.actor.name]
