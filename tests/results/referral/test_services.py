"""From a signature to a closed case, and what is refused on the way."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from lims import events
from lims.auth.permissions import Role
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.outbox.models import OutboxMessage
from lims.outbox.tasks import drain, run_periodic
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.events import ConclusionSigned
from results.models import Conclusion
from results.referral import queries, services
from results.referral.models import (
    BranchEscalation,
    CaseEntry,
    HandlingPartVersion,
    Referral,
    ReferralBranch,
    ResultNotice,
    Service,
)
from results.referral.rules.states import WrongBranchStateError
from results.referral.services.cases import NotAllInPlaceError, RecheckPendingError
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    CaseAct,
    EscalationMark,
    HandlingPart,
    ServiceProof,
    ServiceWay,
    Severity,
)
from sampling.models import Business, Sample
from sampling.types import SampleState
from tests.factories import referral as cases
from tests.factories.people import make_person
from tests.factories.sampling import make_team

pytestmark = pytest.mark.usefixtures("session")
ONLINE = {
    "producer_name": "外省食品厂",
    "producer_region_code": "110101",
    "platform": "某平台",
    "market_organiser": "东市场",
}


def state_of(session: Session, sample_id) -> SampleState:
    session.expire_all()
    return session.get_one(Sample, sample_id).state


def proof(day: date, **more) -> ServiceProof:
    return ServiceProof(ServiceWay.DIRECT, day, "王芳", **({"text": "回执"} | more))


def pass_recheck_period(frozen_clock) -> None:
    frozen_clock.advance(timedelta(days=40))


def test_a_fail_opens_one_referral_with_its_branches_notices_and_clocks(session):
    case = cases.make_case(**ONLINE)
    referral = session.get_one(Referral, case.referral_id)
    conclusion = session.get_one(Conclusion, referral.conclusion_id)
    assert conclusion.referral_id == referral.id
    assert referral.failed_items[0]["result"] == "99"
    branches = session.scalars(sa.select(ReferralBranch).where(ReferralBranch.referral_id == referral.id)).all()
    assert {branch.kind for branch in branches} == set(BranchKind)
    assert {branch.kind for branch in branches if branch.is_outside} == {BranchKind.PRODUCER, BranchKind.PLATFORM}
    assert all(branch.acknowledge_due_at > referral.opened_at for branch in branches)
    notices = session.scalars(sa.select(ResultNotice).where(ResultNotice.sample_id == case.sample_id)).all()
    assert {notice.addressee for notice in notices} == set(Addressee)


def test_a_pass_opens_no_referral_and_one_notice(session):
    sample_id = cases.make_passed_sample()
    assert session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 0
    notice = session.scalars(sa.select(ResultNotice).where(ResultNotice.sample_id == sample_id)).one()
    assert (notice.passed, notice.addressee) == (True, Addressee.SAMPLED_PARTY)


def test_an_excess_of_ten_times_the_limit_is_urgent_and_due_within_hours(session):
    case = cases.make_case()
    branch = cases.branch_of(case)
    assert session.get_one(Referral, case.referral_id).severity is Severity.URGENT
    assert branch.acknowledge_due_at - session.get_one(Referral, case.referral_id).opened_at == timedelta(hours=24)


def test_a_referral_reaches_the_inbox_once(session):
    case = cases.make_case()
    assert session.scalar(sa.select(OutboxMessage.task).where(OutboxMessage.task == "results.referral.send"))
    drain()
    session.expire_all()
    branch = session.get_one(ReferralBranch, case.branch_id)
    sent_at = branch.sent_at
    assert sent_at is not None
    with unit_of_work(case.officer.actor) as uow:
        assert services.mark_sent(uow, case.referral_id) == []
    session.expire_all()
    assert session.get_one(ReferralBranch, case.branch_id).sent_at == sent_at


def test_what_nobody_acknowledges_is_escalated_once(session, frozen_clock):
    case = cases.make_case()
    run_periodic("results.referral.escalate")
    assert session.scalar(sa.select(sa.func.count()).select_from(BranchEscalation)) == 0
    frozen_clock.advance(timedelta(hours=24))
    for _repeat in range(2):
        run_periodic("results.referral.escalate")
    marks = session.scalars(sa.select(BranchEscalation.mark).where(BranchEscalation.branch_id == case.branch_id)).all()
    assert marks == [EscalationMark.UNACKNOWLEDGED]
    frozen_clock.advance(timedelta(days=100))
    run_periodic("results.referral.escalate")
    noted = session.scalar(sa.select(sa.func.count()).select_from(BranchEscalation))
    assert noted == len(EscalationMark)


def test_a_branch_is_acknowledged_dispatched_returned_and_dispatched_again(session):
    case = cases.make_acknowledged_case()
    station_id, station = cases.make_station(case.team)
    for _round in range(2):
        with unit_of_work(case.officer.actor) as uow:
            services.dispatch(uow, case.branch_id, station_id, "请核查")
        with unit_of_work(station.actor) as uow:
            services.return_branch(uow, case.branch_id, "不在本辖区")
    with unit_of_work(case.officer.actor) as uow:
        services.dispatch(uow, case.branch_id, station_id)
    with unit_of_work(station.actor) as uow:
        services.accept_branch(uow, case.branch_id)
        services.save_part(uow, case.branch_id, HandlingPart.START, cases.COMPLETE[HandlingPart.START], submit=True)
    with pytest.raises(WrongBranchStateError), unit_of_work(case.officer.actor) as uow:
        services.save_part(uow, case.branch_id, HandlingPart.CAUSE, {}, submit=False)
    assert cases.branch_of(case).state is BranchState.WITH_STATION
    acts = session.scalars(sa.select(CaseEntry.act).where(CaseEntry.branch_id == case.branch_id)).all()
    assert acts.count(CaseAct.DISPATCHED) == 3
    assert acts.count(CaseAct.RETURNED) == 2


def test_a_bureau_dispatches_to_its_own_stations_only():
    case = cases.make_acknowledged_case()
    strange, _officer = cases.make_station(make_team())
    with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
        services.dispatch(uow, case.branch_id, strange)


def test_a_business_of_a_station_is_answered_for_by_the_bureau_above_it(session):
    team = make_team()
    station_id, _officer = cases.make_station(team)
    locked = cases.make_locked_failure(team)
    business = session.get_one(Business, session.get_one(Sample, locked.sample_id).business_id)
    with unit_of_work(team.planner.actor) as uow:
        uow.session.get_one(Business, business.id).regulator_id = station_id
    cases.sign(team, locked, fails=True)
    branch = session.scalars(sa.select(ReferralBranch).where(ReferralBranch.sample_id == locked.sample_id)).one()
    assert branch.regulator_id == team.regulator_id


def test_another_regulator_finds_no_branch(session):
    case = cases.make_case()
    stranger = cases.make_officer(make_team())
    for act in (services.acknowledge, services.close_branch, services.accept_branch):
        with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
            act(uow, case.branch_id)
    assert queries.list_inbox(session, stranger.actor, cases.clock.now()) == []
    with pytest.raises(NotFoundError):
        queries.get_referral(session, stranger.actor, case.referral_id)


def test_a_station_sees_a_branch_from_its_dispatch_to_its_return(session):
    case = cases.make_acknowledged_case()
    station_id, station = cases.make_station(case.team)
    with pytest.raises(NotFoundError):
        queries.get_referral(session, station.actor, case.referral_id)
    with unit_of_work(case.officer.actor) as uow:
        services.dispatch(uow, case.branch_id, station_id)
    session.expire_all()
    assert queries.get_referral(session, station.actor, case.referral_id).id == case.referral_id
    with unit_of_work(station.actor) as uow:
        services.return_branch(uow, case.branch_id, "退回")
    session.expire_all()
    with pytest.raises(NotFoundError):
        queries.get_referral(session, station.actor, case.referral_id)


def test_a_producer_elsewhere_is_handed_on_by_letter(session):
    case = cases.make_acknowledged_case(**ONLINE)
    producer = cases.branch_of(case, BranchKind.PRODUCER)
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, producer.id)
        services.transfer(uow, producer.id, "北京市东城区市场监督管理局", "清市监函〔2026〕3号")
    session.expire_all()
    assert session.get_one(ReferralBranch, producer.id).state is BranchState.TRANSFERRED
    with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
        services.transfer(uow, case.branch_id, "别处", "1号")


def test_a_notice_is_served_once_with_its_proof_and_starts_the_recheck_period(session, frozen_clock):
    case = cases.make_case()
    notice_id = cases.notices_of(case.sample_id)[0]
    today = local_date(frozen_clock.now())
    for wrong in (proof(today + timedelta(days=1)), proof(today - timedelta(days=1)), proof(today, text=" ")):
        with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
            services.serve_notice(uow, notice_id, wrong)
    assert state_of(session, case.sample_id) is SampleState.SIGNED
    with unit_of_work(case.officer.actor) as uow:
        served = services.serve_notice(uow, notice_id, proof(today))
        assert served.recheck_until == date(2026, 9, 22)  # 7 working days after Monday 14; Sunday 20 is worked
    assert state_of(session, case.sample_id) is SampleState.SERVED
    with pytest.raises(ConflictError), unit_of_work(case.officer.actor) as uow:
        services.serve_notice(uow, notice_id, proof(today))


def test_a_sample_is_served_with_the_last_of_its_notices(session, frozen_clock):
    case = cases.make_case(**ONLINE)
    *most, last = cases.notices_of(case.sample_id)
    for notice_id in most:
        with unit_of_work(case.officer.actor) as uow:
            services.serve_notice(uow, notice_id, proof(local_date(frozen_clock.now())))
    assert state_of(session, case.sample_id) is SampleState.SIGNED
    with unit_of_work(case.officer.actor) as uow:
        services.serve_notice(uow, last, proof(local_date(frozen_clock.now())))
    assert state_of(session, case.sample_id) is SampleState.SERVED


def test_passes_are_served_together_and_failures_are_not(session):
    team = make_team()
    officer = cases.make_officer(team)
    passed = [cases.make_passed_sample(team) for _ in range(2)]
    notices = [one for sample_id in passed for one in cases.notices_of(sample_id)]
    with unit_of_work(officer.actor) as uow:
        assert services.serve_passes(uow, notices, ServiceWay.ELECTRONIC, "短信送达") == 2
    assert {state_of(session, sample_id) for sample_id in passed} == {SampleState.SERVED}
    case = cases.make_case(team)
    with pytest.raises(InvalidInputError), unit_of_work(officer.actor) as uow:
        services.serve_passes(uow, cases.notices_of(case.sample_id), ServiceWay.POST, "1")


def test_a_case_closes_when_everything_is_in_place_and_takes_its_sample_along(session, frozen_clock):
    case = cases.make_acknowledged_case()
    with pytest.raises(NotAllInPlaceError), unit_of_work(case.officer.actor) as uow:
        services.close_branch(uow, case.branch_id)
    cases.serve_all(case.officer, case.sample_id)
    pass_recheck_period(frozen_clock)
    cases.submit_parts(case)
    with unit_of_work(case.officer.actor) as uow:
        services.close_branch(uow, case.branch_id)
    assert state_of(session, case.sample_id) is SampleState.CLOSED
    assert session.get_one(Referral, case.referral_id).closed_at is not None
    assert all(finding.violations == 0 for finding in run_checks(session, "referrals"))


@pytest.mark.parametrize("part", [HandlingPart.PENALTY, HandlingPart.DISCLOSURE])
def test_penalty_and_publication_wait_for_service_and_the_recheck_period(session, frozen_clock, part):
    case = cases.make_acknowledged_case()
    with pytest.raises(RecheckPendingError):
        cases.submit_parts(case, part)
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.move_to(frozen_clock.now() + timedelta(days=8))  # Tuesday 22 September: still the last day
    with pytest.raises(RecheckPendingError):
        cases.submit_parts(case, part)
    frozen_clock.advance(timedelta(days=1))
    cases.submit_parts(case, part)


def test_product_control_does_not_wait():
    cases.submit_parts(cases.make_acknowledged_case(), HandlingPart.START, HandlingPart.PRODUCT_CONTROL)


def test_a_part_that_was_handed_in_is_corrected_with_a_reason_and_keeps_its_versions(session):
    case = cases.make_acknowledged_case()
    cases.submit_parts(case, HandlingPart.START)
    changed = cases.COMPLETE[HandlingPart.START] | {"start_document": "2号"}
    for submit, reason in ((True, ""), (False, "笔误")):
        with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
            services.save_part(uow, case.branch_id, HandlingPart.START, changed, submit=submit, change_reason=reason)
    with unit_of_work(case.officer.actor) as uow:
        services.save_part(uow, case.branch_id, HandlingPart.START, changed, submit=True, change_reason="笔误")
    versions = session.scalars(sa.select(HandlingPartVersion.version).order_by(HandlingPartVersion.version)).all()
    assert versions == [1, 2]


def test_a_file_is_attached_once():
    case = cases.make_acknowledged_case()
    with unit_of_work(case.officer.actor) as uow:
        services.attach(uow, case.branch_id, HandlingPart.CAUSE, b"%PDF-1.7 x", "现场笔录")
    with pytest.raises(ConflictError), unit_of_work(case.officer.actor) as uow:
        services.attach(uow, case.branch_id, HandlingPart.CAUSE, b"%PDF-1.7 x", "现场笔录")
    with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
        services.attach(uow, case.branch_id, HandlingPart.CAUSE, b"MZ", "程序")


def test_a_withdrawn_referral_stays_on_record(session):
    case = cases.make_case()
    with unit_of_work(case.officer.actor) as uow:
        services.withdraw_referral(uow, case.referral_id, "复检合格")
    session.expire_all()
    assert session.get_one(Referral, case.referral_id).withdrawn_reason == "复检合格"
    assert session.get_one(ReferralBranch, case.branch_id).state is BranchState.WITHDRAWN
    with pytest.raises(ConflictError), unit_of_work(case.officer.actor) as uow:
        services.withdraw_referral(uow, case.referral_id, "复检合格")


def test_repeated_failures_of_a_business_are_counted_and_flagged(session):
    team = make_team()
    made = [cases.make_case(team) for _ in range(2)]
    first, second = (session.get_one(Referral, case.referral_id) for case in made)
    assert queries.prior_failures(session, first).of_business == 0
    # Each sample of the factory comes from another shop; both from the same producer when the form says so.
    assert not queries.prior_failures(session, second).is_flagged


def test_goods_without_a_producer_are_no_repeat_of_each_other(session):
    team = make_team()
    first, second = (session.get_one(Referral, cases.make_case(team).referral_id) for _ in range(2))
    assert (first.producer_name, second.producer_name) == (None, None)
    assert queries.prior_failures(session, second).of_producer == 0


def refused(session: Session, statement: str, kind=IntegrityError, **values) -> str:
    """What PostgreSQL says to the application's login; deferred keys are asked at once."""

    def carry_out() -> None:
        with session.begin_nested():
            session.execute(sa.text(statement), values)
            session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))

    with pytest.raises(kind) as told:
        carry_out()
    return str(told.value)


