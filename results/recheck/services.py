"""The recheck: applied for, decided, a laboratory drawn, tested by others, concluded for good."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from uuid import UUID, uuid4

from sqlalchemy import select

from chain_of_custody.queries import list_portions
from chain_of_custody.services import release_backup
from chain_of_custody.types import PortionKind
from lims import files
from lims.catalog.queries import deadline
from lims.clock import LOCAL_ZONE, local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.uow import UnitOfWork
from results.models import TestSet, TestSetItem
from results.recheck.events import RecheckAssigned, RecheckConcluded
from results.recheck.models import Recheck, RecheckConclusion, RecheckResult
from results.recheck.queries import candidate_labs, lines_of, standing_recheck_results
from results.recheck.rules import Application, draw_lab, refusals_of, verdict_after
from results.recheck.types import RecheckState, RefusalReason
from results.referral.models import Referral, ReferralBranch, ResultNotice, Service
from results.referral.services import withdraw_referral
from results.referral.types import MAY_APPLY_FOR_RECHECK, Addressee
from results.rules.frozen import judge_line
from results.rules.stored import to_json
from results.services.entry import case_of
from results.types import ItemVerdict
from sampling.services.samples import conclude, move_sample
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleEvent, SampleVerdict

SERIES = "recheck"
SEED_BYTES = 32
NOON = time(12)


class RecheckRefusedError(ConflictError):
    """The law does not allow this recheck; the reasons are named."""

    code = "recheck_not_allowed"


class NoLaboratoryError(ConflictError):
    """No laboratory of the list may do this recheck."""

    code = "no_recheck_laboratory"


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
        ConflictError: an application stands already.
    """
    referral = _referral_here(uow, referral_id)
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


def apply_by_notice(uow: UnitOfWork, notice_id: UUID, set_item_ids: Sequence[UUID], *, grounds: str) -> Recheck:
    """Enter the application of a notice's own addressee, who has shown its code.

    Raises:
        NotFoundError: no such notice of a failure.
        InvalidInputError: no item that failed, nobody who may apply, or no grounds.
        ConflictError: an application stands already.
    """
    notice = uow.session.get(ResultNotice, notice_id)
    if notice is None or notice.passed or notice.addressee not in MAY_APPLY_FOR_RECHECK:
        raise NotFoundError
    referral = uow.session.scalars(
        select(Referral).where(Referral.sample_id == notice.sample_id).with_for_update()
    ).one()
    return _apply(uow, referral, notice, set_item_ids, applied_on=local_date(uow.now), grounds=grounds)


def _apply(
    uow: UnitOfWork,
    referral: Referral,
    notice: ResultNotice,
    set_item_ids: Sequence[UUID],
    *,
    applied_on: date,
    grounds: str,
) -> Recheck:
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
        applied_on=applied_on,
        entered_by_id=uow.actor.person_id,
        entered_at=uow.now,
        decide_due_at=deadline(uow.session, "recheck_decide", _noon(applied_on)).due_at,
        state=RecheckState.APPLIED,
    )
    uow.session.add(recheck)
    uow.session.flush()
    return recheck


def reasons_against(uow: UnitOfWork, recheck: Recheck) -> list[RefusalReason]:
    """Why this application must be refused; empty when it may be accepted."""
    referral = uow.session.get_one(Referral, recheck.referral_id)
    until = uow.session.scalar(
        select(Service.recheck_until)
        .join(ResultNotice, ResultNotice.id == Service.notice_id)
        .where(ResultNotice.sample_id == recheck.sample_id, ResultNotice.addressee == recheck.applicant)
    )
    asked = {str(line) for line in recheck.set_item_ids}
    portions = list_portions(uow.session, recheck.sample_id)
    return refusals_of(
        Application(
            applied_on=recheck.applied_on,
            recheck_until=until,
            asks_microbiological=any(
                item["is_microbiological"] for item in referral.failed_items if item["set_item_id"] in asked
            ),
            has_backup=any(portion.kind is PortionKind.BACKUP for portion in portions),
        )
    )


