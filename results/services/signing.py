"""The signature that fixes the conclusion of a sample."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from lims.auth.login import check_confirmed
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.events import ConclusionSigned
from results.models import Conclusion, TestReport, TestSet
from results.quality.services.holds import require_released
from results.queries import last_lock, newest_report, standing_results
from results.rules.conclusion import conclude as conclude_items
from results.types import SignatureMeaning, TestSetState
from sampling.services.samples import conclude
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleVerdict


class NotSignableError(ConflictError):
    """This report cannot be signed, or not by this person, or not any more."""

    code = "not_signable"


def sign_conclusion(
    uow: UnitOfWork, report_id: UUID, pdf_sha256: bytes, *, confirmed_at: datetime | None
) -> Conclusion:
    """Fix the conclusion of one sample, as its third person, on exactly the report that was shown.

    Locks the sample, so that of two people who sign at once the second one is told. The verdict is concluded again
    from the results that stand; a fail gets the id of its referral here, and whoever keeps referrals opens it in this
    very transaction.

    Args:
        uow: the transaction of the signatory whom the report names as its approver.
        report_id: the newest report of the sample.
        pdf_sha256: SHA-256 of the PDF that was on the screen.
        confirmed_at: when the person last gave the password.

    Raises:
        NotFoundError: no such report of this laboratory.
        ConfirmationNeededError: the password was given more than five minutes ago.
        NotSignableError: another PDF than the one shown, composed for another day or person, results that are not
            locked any more, or a signatory who is not authorised for this food.
        ResultsHeldError: quality control rejected a result after the lock.
        WrongStateError: the sample is concluded already.
        SeparationRefusedError: the signatory tested or reviewed this sample, or stands on its sampling side.

    Emits: ConclusionSigned.

    **Source:** product.md §5, §8; I6.
    """
    report = get_report_here(uow, report_id)
    sample = get_sample_for_act(uow, report.sample_id)
    check_confirmed(confirmed_at, uow.now)
    _check_shown(uow, report, pdf_sha256)
    require_released(uow, report.test_set_id)
    claim_act(uow, sample_tuple(sample), DutyRole.SIGNATORY)
    assert confirmed_at is not None  # noqa: S101 - check_confirmed refuses None
    conclusion = Conclusion(
        id=uuid4(),
        sample_id=sample.id,
        report_id=report.id,
        pdf_sha256=report.pdf_sha256,
        verdict=report.verdict,
        referral_id=uuid4() if report.verdict is SampleVerdict.FAIL else None,
        signatory_id=uow.actor.require_person(),
        signatory_role=DutyRole.SIGNATORY,
        meaning=SignatureMeaning.APPROVED,
        confirmed_at=confirmed_at,
        signed_at=uow.now,
        issued_on=report.issued_on,
    )
    conclude(uow, sample, report.verdict)
    uow.session.add(conclusion)
    uow.emit(
        ConclusionSigned(
            sample_id=sample.id,
            conclusion_id=conclusion.id,
            verdict=conclusion.verdict,
            referral_id=conclusion.referral_id,
            occurred_at=uow.now,
        )
    )
    return conclusion


def sign_conclusions(
    uow: UnitOfWork, shown: Mapping[UUID, bytes], *, confirmed_at: datetime | None
) -> list[Conclusion]:
    """Sign several reports that were each looked at; all or none.

    Args:
        uow: the transaction of the signatory.
        shown: SHA-256 of the PDF that was on the screen, by report.
        confirmed_at: when the person last gave the password.

    Raises: as `sign_conclusion`, and
        InvalidInputError: nothing was chosen.
    """
    if not shown:
        raise InvalidInputError(_l("Choose at least one report."), field="reports")
    ordered = sorted(shown, key=str)
    return [sign_conclusion(uow, each, shown[each], confirmed_at=confirmed_at) for each in ordered]


def get_report_here(uow: UnitOfWork, report_id: UUID) -> TestReport:
    """The report, if it is one of the actor's laboratory.

    Raises:
        NotFoundError: no such report, or another laboratory's.
    """
    report = uow.session.get(TestReport, report_id)
    if report is None:
        raise NotFoundError
    test_set = uow.session.get_one(TestSet, report.test_set_id)
    if test_set.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    return report


def _check_shown(uow: UnitOfWork, report: TestReport, pdf_sha256: bytes) -> None:
    newest = newest_report(uow.session, report.sample_id)
    if newest is None or newest.id != report.id or report.pdf_sha256 != pdf_sha256:
        raise NotSignableError(_l("This is not the report that stands now. Open it again and look at it."))
    if report.signatory_id != uow.actor.require_person():
        raise NotSignableError(_l("This report names another approver. Have it composed in your name."))
    if report.issued_on != local_date(uow.now):
        raise NotSignableError(
            _l("This report is dated %(day)s. Have it composed again today.", day=report.issued_on.isoformat())
        )
    test_set = uow.session.get_one(TestSet, report.test_set_id)
    lock = last_lock(uow.session, test_set.id)
    if lock is None or lock.seq != report.lock_seq or test_set.state is not TestSetState.LOCKED:
        raise NotSignableError(_l("The results under this report went back to the bench."))
    stands = conclude_items(row.verdict for row in standing_results(uow.session, test_set.id).values())
    if stands.value != report.verdict.value:
        raise NotSignableError(_l("The results that stand do not give the conclusion of this report."))