COPY_CONCLUSION = """
INSERT INTO referral (id, case_no, sample_id, conclusion_id, operator_branch_id, business_id, severity, failed_items,
    opened_at)
SELECT gen_random_uuid(), 'HC-X', sample.id, conclusion.id, :branch, sample.business_id, 'general', '[1]', now()
FROM conclusion JOIN sample ON sample.id = conclusion.sample_id WHERE sample.id = :sample
"""


def test_a_referral_without_a_fail_cannot_be_committed(session):
    case = cases.make_case()
    passed = cases.make_passed_sample()
    assert "fk_referral_its_fail" in refused(session, COPY_CONCLUSION, sample=passed, branch=case.branch_id)


def test_a_second_referral_of_one_fail_cannot_be_committed(session):
    case = cases.make_case()
    told = refused(session, COPY_CONCLUSION, sample=case.sample_id, branch=case.branch_id)
    assert "uq_referral_sample_id" in told


def test_a_fail_without_its_referral_cannot_be_committed(session, monkeypatch):
    monkeypatch.setitem(events._in_transaction, ConclusionSigned, [])
    with pytest.raises(ConflictError, match="opens a referral of its own"):
        cases.make_case()


def test_a_referral_without_a_branch_cannot_be_committed(session):
    case = cases.make_case()
    other = cases.make_case()
    for statement in (
        "DELETE FROM referral_branch WHERE id = :branch",
        "DELETE FROM referral WHERE id = :referral",
        "UPDATE referral SET conclusion_id = gen_random_uuid() WHERE id = :referral",
        "UPDATE referral_branch SET referral_id = :other WHERE id = :branch",
        "DELETE FROM service",
    ):
        told = refused(
            session,
            statement,
            ProgrammingError,
            **{
                name: value
                for name, value in {
                    "branch": case.branch_id,
                    "referral": case.referral_id,
                    "other": other.referral_id,
                }.items()
                if f":{name}" in statement
            },
        )
        assert "permission denied" in told


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'closed'", "ck_referral_branch_closed_by_somebody"),
        ("state = 'dispatched'", "ck_referral_branch_station_known"),
        ("state = 'transferred'", "ck_referral_branch_transferred_by_letter"),
        ("acknowledged_at = NULL", "ck_referral_branch_acknowledged"),
    ],
)
def test_a_branch_is_in_no_state_without_what_belongs_to_it(session, change, constraint):
    case = cases.make_acknowledged_case()
    told = refused(session, f"UPDATE referral_branch SET {change} WHERE id = :id", id=case.branch_id)
    assert constraint in told