def accept_recheck(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    """Accept an application; the sample goes into its recheck, penalties wait.

    Raises:
        NotFoundError: no such application here.
        RecheckRefusedError: the law does not allow it; names the reasons.
        ConflictError: decided before.
        WrongStateError: the sample is not served, or closed.
    """
    recheck = _lock(uow, recheck_id, RecheckState.APPLIED)
    reasons = reasons_against(uow, recheck)
    if reasons:
        raise RecheckRefusedError(
            _l("This application must be refused."), facts={"reasons": [reason.value for reason in reasons]}
        )
    sample = get_sample_for_act(uow, recheck.sample_id)
    move_sample(uow, sample, SampleEvent.RECHECK_ACCEPTED)
    recheck.state = RecheckState.ACCEPTED
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
    recheck = _lock(uow, recheck_id, RecheckState.APPLIED)
    recheck.state, recheck.refusal, recheck.refusal_note = RecheckState.REFUSED, reason, why
    recheck.decided_by_id, recheck.decided_at = uow.actor.require_person(), uow.now
    return recheck


def draw_laboratory(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    """Draw the laboratory by lot and release the backup portion to it; the record lets anybody draw again.

    Raises:
        NotFoundError: no such recheck here.
        NoLaboratoryError: nobody of the list may do it.
        ConflictError: not accepted, or drawn before.
    Emits: RecheckAssigned.

    **Source:** Food Safety Law Art. 88 (drawn at random, not the first laboratory).
    """
    recheck = _lock(uow, recheck_id, RecheckState.ACCEPTED)
    sample = get_sample_for_act(uow, recheck.sample_id)
    candidates = candidate_labs(uow.session, sample, local_date(uow.now))
    if not candidates:
        raise NoLaboratoryError(_l("No laboratory on the list may do this recheck."))
    seed = secrets.token_hex(SEED_BYTES)
    lab_id, tickets = draw_lab(seed, candidates)
    recheck.state, recheck.lab_id, recheck.assigned_at = RecheckState.ASSIGNED, lab_id, uow.now
    recheck.draw = {"seed": seed, "tickets": tickets, "drawn": str(lab_id)}
    recheck.handover_due_at = deadline(uow.session, "backup_handover", uow.now).due_at
    recheck.report_due_at = deadline(uow.session, "recheck_report", uow.now).due_at
    release_backup(uow, sample.id, lab_id, recheck.recheck_no)
    uow.emit(RecheckAssigned(sample_id=sample.id, recheck_id=recheck_id, lab_id=lab_id))
    return recheck


def enter_recheck_results(uow: UnitOfWork, recheck_id: UUID, texts: Mapping[UUID, str]) -> Sequence[RecheckResult]:
    """Write down what the recheck laboratory found, as one who did not touch the first test.

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: an item that was not asked for, or a text that is no result.
        SeparationRefusedError: the person tested, reviewed or signed first, or stands on the sampling side.
        ConflictError: concluded before.
    """
    recheck = _lock_in_lab(uow, recheck_id)
    sample = get_sample_for_act(uow, recheck.sample_id)
    claim_act(uow, sample_tuple(sample), DutyRole.RECHECK_TESTER)
    lines = {line.id: line for line in lines_of(uow.session, recheck)}
    standing = standing_recheck_results(uow.session, recheck_id)
    test_set = uow.session.scalars(select(TestSet).where(TestSet.sample_id == sample.id)).one()
    written = []
    for line_id, text in texts.items():
        line = lines.get(line_id)
        if line is None:
            raise InvalidInputError(_l("This item was not asked for."), field=str(line_id))
        before = standing.get(line_id)
        written.append(
            _recheck_result(uow, recheck, test_set, line=line, text=text, version=before.version + 1 if before else 1)
        )
    uow.session.add_all(written)
    uow.session.flush()
    return written


def conclude_recheck(
    uow: UnitOfWork, recheck_id: UUID, report_no: str, report: bytes | None = None
) -> RecheckConclusion:
    """Sign the recheck, as another person of its laboratory. The conclusion is final and replaces the first one.

    A pass withdraws the referral; a fail lets its handling go on.

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: no report number, a file that is no PDF or picture, or an item without a deciding result.
        SeparationRefusedError: the person took part in the first test, or stands on the sampling side.
        ConflictError: the tester signs, or it was concluded before.
    Emits: RecheckConcluded, SampleMoved; ReferralWithdrawn after a pass.
    """
    recheck = _lock_in_lab(uow, recheck_id)
    if not report_no.strip():
        raise InvalidInputError(_l("Fill this in."), field="report_no")
    sample = get_sample_for_act(uow, recheck.sample_id)
    standing = standing_recheck_results(uow.session, recheck_id)
    referral = uow.session.get_one(Referral, recheck.referral_id)
    verdict = _verdict(referral, recheck, {line: row.verdict for line, row in standing.items()})
    tester_id = max(standing.values(), key=lambda row: (row.entered_at, row.set_item_id)).entered_by_id
    if any(row.entered_by_id == uow.actor.person_id for row in standing.values()):
        raise ConflictError(_l("Somebody else than the tester signs the recheck."))
    claim_act(uow, sample_tuple(sample), DutyRole.RECHECK_TESTER)
    conclusion = RecheckConclusion(
        recheck_id=recheck_id,
        sample_id=sample.id,
        verdict=verdict,
        report_no=report_no.strip(),
        report_sha256=files.store_file(uow, report, allowed=files.PAPERS) if report else None,
        tested_by_id=tester_id,
        signed_by_id=uow.actor.require_person(),
        role=DutyRole.RECHECK_TESTER,
        signed_at=uow.now,
    )
    uow.session.add(conclusion)
    recheck.state, recheck.concluded_at = RecheckState.CONCLUDED, uow.now
    conclude(uow, sample, verdict)
    if verdict is SampleVerdict.PASS:
        withdraw_referral(uow, referral.id, f"{recheck.recheck_no} {report_no.strip()}")
    uow.emit(RecheckConcluded(sample_id=sample.id, recheck_id=recheck_id, verdict=verdict))
    return conclusion


def _verdict(referral: Referral, recheck: Recheck, found: Mapping[UUID, ItemVerdict]) -> SampleVerdict:
    failed = {UUID(item["set_item_id"]) for item in referral.failed_items}
    try:
        return verdict_after(failed, recheck.set_item_ids, found)
    except ValueError as error:
        raise InvalidInputError(_l("Not every item asked for has a result that passes or fails.")) from error


def _recheck_result(
    uow: UnitOfWork, recheck: Recheck, test_set: TestSet, *, line: TestSetItem, text: str, version: int
) -> RecheckResult:
    """A result judged by the very limit and method row of the first test."""
    case = case_of(line, test_set, text)
    judged = judge_line(case, line.limit_state, line.basis)
    return RecheckResult(
        recheck_id=recheck.id,
        set_item_id=line.id,
        version=version,
        sample_id=recheck.sample_id,
        entered_text=text.strip(),
        used=to_json(case),
        verdict=judged.verdict,
        rule=judged.rule,
        compared_value=judged.compared_value,
        entered_by_id=uow.actor.require_person(),
        entered_role=DutyRole.RECHECK_TESTER,
        entered_at=uow.now,
    )


def _referral_here(uow: UnitOfWork, referral_id: UUID) -> Referral:
    referral = uow.session.get(Referral, referral_id, with_for_update=True)
    organisation = uow.actor.require_organisation()
    ours = select(ReferralBranch.id).where(
        ReferralBranch.referral_id == referral_id, ReferralBranch.regulator_id == organisation
    )
    if referral is None or uow.session.scalar(ours.limit(1)) is None:
        raise NotFoundError
    return referral


def _lock(uow: UnitOfWork, recheck_id: UUID, expected: RecheckState) -> Recheck:
    recheck = uow.session.get(Recheck, recheck_id, with_for_update=True)
    if recheck is None:
        raise NotFoundError
    _referral_here(uow, recheck.referral_id)
    if recheck.state is not expected:
        raise ConflictError(
            _l("This recheck is past this step."), facts={"state": recheck.state.value, "expected": expected.value}
        )
    return recheck


def _lock_in_lab(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    recheck = uow.session.get(Recheck, recheck_id, with_for_update=True)
    if recheck is None or recheck.lab_id is None or recheck.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    if recheck.state is not RecheckState.ASSIGNED:
        raise ConflictError(_l("This recheck is concluded already."))
    return recheck


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON, LOCAL_ZONE)
