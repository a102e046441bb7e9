"""Signing: the third person, on exactly the report that was shown, on the day it carries."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims import clock
from lims.auth.login import ConfirmationNeededError
from lims.errors import LimsError, NotFoundError
from lims.people.authorisations import NotAuthorisedError
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from results.events import ConclusionSigned
from results.models import Conclusion, TestReport, TestSet
from results.services.review import return_results
from results.services.signing import NotSignableError, sign_conclusion
from sampling.models import Sample
from sampling.services.separation import SeparationRefusedError
from sampling.types import SampleState, SampleVerdict
from tests.conftest import NOW
from tests.factories.people import authorise_only
from tests.factories.results import make_locked_set, make_report
from tests.factories.sampling import Team, make_team

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


@pytest.fixture
def report(team: Team) -> TestReport:
    return make_report(team, make_locked_set(team))


def sign(team: Team, report: TestReport, **given: object) -> Conclusion:
    with unit_of_work(given.pop("actor", team.signatory.actor)) as uow:
        signed = sign_conclusion(
            uow,
            report.id,
            given.pop("pdf_sha256", report.pdf_sha256),
            confirmed_at=given.pop("confirmed_at", uow.now),
        )
        uow.session.flush()
        uow.session.expunge(signed)
        return signed


def _next_version(report: TestReport, **changes: object) -> TestReport:
    values = {column.key: getattr(report, column.key) for column in TestReport.__table__.columns}
    del values["id"]
    return TestReport(**(values | {"version": 2, "check_code": "NEXTONE2"} | changes))


def test_a_signature_concludes_the_sample(session: Session, team: Team, report: TestReport) -> None:
    signed = sign(team, report)
    sample = session.get_one(Sample, report.sample_id)
    assert (sample.state, sample.verdict) == (SampleState.SIGNED, SampleVerdict.PASS)
    assert (signed.verdict, signed.referral_id) == (SampleVerdict.PASS, None)


def test_a_report_is_signed_once(team: Team, report: TestReport) -> None:
    sign(team, report)
    with pytest.raises(LimsError):
        sign(team, report)


def test_another_pdf_than_the_one_shown_is_not_signed(team: Team, report: TestReport) -> None:
    with pytest.raises(NotSignableError, match="Open it again"):
        sign(team, report, pdf_sha256=bytes(32))


def test_an_old_confirmation_does_not_sign(team: Team, report: TestReport) -> None:
    for confirmed_at in (None, NOW - timedelta(minutes=5, seconds=1)):
        with pytest.raises(ConfirmationNeededError):
            sign(team, report, confirmed_at=confirmed_at)


def test_a_report_of_yesterday_is_not_signed_today(
    team: Team, report: TestReport, frozen_clock: clock.SimulatedClock
) -> None:
    frozen_clock.move_to(NOW + timedelta(days=1))
    with pytest.raises(NotSignableError, match="2026-09-14"):
        sign(team, report)


def test_a_colleague_cannot_sign_in_the_approvers_name(team: Team, report: TestReport, session: Session) -> None:
    with pytest.raises(NotSignableError):
        sign(team, report, actor=team.reviewer.actor)


def test_an_expired_authorisation_does_not_sign(team: Team, report: TestReport, session: Session) -> None:
    authorise_only(team.signatory, AuthorisationKind.SIGN, valid_to=date(2026, 9, 13))
    with pytest.raises(NotAuthorisedError, match=r"authorisation for signing reports .* ended on 2026-09-13"):
        sign(team, report)


def test_an_authorisation_for_another_food_does_not_sign(team: Team, report: TestReport, session: Session) -> None:
    authorise_only(team.signatory, AuthorisationKind.SIGN, category_codes=["1"])
    with pytest.raises(NotAuthorisedError, match="not authorised"):
        sign(team, report)


def test_another_laboratory_knows_no_such_report(team: Team, report: TestReport) -> None:
    with pytest.raises(NotFoundError):
        sign(team, report, actor=make_team().signatory.actor)


def test_results_that_went_back_are_not_signed(session: Session, team: Team, report: TestReport) -> None:
    code = session.get_one(TestSet, report.test_set_id).blind_code
    with unit_of_work(team.reviewer.actor) as uow:
        return_results(uow, code, "peak integrated wrongly")
    with pytest.raises(NotSignableError, match="bench"):
        sign(team, report)


def test_a_report_that_says_more_than_the_results_is_not_signed(team: Team, report: TestReport) -> None:
    with unit_of_work(team.signatory.actor) as uow:
        forged = _next_version(report, verdict=SampleVerdict.FAIL, issued_on=report.issued_on, lock_seq=1)
        forged.test_set_id = report.test_set_id
        forged.signatory_id = team.tester.person_id
        uow.session.add(forged)
        uow.session.flush()
        uow.session.expunge(forged)
    with pytest.raises(NotSignableError):
        sign(team, forged)


def test_who_took_the_sample_cannot_sign_it(session: Session, team: Team, report: TestReport) -> None:
    sampler = team.samplers[0]
    with unit_of_work(team.signatory.actor) as uow:
        insider = _next_version(report, signatory_id=sampler.person_id)
        uow.session.add(insider)
        uow.session.flush()
        uow.session.expunge(insider)
    with pytest.raises(SeparationRefusedError):
        sign(team, insider, actor=replace(sampler.actor, organisation_id=team.lab_id))


VIOLATIONS = {
    "ck_conclusion_fail_is_referred": {"verdict": "pass", "referral_id": "id"},
    "ck_conclusion_freshly_confirmed": {"confirmed_at": NOW - timedelta(minutes=6)},
    "ck_conclusion_dated_as_signed": {"signed_at": NOW + timedelta(days=1), "confirmed_at": NOW + timedelta(days=1)},
    "fk_conclusion_report_as_shown": {"pdf_sha256": bytes(32)},
}


@pytest.mark.parametrize("constraint", VIOLATIONS)
def test_raw_sql_cannot_sign_against_the_law(session: Session, team: Team, report: TestReport, constraint: str) -> None:
    values = {
        "id": report.id,
        "sample_id": report.sample_id,
        "report_id": report.id,
        "pdf_sha256": report.pdf_sha256,
        "verdict": "pass",
        "signatory_id": team.signatory.person_id,
        "signatory_role": "signatory",
        "meaning": "approved",
        "confirmed_at": NOW,
        "signed_at": NOW,
        "issued_on": report.issued_on,
    } | VIOLATIONS[constraint]
    if values.get("referral_id") == "id":
        values["referral_id"] = report.id
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(sa.insert(Conclusion.__table__).values(**values))


def test_raw_sql_cannot_sign_without_having_acted_as_signatory(
    session: Session, team: Team, report: TestReport
) -> None:
    with unit_of_work(team.signatory.actor) as uow:
        forged = _next_version(report, signatory_id=team.tester.person_id)
        uow.session.add(forged)
        uow.session.flush()
        uow.session.expunge(forged)
    values = {
        "id": forged.id,
        "sample_id": report.sample_id,
        "report_id": forged.id,
        "pdf_sha256": report.pdf_sha256,
        "verdict": "pass",
        "signatory_id": team.tester.person_id,
        "signatory_role": "signatory",
        "meaning": "approved",
        "confirmed_at": NOW,
        "signed_at": NOW,
        "issued_on": report.issued_on,
    }
    with pytest.raises(IntegrityError, match="fk_conclusion_signatory"):
        session.execute(sa.insert(Conclusion.__table__).values(**values))


def test_the_conclusion_is_announced_without_a_referral_where_it_passes(team: Team, report: TestReport) -> None:
    with unit_of_work(team.signatory.actor) as uow:
        sign_conclusion(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)
        heard = [event for event in uow.events if isinstance(event, ConclusionSigned)]
    assert [(event.verdict, event.referral_id) for event in heard] == [(SampleVerdict.PASS, None)]
