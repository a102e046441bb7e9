"""Composing the report over locked results, and giving it back.

A report names its approver and carries the day it is issued, so it is composed when a signatory takes it up, not when
the reviewer locks: only then both are known, and nobody but who is about to sign learns whose sample it is.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.rules import ALPHABET, BODY_LENGTH, check_character
from lims import papers
from lims.clock import local_date
from lims.errors import ConflictError, NotFoundError
from lims.files import store_files
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.queries import get_person
from lims.uow import UnitOfWork
from results.models import TestReport, TestSet
from results.papers.assembly import as_translation, assemble_report
from results.papers.report import Language, TestReportPaper, render_test_report
from results.quality.services.holds import require_released
from results.queries import find_sets, gather_report, last_lock, newest_report, set_and_lock
from results.rules.conclusion import conclude
from results.services.review import give_back
from results.services.signing import NotSignableError, get_report_here
from results.types import SampleVerdict as Concluded
from results.types import TestSetState
from sampling.models import Sample
from sampling.services.separation import claim_act, get_sample_for_act, get_samples_for_act, sample_tuple
from sampling.types import DutyRole, SamplePurpose, SampleVerdict

SERIES = "test_report"
PREFIX = "JB"  # 检 报

_public_url: list[str] = []


def configure(public_url: str) -> None:
    """Say under which address the public reaches this installation: the QR code of every report leads there."""
    _public_url[:] = [public_url.rstrip("/")]


def check_url(code: str) -> str:
    """The public page that says whether a report is current."""
    return f"{_public_url[0]}/check/{code}"


def compose_report(uow: UnitOfWork, blind_code: str) -> TestReport:
    """Compose the report over the locked results of one set; as `compose_reports`."""
    [report] = compose_reports(uow, [blind_code])
    return report


def compose_reports(uow: UnitOfWork, blind_codes: Sequence[str]) -> list[TestReport]:
    """Compose reports over locked results, naming the actor as approver and today as their day; all or none.

    A report that stands already for its lock, signatory and day is returned as it is. The number is taken with the
    first version and kept by those that follow; numbers follow the order of the codes.

    Raises:
        NotFoundError: no such code in this laboratory.
        ResultsHeldError: quality control rejected a result after the lock.
        NotSignableError: the results are not locked or give no conclusion, or the actor may not sign for this food.
        SeparationRefusedError: the actor tested or reviewed this sample, or stands on its sampling side.
    """
    codes = list(dict.fromkeys(blind_codes))
    sets = find_sets(uow.session, codes, uow.actor.require_organisation())
    samples = get_samples_for_act(uow, [one.sample_id for one in sets.values()])
    composed, begun = [], []
    for code in codes:
        standing, paper = _draft(uow, sets[code], samples[sets[code].sample_id])
        composed.append(standing)
        if paper is not None:
            begun.append((standing, papers.begin(render_test_report, paper)))
    digests = store_files(uow, [laid_out.result() for _report, laid_out in begun])
    for (report, _laid_out), digest in zip(begun, digests, strict=True):
        report.pdf_sha256 = digest
        uow.session.add(report)
    uow.session.flush()
    return composed


def _draft(uow: UnitOfWork, test_set: TestSet, sample: Sample) -> tuple[TestReport, TestReportPaper | None]:
    """A report that still wants its file, with the paper to lay out; or the one that stands, and no paper."""
    if sample.purpose is not SamplePurpose.INSPECTION:
        raise NotFoundError(
            _l("Unknown code %(code)s.", code=test_set.blind_code)
        )  # a check is evaluated, not reported
    uow.session.refresh(test_set)
    lock = last_lock(uow.session, test_set.id)
    if lock is None or test_set.state is not TestSetState.LOCKED:
        raise NotSignableError(_l("The results of %(code)s are not locked.", code=test_set.blind_code))
    require_released(uow, test_set.id)
    claim_act(uow, sample_tuple(sample), DutyRole.SIGNATORY)
    person_id, today = uow.actor.require_person(), local_date(uow.now)
    newest = newest_report(uow.session, sample.id)
    stands_for = (lock.seq, person_id, today)
    if newest is not None and (newest.lock_seq, newest.signatory_id, newest.issued_on) == stands_for:
        return newest, None
    facts = gather_report(uow.session, test_set, lock, uow.now)
    verdict = conclude(one.result.verdict for one in facts.lines if one.result is not None)
    if verdict is Concluded.UNDECIDED:
        raise NotSignableError(_l("The results of %(code)s give no conclusion.", code=test_set.blind_code))
    code = _check_code()
    paper = assemble_report(
        facts,
        report_no=newest.report_no if newest else _report_no(uow),
        check_url=check_url(code),
        approver=get_person(uow.session, person_id),
        issued_on=today,
    )
    report = TestReport(
        report_no=paper.report_no,
        version=newest.version + 1 if newest else 1,
        sample_id=sample.id,
        test_set_id=test_set.id,
        lock_seq=lock.seq,
        check_code=code,
        verdict=SampleVerdict(verdict.value),
        signatory_id=person_id,
        issued_on=today,
        composed_at=uow.now,
    )
    return report, paper


def return_report(uow: UnitOfWork, report_id: UUID, reason: str) -> None:
    """Give a composed report back to the bench, as its signatory; only corrections by two persons follow.

    Raises:
        NotFoundError: no such report of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it is not the report that stands.
        WrongStateError: the report is signed, or was returned already.

    Emits: ResultsReturned.
    """
    report = get_report_here(uow, report_id)
    sample = get_sample_for_act(uow, report.sample_id)
    newest = newest_report(uow.session, sample.id)
    if newest is None or newest.id != report.id:
        raise ConflictError(_l("This is not the report that stands now. Open it again and look at it."))
    test_set = uow.session.get_one(TestSet, report.test_set_id, populate_existing=True)
    if test_set.state is not TestSetState.LOCKED:
        raise ConflictError(_l("The results under this report went back to the bench."))
    give_back(uow, test_set, sample, DutyRole.SIGNATORY, reason)


def translate_report(session: Session, report: TestReport) -> bytes:
    """The report in English, made from the same rows; it says which Chinese file is the signed one."""
    test_set, lock = set_and_lock(session, report)
    paper = assemble_report(
        gather_report(session, test_set, lock, report.composed_at),
        report_no=report.report_no,
        check_url=check_url(report.check_code),
        approver=get_person(session, report.signatory_id),
        issued_on=report.issued_on,
        language=Language.ENGLISH,
    )
    return render_test_report(replace(paper, remark=as_translation(paper, report)), Language.ENGLISH)


def _report_no(uow: UnitOfWork) -> str:
    year = str(local_date(uow.now).year)
    return f"{PREFIX}{year}{take_number(uow, SERIES, year):06d}"


def _check_code() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    return body + check_character(body)