@pytest.mark.parametrize(
    "change", ["verdict = 'pass' WHERE state = 'sampled'", "verdict = NULL WHERE state = 'signed'"]
)
def test_a_sample_has_a_verdict_exactly_when_it_is_concluded(session, change):
    team = make_team()
    cases.make_passed_sample(team)
    cases.make_test_set(team)
    session.execute(sa.text("UPDATE sample SET state = 'sampled' WHERE state = 'recoded'"))
    assert "ck_sample_verdict_if_signed" in refused(session, f"UPDATE sample SET {change}")


def test_service_without_proof_cannot_be_stored(session, frozen_clock):
    case = cases.make_case()
    cases.serve_all(case.officer, case.sample_id)
    told = refused(
        session,
        "INSERT INTO service (notice_id, sample_id, way, served_on, receiver, proof_text, recorded_by_id, recorded_at)"
        " SELECT notice_id, sample_id, way, served_on, receiver, '', recorded_by_id, recorded_at FROM service",
    )
    assert "ck_service_proof_given" in told
    assert session.scalar(sa.select(sa.func.count()).select_from(Service)) == 1


def test_a_bench_role_sees_no_case_whatever_else_the_person_is(session):
    case = cases.make_case()
    both = make_person(case.team.regulator_id, Role.ENFORCEMENT_OFFICER, Role.TESTER)
    with pytest.raises(NotFoundError):
        queries.get_referral(session, both.actor, case.referral_id)
    assert queries.list_unserved(session, both.actor, cases.clock.now()) == []


def test_verify_finds_a_referral_without_its_fail(session):
    passed, case = cases.make_passed_sample(), cases.make_case()
    assert [one.violations for one in run_checks(session, "referrals")] == [0] * 9
    # The keys are asked at the commit only, so until then the row can stand and be found.
    session.execute(sa.text(COPY_CONCLUSION), {"sample": passed, "branch": case.branch_id})
    found = {one.invariant: one for one in run_checks(session, "referrals") if one.violations}
    assert [example.column for one in found.values() for example in one.examples] == [
        "conclusion_id",
        "operator_branch_id",
    ]
