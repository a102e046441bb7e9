"""Samples that were signed, with what their conclusion opened."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.db import db
from lims.uow import unit_of_work
from results.models import TestSet, TestSetItem
from results.queries import list_lines
from results.referral import services
from results.referral.models import Referral, ReferralBranch, ResultNotice
from results.referral.types import BranchKind, HandlingPart, ServiceProof, ServiceWay
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.signing import sign_conclusion
from results.types import Entry, LimitState
from sampling.types import SampleVerdict
from tests.factories.people import Somebody, make_person
from tests.factories.results import STATED, bear_out, make_report, make_test_set
from tests.factories.sampling import Team, make_team

COMPLETE = {
    HandlingPart.START: {
        "report_received_on": "2026-09-14",
        "started_on": "2026-09-14",
        "start_document": "清市监启〔2026〕1号",
    },
    HandlingPart.PRODUCT_CONTROL: {
        "sale_stopped": "yes",
        "stock_sealed": "yes",
        "recall": "level_3",
        "bought_qty": "12.50",
        "unit": "kg",
        "measures": "下架封存",
    },
    HandlingPart.CAUSE: {"causes": "raw_material,storage", "explanation": "进货查验不严"},
    HandlingPart.PENALTY: {
        "case_filed": "yes",
        "filed_on": "2026-09-20",
        "law": "食品安全法第一百二十四条",
        "fine": "5000",
    },
    HandlingPart.RECTIFICATION: {"measures": "更换供货商", "checked_on": "2026-09-28", "outcome": "met"},
    HandlingPart.NOTIFICATION: {"police": "no"},
    HandlingPart.DISCLOSURE: {"summary": "已下架并立案调查。", "published_on": "2026-09-29"},
}


@dataclass
class FailedCase:
    """A sample that failed, its referral and the officer who handles it."""

    team: Team
    officer: Somebody
    sample_id: UUID
    referral_id: UUID
    branch_id: UUID


def make_locked_set(team: Team, *, fails: bool, failures: int = 1, **form: object) -> TestSet:
    """Results that a reviewer locked; so many items are far over their limit where it fails."""
    made = make_test_set(team, **form)
    with unit_of_work(team.tester.actor) as uow:
        entries, left = [], failures if fails else 0
        for one in list_lines(uow.session, made.id):
            over = left and one.line.limit_state is LimitState.FOUND and one.line.limit_text.startswith("≤")
            entries.append(_entry(one.line, "99" if over else None))
            left -= bool(over)
        assert not left, "too few items with a maximum"
        enter_results(uow, made.blind_code, entries)
    bear_out(team, made)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    return made


def make_locked_failure(team: Team) -> TestSet:
    """Locked results that will be signed as a fail."""
    return make_locked_set(team, fails=True)


def sign(team: Team, made: TestSet, *, fails: bool) -> None:
    """The signatory's conclusion over locked results."""
    report = make_report(team, made)
    assert (report.verdict is SampleVerdict.FAIL) == fails
    with unit_of_work(team.signatory.actor) as uow:
        sign_conclusion(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)


def make_signed_sample(team: Team, *, fails: bool, **form: object) -> UUID:
    """A sample whose conclusion is signed."""
    made = make_locked_set(team, fails=fails, **form)
    sign(team, made, fails=fails)
    return made.sample_id


def _entry(line: TestSetItem, text: str | None) -> Entry:
    if line.limit_state is not LimitState.FOUND:
        return Entry(line.id, "/", untested_reason="限量未载入")
    return Entry(line.id, text or (STATED if line.lod is None else "未检出"))


def make_passed_sample(team: Team | None = None, **form: object) -> UUID:
    """A signed sample that passed."""
    people = team or make_team()
    return make_signed_sample(people, fails=False, **form)


def make_officer(team: Team) -> Somebody:
    """An enforcement officer of the regulator."""
    return make_person(team.regulator_id, Role.ENFORCEMENT_OFFICER)


def make_case(team: Team | None = None, **form: object) -> FailedCase:
    """A signed sample that failed."""
    people = team or make_team()
    officer = make_officer(people)
    sample_id = make_signed_sample(people, fails=True, **form)
    with db.new_session() as session:
        referral = session.scalars(sa.select(Referral).where(Referral.sample_id == sample_id)).one()
        return FailedCase(people, officer, sample_id, referral.id, referral.operator_branch_id)


def make_acknowledged_case(team: Team | None = None, **form: object) -> FailedCase:
    """A case whose operator branch is acknowledged."""
    case = make_case(team, **form)
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    return case


def notices_of(sample_id: UUID) -> list[UUID]:
    """The notices of a sample."""
    with db.new_session() as session:
        return list(session.scalars(sa.select(ResultNotice.id).where(ResultNotice.sample_id == sample_id)))


def serve_all(officer: Somebody, sample_id: UUID, served_on: date | None = None) -> None:
    """Serve every notice of a sample by hand."""
    for notice_id in notices_of(sample_id):
        with unit_of_work(officer.actor) as uow:
            day = served_on or clock.local_date(uow.now)
            services.serve_notice(uow, notice_id, ServiceProof(ServiceWay.DIRECT, day, "王芳", "回执1号"))


def submit_parts(case: FailedCase, *parts: HandlingPart) -> None:
    """Hand these parts in, or all of them."""
    for part in parts or tuple(HandlingPart):
        with unit_of_work(case.officer.actor) as uow:
            services.save_part(uow, case.branch_id, part, COMPLETE[part], submit=True)


def branch_of(case: FailedCase, kind: BranchKind = BranchKind.OPERATOR) -> ReferralBranch:
    """A branch as the database holds it."""
    with db.new_session() as session:
        return session.scalars(
            sa.select(ReferralBranch).where(ReferralBranch.referral_id == case.referral_id, ReferralBranch.kind == kind)
        ).one()


def make_station(team: Team) -> tuple[UUID, Somebody]:
    """A station under the team's regulator, with its officer."""
    from lims.actors import INSTALL
    from lims.people.services import register_organisation

    with unit_of_work(INSTALL) as uow:
        station = register_organisation(
            uow,
            name_zh="城东市场监管所",
            name_en="Chengdong Station",
            kind=OrganisationKind.STATION,
            superior_id=team.regulator_id,
        ).id
    return station, make_person(station, Role.ENFORCEMENT_OFFICER)
