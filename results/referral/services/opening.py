"""Opening what a conclusion asks for: the notices of every conclusion, and the referral of one that failed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from lims.actors import OrganisationKind
from lims.catalog.queries import get_parameter, load_calendar
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.numbering import take_number
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from results.referral.events import ReferralOpened
from results.referral.models import CaseEntry, Referral, ReferralBranch, ResultNotice
from results.referral.queries import failed_items, regulators_by_region
from results.referral.rules.opening import addressees_of, branches_of, severity_of
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    CaseAct,
    Clocks,
    Parties,
    Party,
    Severity,
)
from sampling.models import Business, Sample, SamplingForm
from sampling.types import SampleVerdict

BRANCH_OF = {
    Addressee.SAMPLED_PARTY: BranchKind.OPERATOR,
    Addressee.NOMINAL_PRODUCER: BranchKind.PRODUCER,
    Addressee.MARKET_ORGANISER: BranchKind.OPERATOR,
    Addressee.PLATFORM: BranchKind.PLATFORM,
}
ACKNOWLEDGE = {Severity.GENERAL: "referral_acknowledge", Severity.URGENT: "referral_acknowledge_urgent"}
CASES, NOTICES = "case_no", "result_notice"


@dataclass(frozen=True, slots=True)
class SignedConclusion:
    """What the signature said, as the event carries it."""

    sample_id: UUID
    conclusion_id: UUID
    verdict: SampleVerdict
    referral_id: UUID | None


def open_referral(uow: UnitOfWork, signed: SignedConclusion) -> Referral:
    """Open the referral of a conclusion that failed, with its branches and their clocks.

    Runs in the transaction of the signature: the keys between the two let neither be committed alone.

    Raises:
        NotFoundError: the sample has no form.
        ValueError: the conclusion names no referral, so it did not fail.
    Emits: ReferralOpened.
    """
    if signed.referral_id is None:
        raise ValueError(f"conclusion {signed.conclusion_id} is {signed.verdict.value}, only a fail is referred")
    sample = uow.session.get_one(Sample, signed.sample_id)
    parties = _parties(uow, sample)
    items = failed_items(uow.session, sample.id)
    today = local_date(uow.now)
    factor = get_parameter(uow.session, "gross_excess_factor", today).value
    severity = severity_of(items, factor)
    branches = branches_of(parties)
    branch_ids = {kind: uuid4() for kind in branches}
    year = f"{today:%Y}"
    referral = Referral(
        id=signed.referral_id,
        case_no=f"HC{year}{take_number(uow, CASES, year):06d}",
        sample_id=sample.id,
        conclusion_id=signed.conclusion_id,
        operator_branch_id=branch_ids[BranchKind.OPERATOR],
        business_id=sample.business_id,
        producer_name=parties.producer.name if parties.producer else None,
        severity=severity,
        failed_items=[dict(item.to_json()) for item in items],
        opened_at=uow.now,
    )
    uow.session.add(referral)
    uow.session.flush()
    clocks = clocks_from(uow, uow.now, severity)
    regulators = regulators_by_region(uow.session)
    for kind, party in branches.items():
        uow.session.add(
            _branch(
                uow,
                referral,
                branch_id=branch_ids[kind],
                kind=kind,
                party=party,
                sample=sample,
                regulators=regulators,
                clocks=clocks,
            )
        )
    uow.session.add(CaseEntry(referral_id=referral.id, act=CaseAct.OPENED, note="", at=uow.now))
    uow.emit(ReferralOpened(referral_id=referral.id, sample_id=sample.id, severity=severity))
    return referral


def act_on_conclusion(uow: UnitOfWork, signed: SignedConclusion) -> None:
    """What every signature asks for: the referral of a fail, and the notices of any conclusion.

    Raises:
        NotFoundError: the sample has no form.
    Emits: ReferralOpened, for a fail.
    """
    branches: Sequence[ReferralBranch] = ()
    if signed.verdict is SampleVerdict.FAIL:
        referral = open_referral(uow, signed)
        branches = uow.session.scalars(
            select(ReferralBranch).where(ReferralBranch.referral_id == referral.id).order_by(ReferralBranch.id)
        ).all()
    issue_notices(uow, signed, branches)


def issue_notices(uow: UnitOfWork, signed: SignedConclusion, branches: Iterable[ReferralBranch]) -> list[ResultNotice]:
    """Write the result notices of a conclusion, one for every addressee, each with the day it must be served by.

    **Source:** Measures Art. 29; domain.md §2.1 `serve_notice`.
    """
    sample = uow.session.get_one(Sample, signed.sample_id)
    passed = signed.verdict is not SampleVerdict.FAIL
    by_kind = {branch.kind: branch for branch in branches}
    today = local_date(uow.now)
    parameter = get_parameter(uow.session, "serve_notice", today)
    due = load_calendar(uow.session, today).deadline(uow.now, int(parameter.value), parameter.unit)
    year = f"{today:%Y}"
    made = []
    for addressee, party in addressees_of(_parties(uow, sample), passed=passed).items():
        branch = None if passed else by_kind[BRANCH_OF[addressee]]
        made.append(
            ResultNotice(
                id=uuid4(),
                notice_no=f"JG{year}{take_number(uow, NOTICES, year):06d}",
                sample_id=sample.id,
                conclusion_id=signed.conclusion_id,
                branch_id=branch.id if branch else None,
                organisation_id=branch.regulator_id if branch else sample.regulator_id,
                addressee=addressee,
                name=party.name,
                address=party.address,
                passed=passed,
                issued_at=uow.now,
                due_at=due.due_at,
            )
        )
    uow.session.add_all(made)
    uow.session.flush()
    return made


def clocks_from(uow: UnitOfWork, started_at: datetime, severity: Severity) -> Clocks:
    """The clocks of a branch that was opened at an instant, each by its rule parameter."""
    day = local_date(started_at)
    calendar = load_calendar(uow.session, day)

    def due(code: str) -> datetime:
        parameter = get_parameter(uow.session, code, day)
        return calendar.deadline(started_at, int(parameter.value), parameter.unit).due_at

    return Clocks(
        acknowledge_due_at=due(ACKNOWLEDGE[severity]),
        start_due_at=due("mark_not_started"),
        control_due_at=due("mark_no_product_control"),
        finish_due_at=due("handling_finish"),
    )


def _branch(
    uow: UnitOfWork,
    referral: Referral,
    *,
    branch_id: UUID,
    kind: BranchKind,
    party: Party,
    sample: Sample,
    regulators: Mapping[str, UUID],
    clocks: Clocks,
) -> ReferralBranch:
    """A branch with whoever answers for it: the business's own regulator, the party's, or who commissioned the sample.

    A party of a region whose regulator does not work here stays with the commissioning regulator, who writes to its
    peer there (Measures Art. 28).
    """
    is_outside = False
    if kind is BranchKind.OPERATOR:
        regulator_id = _bureau_of(uow, uow.session.get_one(Business, sample.business_id).regulator_id)
    else:
        known = regulators.get(party.region_code or "")
        is_outside = known is None
        regulator_id = known or sample.regulator_id
    return ReferralBranch(
        id=branch_id,
        referral_id=referral.id,
        sample_id=sample.id,
        kind=kind,
        party_name=party.name,
        party_address=party.address,
        party_region_code=party.region_code,
        regulator_id=regulator_id,
        is_outside=is_outside,
        state=BranchState.OPEN,
        state_changed_at=uow.now,
        acknowledge_due_at=clocks.acknowledge_due_at,
        start_due_at=clocks.start_due_at,
        control_due_at=clocks.control_due_at,
        finish_due_at=clocks.finish_due_at,
    )


def _bureau_of(uow: UnitOfWork, organisation_id: UUID) -> UUID:
    """The bureau that answers for a business: a station is given its cases by the bureau above it."""
    organisation = get_organisation(uow.session, organisation_id)
    if organisation.kind is OrganisationKind.STATION and organisation.superior_id is not None:
        return organisation.superior_id
    return organisation_id


def _parties(uow: UnitOfWork, sample: Sample) -> Parties:
    """Everybody whom a sample concerns, as its form names them."""
    form = uow.session.get(SamplingForm, sample.id)
    if form is None:
        raise NotFoundError
    producer = (
        Party(form.producer_name, form.producer_address, form.producer_region_code) if form.producer_name else None
    )
    return Parties(
        operator=Party(form.party_name, form.party_address, form.region_code),
        producer=producer,
        platform=Party(form.platform) if form.platform else None,
        market_organiser=Party(form.market_organiser) if form.market_organiser else None,
    )
