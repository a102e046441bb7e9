"""Composing, sending and acknowledging a 24-hour report."""

from datetime import datetime
from uuid import UUID

from lims.auth.login import check_confirmed
from lims.catalog.queries import get_parameter, get_region
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.files import store_file
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.queries import get_organisation, person_names
from lims.uow import UnitOfWork
from results.papers.urgent import UrgentLine, UrgentReportPaper, render_urgent_report
from results.queries import find_set, list_lines
from results.urgent import queries
from results.urgent.events import UrgentReportAcknowledged, UrgentReportSent
from results.urgent.models import UrgentReport
from results.urgent.queries import SEND, Danger, dangers
from results.urgent.rules import explain, with_unit
from results.urgent.types import Dispatch
from sampling.assembly import paper_organisation
from sampling.models import Sample, SamplingForm
from sampling.papers import Signature
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole
from sampling.words import official

SERIES, PREFIX = "urgent_report", "XS"  # 限 时
MOST_WORDS = 500


class NotUrgentError(ConflictError):
    """There is nothing to be sent, or not this file any more."""

    code = "not_urgent"


def compose_urgent_report(uow: UnitOfWork, blind_code: str, dispatch: Dispatch) -> UrgentReport:
    """Compose the report over locked results, naming the actor as its approver.

    From here on the signatory knows whose sample it is; the bench does not.

    Raises:
        NotFoundError: no such code in this laboratory.
        InvalidInputError: too long an explanation.
        NotUrgentError: the results are not locked, hold no serious danger, or were reported already.
        SeparationRefusedError: the actor tested or reviewed this sample, or stands on its sampling side.

    **Source:** domain.md §2.1 `send_urgent`, §4.2 (24小时限时报告).
    """
    if len(dispatch.explanation) > MOST_WORDS:
        raise InvalidInputError(
            _l(
                "The text has %(length)s characters, expected at most %(most)s.",
                length=len(dispatch.explanation),
                most=MOST_WORDS,
            ),
            field="explanation",
        )
    test_set = find_set(uow.session, blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    found = dangers(uow.session, test_set.lab_id, test_set_id=test_set.id)
    if not found:
        raise NotUrgentError(_l("The results of %(code)s have nothing that must be reported at once.", code=blind_code))
    claim_act(uow, sample_tuple(sample), DutyRole.SIGNATORY)
    before = queries.newest_report(uow.session, sample.id)
    report_no = before.report_no if before else _report_no(uow)
    paper = _paper(uow, sample, found[0], dispatch, report_no)
    report = UrgentReport(
        report_no=report_no,
        version=before.version + 1 if before else 1,
        sample_id=sample.id,
        test_set_id=test_set.id,
        lock_seq=found[0].lock.seq,
        lab_id=test_set.lab_id,
        regulator_id=sample.regulator_id,
        copies_to=list(dispatch.copies_to),
        explanation=dispatch.explanation.strip(),
        pdf_sha256=store_file(uow, render_urgent_report(paper)),
        signatory_id=uow.actor.require_person(),
        signatory_role=DutyRole.SIGNATORY,
        found_at=found[0].lock.locked_at,
        due_at=found[0].due_at,
        composed_at=uow.now,
    )
    uow.session.add(report)
    uow.session.flush()
    return report


def send_urgent_report(
    uow: UnitOfWork, report_id: UUID, pdf_sha256: bytes, *, confirmed_at: datetime | None
) -> UrgentReport:
    """Send exactly the file that was shown to the regulator of the sample.

    Raises:
        NotFoundError: no such report of this laboratory.
        ConfirmationNeededError: the password was given more than five minutes ago.
        NotUrgentError: another file, another approver, or results that went back to the bench.
        ConflictError: it was sent before.

    Emits: UrgentReportSent.
    """
    report = uow.session.get(UrgentReport, report_id)
    if report is None or report.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    get_sample_for_act(uow, report.sample_id)
    check_confirmed(confirmed_at, uow.now)
    newest = queries.newest_report(uow.session, report.sample_id)
    if newest is None or newest.id != report.id or report.pdf_sha256 != pdf_sha256:
        raise NotUrgentError(_l("This is not the report that stands now. Open it again and look at it."))
    if report.signatory_id != uow.actor.require_person():
        raise NotUrgentError(_l("This report names another approver. Have it composed in your name."))
    found = dangers(uow.session, report.lab_id, test_set_id=report.test_set_id)
    if not found or found[0].lock.seq != report.lock_seq:
        raise NotUrgentError(_l("This was sent already, or the results under it went back to the bench."))
    report.confirmed_at, report.sent_at = confirmed_at, uow.now
    uow.session.flush()
    uow.emit(UrgentReportSent(sample_id=report.sample_id, urgent_report_id=report.id, regulator_id=report.regulator_id))
    return report


def acknowledge_urgent_report(uow: UnitOfWork, report_id: UUID) -> UrgentReport:
    """The regulator has it and acts.

    Raises:
        NotFoundError: none was sent to this regulator.
        ConflictError: it was acknowledged before.

    Emits: UrgentReportAcknowledged.
    """
    report = uow.session.get(UrgentReport, report_id, with_for_update=True)
    if report is None or report.sent_at is None or report.regulator_id != uow.actor.require_organisation():
        raise NotFoundError
    if report.acknowledged_at is not None:
        raise ConflictError(_l("%(number)s was acknowledged already.", number=report.report_no))
    report.acknowledged_at, report.acknowledged_by_id = uow.now, uow.actor.require_person()
    uow.session.flush()
    uow.emit(UrgentReportAcknowledged(sample_id=report.sample_id, urgent_report_id=report.id))
    return report


def _report_no(uow: UnitOfWork) -> str:
    year = f"{local_date(uow.now):%Y}"
    return f"{PREFIX}{year}{take_number(uow, SERIES, year):05d}"


def _paper(uow: UnitOfWork, sample: Sample, found: Danger, dispatch: Dispatch, report_no: str) -> UrgentReportPaper:
    session, today = uow.session, local_date(uow.now)
    form = session.get_one(SamplingForm, sample.id)
    methods = {one.line.id: one.method.name if one.method else "/" for one in list_lines(session, found.test_set.id)}
    region = get_region(session, form.region_code)
    reviewer, approver = found.lock.reviewer_id, uow.actor.require_person()
    names = person_names(session, [reviewer, approver])
    return UrgentReportPaper(
        report_no=report_no,
        hours=int(get_parameter(session, SEND, local_date(found.lock.locked_at)).value),
        addressee=get_organisation(session, sample.regulator_id).name_zh,
        copies_to=dispatch.copies_to,
        lab=paper_organisation(get_organisation(session, found.test_set.lab_id)),
        lines=tuple(
            UrgentLine(
                sampling_no=sample.sampling_no,
                sample_name=form.product_name,
                dated=form.product_date.isoformat(),
                specification=form.specification,
                brand=form.brand,
                producer=form.producer_name,
                producer_address=form.producer_address,
                region=region.name_zh if region else form.region_code,
                place=official(form.place_kind),
                item=item.name_zh,
                method=methods.get(item.set_item_id, "/"),
                result=with_unit(item.result, item.unit),
                limit=with_unit(item.limit, item.unit),
                judgement_basis=item.basis,
                explanation="；".join(filter(None, (explain(item), dispatch.explanation.strip()))),
            )
            for item in found.items
        ),
        found_at=found.lock.locked_at,
        issued_at=uow.now,
        issued_on=today,
        reporter=Signature(names[reviewer], None, local_date(found.lock.locked_at)),
        approver=Signature(names[approver], None, today),
    )
