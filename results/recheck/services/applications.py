"""Applications for a recheck: entered, and decided by a person who sees what the program proposes."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID, uuid4

from sqlalchemy import select

from lims.catalog.queries import deadline
from lims.clock import LOCAL_ZONE, local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.uow import UnitOfWork
from results.recheck.models import Recheck
from results.recheck.queries import application_facts, grantable_items
from results.recheck.rules import MAY_BE_OVERRULED, refusals_of
from results.recheck.services.common import RecheckRefusedError, lock_recheck, referral_here
from results.recheck.types import RecheckState, RefusalReason
from results.referral.models import Referral, ResultNotice
from results.referral.types import MAY_APPLY_FOR_RECHECK, Addressee
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent

SERIES = "recheck"
NOON = time(12)


def apply_for_recheck(
    uow: UnitOfWork,
    referral_id: UUID,
    applicant: Addressee,
    set_item_ids: Sequence[UUID],
    *,
    applied_on: date,
    grounds: str,
) -> Recheck:
    """Enter an application as it came in on paper; whether it is accepted is decided by another step.

    Raises:
        NotFoundError: no such case of which this organisation handles a branch.
        InvalidInputError: no item that failed, nobody who may apply, a day to come, or no grounds.
        ConflictError: an application stands already, or the case was withdrawn.
    """
    referral = referral_here(uow, referral_id)
    if applicant not in MAY_APPLY_FOR_RECHECK:
        raise InvalidInputError(_l("Only the sampled party or the nominal producer may apply."), field="applicant")
    notice = uow.session.scalar(
        select(ResultNotice).where(ResultNotice.sample_id == referral.sample_id, ResultNotice.addressee == applicant)
    )
    if notice is None:
        raise InvalidInputError(_l("This case has no such addressee."), field="applicant")
    if applied_on > local_date(uow.now):
        raise InvalidInputError(
            _l("The day is %(day)s, expected today at the latest.", day=applied_on.isoformat()), field="applied_on"
        )
    return _apply(uow, referral, notice, set_item_ids, applied_on=applied_on, grounds=grounds)


def apply_by_notice(
    uow: UnitOfWork, notice_id: UUID, set_item_ids: Sequence[UUID], *, grounds: str, contact: str
) -> Recheck:
    """Enter the application of a notice's own addressee, who has shown its code.

    Raises:
        NotFoundError: no such notice of a failure.
        InvalidInputError: no item that failed, nobody who may apply, or no grounds.
        ConflictError: an application stands already, or the case was withdrawn.
    """
    notice = uow.session.get(ResultNotice, notice_id)
    if notice is None or notice.passed or notice.addressee not in MAY_APPLY_FOR_RECHECK:
        raise NotFoundError
    referral = uow.session.scalars(
        select(Referral).where(Referral.sample_id == notice.sample_id).with_for_update()
    ).one()
    return _apply(uow, referral, notice, set_item_ids, applied_on=local_date(uow.now), grounds=grounds, contact=contact)


def _apply(
    uow: UnitOfWork,
    referral: Referral,
    notice: ResultNotice,
    set_item_ids: Sequence[UUID],
    *,
    applied_on: date,
    grounds: str,
    contact: str | None = None,
) -> Recheck:
    if referral.withdrawn_at is not None:
        raise ConflictError(_l("This case was withdrawn: there is no conclusion left to be tested again."))
    failed = {UUID(item["set_item_id"]) for item in referral.failed_items}
    if not set_item_ids or not set(set_item_ids) <= failed:
        raise InvalidInputError(_l("Choose among the items that failed."), field="items")
    if not grounds.strip():
        raise InvalidInputError(_l("Fill this in."), field="grounds")
    year = f"{local_date(uow.now):%Y}"
    recheck = Recheck(
        id=uuid4(),
        recheck_no=f"FJ{year}{take_number(uow, SERIES, year):05d}",
        sample_id=referral.sample_id,
        referral_id=referral.id,
        applicant=notice.addressee,
        applicant_name=notice.name,
        set_item_ids=sorted(set(set_item_ids)),
        grounds=grounds.strip(),
        contact=contact,
        applied_on=applied_on,
        entered_by_id=uow.actor.person_id,
        entered_at=uow.now,
        decide_due_at=deadline(uow.session, "recheck_decide", _noon(applied_on)).due_at,
        state=RecheckState.APPLIED,
    )
    uow.session.add(recheck)
    uow.session.flush()
    return recheck


def accept_recheck(uow: UnitOfWork, recheck_id: UUID, note: str = "") -> Recheck:
    """Accept an application, or of a mixed one what is not microbiological; penalties wait from then on.

    Args:
        uow: of a person of the regulator.
        recheck_id: which.
        note: why it is accepted although the program reads off the form that the backup portion has expired; the other
            grounds are facts, and no note overrules them.

    Raises:
        NotFoundError: no such application here.
        RecheckRefusedError: the law does not allow it, or a ground is overruled without a note; names the reasons.
        ConflictError: decided before, or no service on the applicant is recorded yet.
        WrongStateError: the sample is closed.
    """
    recheck = lock_recheck(uow, recheck_id, RecheckState.APPLIED)
    application = application_facts(uow.session, recheck, local_date(uow.now)).application
    if application.recheck_until is None:
        raise ConflictError(_l("No service on the applicant is recorded: record it, then accept the application."))
    reasons = refusals_of(application)
    facts = {"reasons": [reason.value for reason in reasons]}
    if not set(reasons) <= MAY_BE_OVERRULED:
        raise RecheckRefusedError(_l("This application must be refused."), facts=facts)
    if reasons and not note.strip():
        raise RecheckRefusedError(
            _l("Say why it is accepted although the backup portion is past its shelf life by the form."),
            facts=facts,
            field="note",
        )
    sample = get_sample_for_act(uow, recheck.sample_id)
    move_sample(uow, sample, SampleEvent.RECHECK_ACCEPTED)
    granted = grantable_items(uow.session, recheck)
    assign_due_at = deadline(uow.session, "recheck_assign", uow.now).due_at
    recheck.state, recheck.granted_item_ids, recheck.assign_due_at = RecheckState.ACCEPTED, granted, assign_due_at
    recheck.acceptance_note = note.strip() or None
    recheck.decided_by_id, recheck.decided_at = uow.actor.require_person(), uow.now
    return recheck


def refuse_recheck(uow: UnitOfWork, recheck_id: UUID, reason: RefusalReason, note: str) -> Recheck:
    """Refuse an application in writing.

    Raises:
        NotFoundError: no such application here.
        InvalidInputError: nothing written.
        ConflictError: decided before.
    """
    why = read_reason(note, field="note")
    recheck = lock_recheck(uow, recheck_id, RecheckState.APPLIED)
    recheck.state, recheck.refusal, recheck.refusal_note = RecheckState.REFUSED, reason, why
    recheck.decided_by_id, recheck.decided_at = uow.actor.require_person(), uow.now
    return recheck


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON, LOCAL_ZONE)
