"""The recheck in its laboratory: the portion received, its items tested by others, the conclusion signed for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from lims import files
from lims.catalog.queries import deadline
from lims.clock import local_time
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.models import TestSet, TestSetItem
from results.recheck.events import RecheckConcluded, RecheckEnded, RecheckWatchOffered
from results.recheck.models import Recheck, RecheckConclusion, RecheckReceipt, RecheckResult, RecheckWatch
from results.recheck.queries import (
    NO_METHOD,
    backup_card,
    first_methods,
    lines_of,
    receipt_of,
    standing_recheck_results,
    watches_of,
)
from results.recheck.rules import needs_reason, verdict_after
from results.recheck.services.common import lock_in_lab
from results.recheck.services.fees import check_fee_is_settled, settle_fee
from results.recheck.types import MethodUsed, RecheckState
from results.referral.models import Referral
from results.referral.services import withdraw_referral
from results.rules.frozen import judge_line
from results.rules.stored import to_json
from results.services.judging import case_of
from results.types import ItemVerdict
from sampling.models import Sample
from sampling.services.samples import conclude, move_sample
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleEvent, SampleVerdict


def receive_backup(
    uow: UnitOfWork,
    recheck_id: UUID,
    *,
    seal_no: str,
    seal_intact: bool,
    package_intact: bool,
    package_photo: bytes,
    seal_photo: bytes,
    damage: str = "",
) -> RecheckReceipt:
    """Say what the backup portion looked like when it came, with a photo of its package and one of its seal.

    Custody has handed it over before. What came damaged, or under another seal, cannot serve: the recheck ends, the
    first conclusion stands, and the case goes on.

    Args:
        uow: of a custodian of the recheck laboratory.
        recheck_id: which.
        seal_no: as read off the seal.
        seal_intact: nobody opened it.
        package_intact: nothing leaked, broke or thawed.
        package_photo: picture of the whole.
        seal_photo: picture on which the number can be read.
        damage: what is wrong, where something is.

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: no seal number, a file that is no picture, damage without words or words without damage.
        ConflictError: custody has not handed it over, or it was received before.
    Emits: RecheckEnded and SampleMoved, where it cannot serve.

    **Source:** domain.md §2.5 (photographs package and seal, reports damage); Measures Art. 31(4), 35.
    """
    recheck = lock_in_lab(uow, recheck_id)
    if receipt_of(uow.session, recheck_id) is not None:
        raise ConflictError(_l("The portion of this recheck was received already."))
    if not seal_no.strip():
        raise InvalidInputError(_l("Fill in the number of the seal."), field="seal_no")
    card = backup_card(uow.session, recheck.sample_id)
    if card is None or not card.is_with(uow.actor.require_organisation()):
        raise ConflictError(_l("Confirm the hand-over of the backup portion first: custody does not know it here."))
    matches = seal_no.strip() == card.seal_no
    is_good = matches and seal_intact and package_intact
    if not is_good and not damage.strip():
        raise InvalidInputError(
            _l("Say what is wrong: custody knows the seal %(number)s.", number=card.seal_no)
            if not matches
            else _l("Say what is wrong with it."),
            field="damage",
        )
    if is_good and damage.strip():
        raise InvalidInputError(
            _l("“%(text)s” is damage, but seal and package are said to be intact.", text=damage.strip()[:60]),
            field="damage",
        )
    package_sha256, seal_sha256 = files.store_files(uow, [package_photo, seal_photo], allowed=files.IMAGES)
    receipt = RecheckReceipt(
        recheck_id=recheck_id,
        sample_id=recheck.sample_id,
        lab_id=uow.actor.require_organisation(),
        portion_id=card.portion_id,
        seal_no=seal_no.strip(),
        seal_matches=matches,
        seal_intact=seal_intact,
        package_intact=package_intact,
        package_photo_sha256=package_sha256,
        seal_photo_sha256=seal_sha256,
        damage=damage.strip() or None,
        received_by_id=uow.actor.require_person(),
        received_at=uow.now,
    )
    uow.session.add(receipt)
    if is_good:
        recheck.report_due_at = deadline(uow.session, "recheck_report", uow.now).due_at
        uow.session.flush()
        return receipt
    recheck.state, recheck.ended_at, recheck.ended_reason = RecheckState.ENDED, uow.now, damage.strip()
    settle_fee(uow, recheck, ())
    uow.session.flush()
    move_sample(uow, get_sample_for_act(uow, recheck.sample_id), SampleEvent.RECHECK_ENDED)
    uow.emit(RecheckEnded(sample_id=recheck.sample_id, recheck_id=recheck_id))
    return receipt


def tell_first_lab(uow: UnitOfWork, recheck_id: UUID, begins_at: datetime, place: str) -> RecheckWatch:
    """Tell the first laboratory when and where the recheck is tested: it may watch.

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: no place, or an instant that has passed.
        ConflictError: the recheck is over.
    Emits: RecheckWatchOffered.

    **Source:** domain.md §2.5 (initial lab may watch).
    """
    recheck = lock_in_lab(uow, recheck_id)
    if begins_at < uow.now:
        raise InvalidInputError(
            _l("%(at)s has passed.", at=f"{local_time(begins_at):%Y-%m-%d %H:%M}"), field="begins_at"
        )
    if not place.strip():
        raise InvalidInputError(_l("Fill this in."), field="place")
    first_lab_id = uow.session.get_one(Sample, recheck.sample_id).lab_id
    watch = RecheckWatch(
        recheck_id=recheck_id,
        number=len(watches_of(uow.session, recheck_id)) + 1,
        sample_id=recheck.sample_id,
        lab_id=first_lab_id,
        begins_at=begins_at,
        place=place.strip(),
        told_by_id=uow.actor.require_person(),
        told_at=uow.now,
    )
    uow.session.add(watch)
    uow.session.flush()
    uow.emit(RecheckWatchOffered(sample_id=recheck.sample_id, recheck_id=recheck_id, lab_id=first_lab_id))
    return watch


def enter_recheck_results(
    uow: UnitOfWork,
    recheck_id: UUID,
    texts: Mapping[UUID, str],
    methods: Mapping[UUID, MethodUsed] | None = None,
) -> Sequence[RecheckResult]:
    """Write down what the recheck laboratory found, as one who did not touch the first test.

    Args:
        uow: of a tester of the recheck laboratory.
        recheck_id: which.
        texts: what was found, by worklist line.
        methods: by which method; a line left out was tested by the method of the first test, and another method wants
            its reason (the newer standard prevails).

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: an item that was not asked for, a text that is no result, another method without its reason.
        FeeOpenError: the fee is not advanced, and testing waits for it.
        SeparationRefusedError: the person tested, reviewed or signed first, or stands on the sampling side.
        ConflictError: the portion is not received yet, or it was concluded before.
    """
    recheck = lock_in_lab(uow, recheck_id)
    if receipt_of(uow.session, recheck_id) is None:
        raise ConflictError(_l("Receive the backup portion first: seal, package and photos."))
    check_fee_is_settled(uow, recheck_id)
    sample = get_sample_for_act(uow, recheck.sample_id)
    claim_act(uow, sample_tuple(sample), DutyRole.RECHECK_TESTER)
    lines = {line.id: line for line in lines_of(uow.session, recheck)}
    standing = standing_recheck_results(uow.session, recheck_id)
    test_set = uow.session.scalars(select(TestSet).where(TestSet.sample_id == sample.id)).one()
    first = first_methods(uow.session, recheck)
    written = []
    for line_id, text in texts.items():
        line = lines.get(line_id)
        if line is None:
            raise InvalidInputError(_l("This item was not asked for."), field=str(line_id))
        before = standing.get(line_id)
        written.append(
            _recheck_result(
                uow,
                recheck,
                test_set,
                line=line,
                text=text,
                version=before.version + 1 if before else 1,
                used=_method(first.get(line_id, NO_METHOD), (methods or {}).get(line_id, MethodUsed()), line_id),
            )
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
    recheck = lock_in_lab(uow, recheck_id)
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
    settle_fee(uow, recheck, {row.verdict for row in standing.values()})
    conclude(uow, sample, verdict)
    if verdict is SampleVerdict.PASS:
        withdraw_referral(uow, referral.id, f"{recheck.recheck_no} {report_no.strip()}")
    uow.emit(RecheckConcluded(sample_id=sample.id, recheck_id=recheck_id, verdict=verdict))
    return conclusion


def _verdict(referral: Referral, recheck: Recheck, found: Mapping[UUID, ItemVerdict]) -> SampleVerdict:
    failed = {UUID(item["set_item_id"]) for item in referral.failed_items}
    try:
        return verdict_after(failed, recheck.granted_item_ids or [], found)
    except ValueError as error:
        raise InvalidInputError(_l("Not every item asked for has a result that passes or fails.")) from error


def _method(first: str, used: MethodUsed, line_id: UUID) -> MethodUsed:
    """The method of a result with its reason, where it is not that of the first test."""
    name, reason = used.name.strip() or first, used.reason.strip()
    if not needs_reason(first, name):
        return MethodUsed(first)
    if not reason:
        raise InvalidInputError(
            _l("The first test used %(first)s: say why %(used)s was used.", first=first, used=name[:60]),
            field=str(line_id),
        )
    return MethodUsed(name, reason)


def _recheck_result(
    uow: UnitOfWork,
    recheck: Recheck,
    test_set: TestSet,
    *,
    line: TestSetItem,
    text: str,
    version: int,
    used: MethodUsed,
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
        method=used.name,
        method_reason=used.reason or None,
        entered_by_id=uow.actor.require_person(),
        entered_role=DutyRole.RECHECK_TESTER,
        entered_at=uow.now,
    )
