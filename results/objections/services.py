"""Objections: filed on paper or with the code of the notice, accepted or refused, reviewed by who was not involved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select

from lims import files
from lims.catalog.queries import deadline
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.uow import UnitOfWork
from results.objections.events import ObjectionFiled, ObjectionReviewed
from results.objections.models import ApplicationFile, Objection
from results.objections.queries import allowed_until, answered_notice, facts_of, find_notice
from results.objections.rules import ENTITLED, consequence_of, grounds_against, review_code
from results.objections.types import (
    CameBy,
    Consequence,
    ObjectionKind,
    ObjectionState,
    Outcome,
    RefusalGround,
)
from results.recheck.models import Recheck
from results.recheck.services import apply_by_notice
from results.referral.models import Referral, ResultNotice
from results.referral.rules.notice_code import fits
from results.referral.services import withdraw_producer, withdraw_referral
from results.referral.types import MAY_APPLY_FOR_RECHECK, Addressee
from sampling.models import DutyAct, Sample, SamplingForm
from sampling.services.separation import ACT_NAMES, get_sample_for_act

SERIES = "objection"
MOST_FILES = 10


class NoticeRefusedError(InvalidInputError):
    """Number and code of a notice do not fit; which of them is not told."""

    code = "notice_refused"


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that comes with an application."""

    caption: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What the applicant wrote."""

    contact: str
    grounds: str
    papers: Sequence[Paper] = ()


def open_notice(uow: UnitOfWork, secret: str, notice_no: str, code: str) -> ResultNotice:
    """The notice whose number and code somebody typed.

    Raises:
        NoticeRefusedError: they do not fit each other, or the notice tells nobody that they failed.
    """
    notice = find_notice(uow.session, notice_no)
    # An unknown number costs the same work as a known one.
    is_right = fits(secret, notice.id if notice else UUID(int=0), code)
    if notice is None or not is_right:
        raise NoticeRefusedError(
            _l("Number and code do not fit. Both stand on the notice; the code has 12 characters."), field="code"
        )
    return notice


def file_objection(
    uow: UnitOfWork, sample_id: UUID, kind: ObjectionKind, applicant: Addressee, *, filed_on: date, written: Written
) -> Objection:
    """Enter an objection that came in on paper.

    Raises:
        NotFoundError: no such sample of this regulator.
        InvalidInputError: nobody who may object, a day to come or before the sampling, nothing written, too many
            papers, or one that is no PDF or picture.
        ConflictError: one of this kind by this side stands already.
    Emits: ObjectionFiled.
    """
    sample = uow.session.get(Sample, sample_id)
    form = uow.session.get(SamplingForm, sample_id)
    if sample is None or form is None or sample.regulator_id != uow.actor.require_organisation():
        raise NotFoundError
    if applicant not in MAY_APPLY_FOR_RECHECK:
        raise InvalidInputError(_l("Only the sampled party or the nominal producer may apply."), field="applicant")
    name = form.party_name if applicant is Addressee.SAMPLED_PARTY else form.producer_name
    if not name:
        raise InvalidInputError(_l("No producer stands on the sampling form."), field="applicant")
    earliest, today = local_date(form.submitted_at), local_date(uow.now)
    if not earliest <= filed_on <= today:
        raise InvalidInputError(
            _l(
                "The day is %(day)s, expected %(earliest)s to %(today)s.",
                day=filed_on.isoformat(),
                earliest=earliest.isoformat(),
                today=today.isoformat(),
            ),
            field="filed_on",
        )
    return _file(uow, sample, kind, applicant, name=name, filed_on=filed_on, written=written, came_by=CameBy.PAPER)


def file_by_notice(uow: UnitOfWork, notice_id: UUID, kind: ObjectionKind, written: Written) -> Objection:
    """File an objection on the public page, as the addressee of a notice who has shown its code.

    Raises:
        NotFoundError: no such notice of a failure.
        InvalidInputError, ConflictError: as `file_objection`; and this side may not object to that.
    Emits: ObjectionFiled.
    """
    answered = answered_notice(uow.session, notice_id)
    notice = answered.notice
    if notice.addressee not in ENTITLED[kind]:
        raise InvalidInputError(_l("The other side objects to this, not you."), field="kind")
    sample = uow.session.get_one(Sample, notice.sample_id)
    today = local_date(uow.now)
    return _file(
        uow,
        sample,
        kind,
        notice.addressee,
        name=notice.name,
        filed_on=today,
        written=written,
        came_by=CameBy.NOTICE_PAGE,
    )


def apply_for_recheck_by_notice(
    uow: UnitOfWork, notice_id: UUID, set_item_ids: Sequence[UUID], written: Written
) -> Recheck:
    """Apply for a recheck on the public page, as the addressee of a notice who has shown its code.

    Raises:
        NotFoundError: no such notice of a failure.
        InvalidInputError: no item that failed, nothing written, or a paper that cannot be kept.
        ConflictError: an application stands already.
    """
    contact, grounds = _checked(written)
    recheck = apply_by_notice(uow, notice_id, set_item_ids, grounds=grounds, contact=contact)
    _keep_papers(uow, recheck.sample_id, written.papers, recheck_id=recheck.id)
    return recheck


def accept_objection(uow: UnitOfWork, objection_id: UUID) -> Objection:
    """Accept an objection; the time of its review begins.

    Raises:
        NotFoundError: no such objection of this regulator.
        ConflictError: decided before, or the actor took part in this sample.
    """
    objection = _lock(uow, objection_id, ObjectionState.FILED)
    review_due_at = deadline(uow.session, review_code(objection.kind), uow.now).due_at
    objection.state, objection.review_due_at = ObjectionState.ACCEPTED, review_due_at
    objection.decided_by_id, objection.decided_at = uow.actor.require_person(), uow.now
    return objection


def refuse_objection(uow: UnitOfWork, objection_id: UUID, ground: RefusalGround, note: str) -> Objection:
    """Refuse an objection in writing.

    Raises:
        NotFoundError: no such objection of this regulator.
        InvalidInputError: nothing written.
        ConflictError: decided before, or the actor took part in this sample.
    """
    said = read_reason(note, field="note")
    objection = _lock(uow, objection_id, ObjectionState.FILED)
    objection.state, objection.refusal, objection.refusal_note = ObjectionState.REFUSED, ground, said
    objection.decided_by_id, objection.decided_at = uow.actor.require_person(), uow.now
    return objection


def review_objection(uow: UnitOfWork, objection_id: UUID, outcome: Outcome, note: str) -> Objection:
    """End the review. What is upheld takes its consequence for the case in the same transaction.

    Raises:
        NotFoundError: no such objection of this regulator.
        InvalidInputError: nothing written.
        ConflictError: not accepted, reviewed before, or the actor took part in this sample.
    Emits: ObjectionReviewed; ReferralWithdrawn where the conclusion does not stand.
    """
    said = read_reason(note, field="note")
    objection = _lock(uow, objection_id, ObjectionState.ACCEPTED)
    case = _open_case(uow, objection.sample_id)
    objection.state, objection.outcome, objection.outcome_note = ObjectionState.REVIEWED, outcome, said
    objection.consequence = consequence_of(objection.kind, outcome, has_case=case is not None)
    objection.reviewed_by_id, objection.reviewed_at = uow.actor.require_person(), uow.now
    if case is not None:
        reason = f"{objection.objection_no} {said}"
        if objection.consequence is Consequence.PRODUCER_IS_OUT:
            withdraw_producer(uow, case.id, reason)
        elif objection.consequence is Consequence.CASE_WITHDRAWN:
            withdraw_referral(uow, case.id, reason)
    uow.emit(
        ObjectionReviewed(
            sample_id=objection.sample_id,
            objection_id=objection.id,
            outcome=outcome,
            consequence=objection.consequence,
        )
    )
    return objection


def proposed_grounds(objection: Objection) -> list[RefusalGround]:
    """The grounds on which the program would refuse it; a person decides."""
    return grounds_against(facts_of(objection))


def _file(
    uow: UnitOfWork,
    sample: Sample,
    kind: ObjectionKind,
    applicant: Addressee,
    *,
    name: str,
    filed_on: date,
    written: Written,
    came_by: CameBy,
) -> Objection:
    contact, grounds = _checked(written)
    year = f"{local_date(uow.now):%Y}"
    case = uow.session.scalar(select(Referral.id).where(Referral.sample_id == sample.id))
    objection = Objection(
        id=uuid4(),
        objection_no=f"YY{year}{take_number(uow, SERIES, year):05d}",
        sample_id=sample.id,
        referral_id=case,
        regulator_id=sample.regulator_id,
        kind=kind,
        applicant=applicant,
        applicant_name=name,
        contact=contact,
        grounds=grounds,
        filed_on=filed_on,
        filed_at=uow.now,
        came_by=came_by,
        entered_by_id=uow.actor.person_id if came_by is CameBy.PAPER else None,
        allowed_until=allowed_until(uow.session, sample.id, kind, applicant),
        decide_due_at=deadline(uow.session, "objection_decide", uow.now).due_at,
        state=ObjectionState.FILED,
    )
    uow.session.add(objection)
    uow.session.flush()
    _keep_papers(uow, sample.id, written.papers, objection_id=objection.id)
    uow.emit(ObjectionFiled(sample_id=sample.id, objection_id=objection.id, kind=kind))
    return objection


def _checked(written: Written) -> tuple[str, str]:
    """Contact and grounds without the space around them."""
    contact, grounds = written.contact.strip(), written.grounds.strip()
    for field, text in (("contact", contact), ("grounds", grounds)):
        if not text:
            raise InvalidInputError(_l("Fill this in."), field=field)
    if len(written.papers) > MOST_FILES:
        raise InvalidInputError(
            _l("%(count)s files were chosen, expected %(most)s at most.", count=len(written.papers), most=MOST_FILES),
            field="files",
        )
    return contact, grounds


def _keep_papers(
    uow: UnitOfWork,
    sample_id: UUID,
    papers: Sequence[Paper],
    *,
    objection_id: UUID | None = None,
    recheck_id: UUID | None = None,
) -> None:
    """Keep the papers of one application; the same paper twice is kept once."""
    digests = files.store_files(uow, [paper.content for paper in papers], allowed=files.PAPERS)
    uow.session.add_all(
        ApplicationFile(
            sample_id=sample_id,
            objection_id=objection_id,
            recheck_id=recheck_id,
            sha256=digest,
            caption=caption,
            added_at=uow.now,
            added_by_id=uow.actor.person_id,
        )
        for digest, caption in dict(zip(digests, (paper.caption for paper in papers), strict=True)).items()
    )
    uow.session.flush()


def _lock(uow: UnitOfWork, objection_id: UUID, expected: ObjectionState) -> Objection:
    """The objection for a step of a person who did not act on its sample."""
    objection = uow.session.get(Objection, objection_id, with_for_update=True)
    if objection is None or objection.regulator_id != uow.actor.require_organisation():
        raise NotFoundError
    if objection.state is not expected:
        raise ConflictError(
            _l("This objection is past this step."),
            facts={"state": objection.state.value, "expected": expected.value},
        )
    acted = uow.session.scalar(
        select(DutyAct.role)
        .where(DutyAct.sample_id == objection.sample_id, DutyAct.person_id == uow.actor.require_person())
        .limit(1)
    )
    if acted is not None:
        raise ConflictError(
            _l("%(name)s %(act)s; somebody else decides about it.", name=uow.actor.name, act=ACT_NAMES[acted])
        )
    return objection


def _open_case(uow: UnitOfWork, sample_id: UUID) -> Referral | None:
    get_sample_for_act(uow, sample_id)  # in the order in which every other act locks: the sample, then its case
    return uow.session.scalar(
        select(Referral)
        .where(Referral.sample_id == sample_id, Referral.closed_at.is_(None), Referral.withdrawn_at.is_(None))
        .with_for_update()
    )
