"""Objections: who files and who decides, and what an outcome does to case and publication."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from lims.actors import INSTALL, PUBLIC
from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.outbox.tasks import run_periodic
from lims.people.services import accredit
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.objections import services
from results.objections.models import ApplicationFile, Objection
from results.objections.queries import contacts_of_applications, remarks_of
from results.objections.services import Paper, Written
from results.objections.types import CameBy, Consequence, ObjectionKind, ObjectionState, Outcome, RefusalGround
from results.publication.queries import count_results
from results.recheck.models import Recheck
from results.referral.models import Referral, ReferralBranch, ResultNotice
from results.referral.types import Addressee, BranchKind, BranchState
from sampling.models import Sample
from sampling.types import SampleState, SampleVerdict
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories.people import make_person
from tests.factories.sampling import make_team

PRODUCER = {"producer_name": "山东好味食品有限公司", "producer_address": "山东省德州市"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
TODAY = NOW.date()
WORDS = Written("王经理 13800000000", "标准适用有误")


@pytest.fixture
def case(session):
    return rechecks.make_served_case()


def notice_of(session, case, addressee=Addressee.SAMPLED_PARTY):
    return session.scalars(
        sa.select(ResultNotice).where(ResultNotice.sample_id == case.sample_id, ResultNotice.addressee == addressee)
    ).one()


def file(case, kind=ObjectionKind.STANDARD, applicant=Addressee.SAMPLED_PARTY, filed_on=TODAY, written=WORDS):
    with unit_of_work(case.officer.actor) as uow:
        return services.file_objection(uow, case.sample_id, kind, applicant, filed_on=filed_on, written=written).id


def review(case, objection_id, outcome):
    with unit_of_work(case.officer.actor) as uow:
        services.accept_objection(uow, objection_id)
    with unit_of_work(case.officer.actor) as uow:
        services.review_objection(uow, objection_id, outcome, "经审核……")


def everything_holds(session):
    return [one for one in run_checks(session, "referrals") if one.violations] == []


def test_an_upheld_objection_to_the_standard_withdraws_the_case_and_nothing_is_published(session, case):
    objection_id = file(case)
    review(case, objection_id, Outcome.UPHELD)
    session.expire_all()
    objection = session.get_one(Objection, objection_id)
    assert objection.consequence is Consequence.CASE_WITHDRAWN
    referral = session.get_one(Referral, case.referral_id)
    assert referral.withdrawn_at is not None
    assert referral.withdrawn_reason.startswith(objection.objection_no)
    run_periodic("results.publication.publish")
    session.expire_all()
    assert session.get_one(Sample, case.sample_id).state is SampleState.CLOSED
    assert session.scalar(sa.text("SELECT count(*) FROM publication")) == 0
    assert everything_holds(session)


def test_a_published_failure_that_an_objection_takes_back_is_shown_to_nobody_any_more(
    client, session, case, frozen_clock
):
    with unit_of_work(INSTALL) as uow:
        days = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
        accredit(uow, case.team.lab_id, scheme="CMA", certificate_no="1", scope="食品", **days)
    objection_id = file(case)
    frozen_clock.move_to(NOW + timedelta(days=40))
    run_periodic("results.publication.publish")  # an objection under way does not hold it back
    session.expire_all()
    page = f"/results/samples/{case.sample_id}"
    assert client.get(page).status_code == 200
    assert count_results(session) == {SampleVerdict.FAIL: 1}
    review(case, objection_id, Outcome.UPHELD)
    session.expire_all()
    assert client.get(page).status_code == 404
    assert count_results(session) == {}
    assert client.get("/api/v1/public-results").json["items"] == []
    assert everything_holds(session)


def test_counterfeit_goods_free_their_producer_and_the_stall_answers_alone(session):
    case = rechecks.make_served_case(**PRODUCER)
    objection_id = file(case, ObjectionKind.AUTHENTICITY, Addressee.NOMINAL_PRODUCER)
    review(case, objection_id, Outcome.UPHELD)
    session.expire_all()
    states = {
        one.kind: one.state
        for one in session.scalars(sa.select(ReferralBranch).where(ReferralBranch.referral_id == case.referral_id))
    }
    assert states[BranchKind.PRODUCER] is BranchState.WITHDRAWN
    assert states[BranchKind.OPERATOR] is not BranchState.WITHDRAWN
    assert session.get_one(Referral, case.referral_id).withdrawn_at is None
    assert everything_holds(session)


def test_an_objection_that_is_not_upheld_leaves_the_case_and_is_remarked(session, case):
    objection_id = file(case)
    assert remarks_of(session, [case.sample_id]) == {case.sample_id: "异议处理中"}
    review(case, objection_id, Outcome.NOT_UPHELD)
    session.expire_all()
    assert session.get_one(Objection, objection_id).consequence is Consequence.NONE
    assert session.get_one(Referral, case.referral_id).withdrawn_at is None
    assert remarks_of(session, [case.sample_id]) == {case.sample_id: "异议不认可"}


def test_a_late_objection_is_proposed_for_refusal_and_a_person_refuses_it_in_writing(session, case, frozen_clock):
    frozen_clock.move_to(NOW + timedelta(days=40))
    objection_id = file(case, filed_on=(NOW + timedelta(days=40)).date())
    session.expire_all()
    assert services.proposed_grounds(session.get_one(Objection, objection_id)) == [RefusalGround.LATE]
    with pytest.raises(InvalidInputError), unit_of_work(case.officer.actor) as uow:
        services.refuse_objection(uow, objection_id, RefusalGround.LATE, "  ")
    with unit_of_work(case.officer.actor) as uow:
        services.refuse_objection(uow, objection_id, RefusalGround.LATE, "逾期")
    session.expire_all()
    assert session.get_one(Objection, objection_id).state is ObjectionState.REFUSED
    assert file(case, filed_on=(NOW + timedelta(days=40)).date()) != objection_id  # brought again


def test_the_same_side_objects_once_to_the_same(session, case):
    file(case)
    with pytest.raises(ConflictError, match="stands already"):
        file(case)
    assert file(case, ObjectionKind.METHOD)


@pytest.mark.parametrize("days", [-40, 1])
def test_an_objection_comes_in_between_the_sampling_and_today(session, case, days):
    with pytest.raises(InvalidInputError, match="expected"):
        file(case, filed_on=NOW.date() + timedelta(days=days))


def test_whoever_acted_on_the_sample_decides_nothing_about_it(session):
    team = make_team()
    case = rechecks.make_served_case(team)
    objection_id = file(case)
    with unit_of_work(team.officer.actor) as uow, pytest.raises(ConflictError, match="accompanied its sampling"):
        services.accept_objection(uow, objection_id)


def test_a_stranger_sees_and_decides_nothing(session, case):
    objection_id = file(case)
    stranger = make_person(make_team().regulator_id, Role.ENFORCEMENT_OFFICER)
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        services.accept_objection(uow, objection_id)
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        services.file_objection(
            uow, case.sample_id, ObjectionKind.METHOD, Addressee.SAMPLED_PARTY, filed_on=NOW.date(), written=WORDS
        )


def test_the_addressee_files_by_the_notice_with_papers_and_no_account(session, case):
    notice = notice_of(session, case)
    papers = [Paper("a.png", PNG), Paper("the same again.png", PNG)]
    with unit_of_work(PUBLIC) as uow:
        made = services.file_by_notice(uow, notice.id, ObjectionKind.STANDARD, Written("王经理", "不服", papers))
        objection_id = made.id
    session.expire_all()
    objection = session.get_one(Objection, objection_id)
    assert (objection.came_by, objection.entered_by_id) == (CameBy.NOTICE_PAGE, None)
    assert session.scalar(sa.select(sa.func.count()).where(ApplicationFile.objection_id == objection_id)) == 1


def test_the_stall_cannot_object_to_authenticity_in_place_of_the_producer(session, case):
    notice = notice_of(session, case)
    with pytest.raises(InvalidInputError, match="other side"), unit_of_work(PUBLIC) as uow:
        services.file_by_notice(uow, notice.id, ObjectionKind.AUTHENTICITY, WORDS)


def test_a_recheck_applied_for_by_the_notice_waits_for_its_decision_like_one_on_paper(session, case):
    notice = notice_of(session, case)
    (line,) = rechecks.failed_lines(case)
    with unit_of_work(PUBLIC) as uow:
        services.apply_for_recheck_by_notice(uow, notice.id, [line], WORDS)
    session.expire_all()
    recheck = session.scalars(sa.select(Recheck)).one()
    assert (recheck.entered_by_id, recheck.contact) == (None, WORDS.contact)
    assert WORDS.contact not in recheck.grounds
    places = contacts_of_applications(session, case.sample_id)
    assert [(place.table, set(place.columns)) for place in places] == [("recheck", {"contact"})]
    assert recheck.applicant is Addressee.SAMPLED_PARTY
    with pytest.raises(ConflictError), unit_of_work(PUBLIC) as uow:
        services.apply_for_recheck_by_notice(uow, notice.id, [line], WORDS)


@pytest.mark.parametrize("written", [Written("", "x"), Written("x", " "), Written("x", "x", [Paper("a", PNG)] * 11)])
def test_what_is_not_whole_is_refused_and_nothing_is_kept(session, case, written):
    with pytest.raises(InvalidInputError):
        file(case, written=written)
    assert session.scalar(sa.select(sa.func.count()).select_from(Objection)) == 0


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'refused'", "decided_by_somebody"),
        ("state = 'accepted', decided_at = now()", "decided_by_somebody"),
        ("outcome = 'upheld'", "reviewed_whole"),
        ("refusal = 'late'", "refused_with_reason"),
        ("review_due_at = now()", "review_is_due_once_accepted"),
    ],
)
def test_an_objection_is_in_no_state_without_what_belongs_to_it(session, case, change, constraint):
    objection_id = file(case)
    with pytest.raises(sa.exc.IntegrityError, match=constraint), session.begin_nested():
        session.execute(sa.text(f"UPDATE objection SET {change} WHERE id = :id"), {"id": objection_id})


def test_verify_names_an_objection_whose_consequence_was_flipped(session, case):
    objection_id = file(case)
    review(case, objection_id, Outcome.NOT_UPHELD)
    session.execute(
        sa.text("UPDATE objection SET outcome = 'upheld', consequence = 'case_withdrawn' WHERE id = :id"),
        {"id": objection_id},
    )
    assert not everything_holds(session)
