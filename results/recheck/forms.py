"""Forms of the recheck."""

from flask_wtf.file import FileField
from wtforms import (
    DateField,
    DateTimeLocalField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional

from lims.forms import MeasuredText, PageForm, required
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.recheck.types import Exclusion, RecheckClock, RefusalReason
from results.referral.forms import YES_OR_NO
from results.referral.types import Addressee

MAX_TEXT = 1_000
REASONS: dict[RefusalReason, LazyString] = {
    RefusalReason.MICROBIOLOGICAL: _l("Microbiological item"),
    RefusalReason.BACKUP_EXPIRED: _l("Backup portion past its shelf life"),
    RefusalReason.LATE: _l("Too late"),
    RefusalReason.BACKUP_UNFIT: _l("Backup portion cannot serve"),
    RefusalReason.OTHER: _l("Another legal reason"),
}
EXCLUSIONS: dict[Exclusion, LazyString] = {
    Exclusion.FIRST_LABORATORY: _l("Tested it first, or belongs to the group that did"),
    Exclusion.SAMPLING_SIDE: _l("Its group took the sample, or samples this food in the plan"),
    Exclusion.APPLICANTS_GROUP: _l("Belongs to the same group as the applicant"),
    Exclusion.LINKED: _l("Has a recorded interest link with the applicant"),
    Exclusion.DECLINED: _l("Declined this recheck"),
    Exclusion.OFF_THE_LIST: _l("Off the list: refused too often without cause"),
}
CLOCKS: dict[RecheckClock, LazyString] = {
    RecheckClock.DECIDE: _l("Decision on the application"),
    RecheckClock.ASSIGN: _l("Draw of the laboratory"),
    RecheckClock.HANDOVER: _l("Hand-over of the backup portion"),
    RecheckClock.REPORT: _l("Report of the recheck"),
}


class ApplicationForm(PageForm):
    """An application as it came in on paper."""

    applicant = RadioField(
        _l("Applicant"),
        [required()],
        choices=[
            SelectChoice(Addressee.SAMPLED_PARTY.value, _l("Sampled party")),
            SelectChoice(Addressee.NOMINAL_PRODUCER.value, _l("Nominal producer")),
        ],
    )
    items = SelectMultipleField(_l("Items to be tested again"), [required()])
    applied_on = DateField(_l("Applied on"), [required()])
    grounds = TextAreaField(_l("Grounds"), [required(), Length(max=MAX_TEXT)])


class RefusalForm(PageForm):
    """Why an application is refused."""

    reason = RadioField(
        _l("Reason of refusal"),
        [required()],
        choices=[SelectChoice(reason.value, name) for reason, name in REASONS.items()],
    )
    note = TextAreaField(_l("Reasons in writing"), [required(), Length(max=MAX_TEXT)])


class ConclusionForm(PageForm):
    """The report of the recheck laboratory."""

    report_no = StringField(_l("Report number"), [required(), Length(max=60)])
    file = FileField(_l("Report as a PDF or scan"))


class AcceptanceForm(PageForm):
    """Why an application is accepted although the program proposes to refuse it."""

    note = TextAreaField(_l("Why it is accepted all the same"), [required(), Length(max=MAX_TEXT)])


class DeclineForm(PageForm):
    """Why a laboratory that was drawn cannot do the recheck."""

    reason = TextAreaField(_l("Why this laboratory cannot do it"), [required(), Length(max=MAX_TEXT)])


class JudgementForm(PageForm):
    """Whether a laboratory had a cause to decline."""

    had_cause = RadioField(_l("Had it a cause?"), [required()], choices=YES_OR_NO)
    judgement = TextAreaField(_l("Grounds of the judgement"), [required(), Length(max=MAX_TEXT)])


class ExtensionForm(PageForm):
    """Until when a term runs, and why."""

    until = DateField(_l("New last day"), [required()])
    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_TEXT)])


class ReceiptForm(PageForm):
    """What the backup portion looked like when it came."""

    seal_no = StringField(_l("Number on the seal"), [required(), Length(max=60)])
    seal_intact = RadioField(_l("Is the seal intact?"), [required()], choices=YES_OR_NO)
    package_intact = RadioField(_l("Is the package intact?"), [required()], choices=YES_OR_NO)
    package_photo = FileField(_l("Photo of the package"))
    seal_photo = FileField(_l("Photo of the seal"))
    damage = TextAreaField(_l("What is damaged or does not agree"), [Length(max=MAX_TEXT)])


class LinkForm(PageForm):
    """An interest between a laboratory of the list and a business."""

    lab_id = SelectField(_l("Laboratory"), [required()])
    party_name = StringField(_l("Business"), [required(), Length(max=200)])
    party_uscc = StringField(_l("Its credit code"), [Length(max=18)])
    since = DateField(_l("First day"), [required()])
    until = DateField(_l("Last day"), [Optional()])
    reason = TextAreaField(_l("What links them"), [required(), Length(max=MAX_TEXT)])


class FeeForm(PageForm):
    """What a recheck costs."""

    amount = MeasuredText(_l("Fee"), [required()])


class AdvanceForm(PageForm):
    """The applicant has paid."""

    receipt_no = StringField(_l("Number of the receipt"), [required(), Length(max=60)])
    advanced_on = DateField(_l("Paid on"), [required()])


class RepaymentForm(PageForm):
    """The regulator has paid back."""

    voucher_no = StringField(_l("Number of the voucher"), [required(), Length(max=60)])
    repaid_on = DateField(_l("Paid back on"), [required()])


class WatchForm(PageForm):
    """When and where the first laboratory may watch."""

    begins_at = DateTimeLocalField(_l("Testing begins"), [required()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
    place = StringField(_l("Where it is tested"), [required(), Length(max=200)])
