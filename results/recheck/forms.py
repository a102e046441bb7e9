"""Forms of the recheck."""

from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.recheck.types import RefusalReason
from results.referral.forms import without_nul
from results.referral.types import Addressee

MAX_TEXT = 1_000
REASONS: dict[RefusalReason, LazyString] = {
    RefusalReason.MICROBIOLOGICAL: _l("Microbiological item"),
    RefusalReason.BACKUP_EXPIRED: _l("Backup portion past its shelf life"),
    RefusalReason.LATE: _l("Too late"),
    RefusalReason.BACKUP_UNFIT: _l("Backup portion cannot serve"),
    RefusalReason.OTHER: _l("Another legal reason"),
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
    grounds = TextAreaField(_l("Grounds"), [required(), Length(max=MAX_TEXT), without_nul])


class RefusalForm(PageForm):
    """Why an application is refused."""

    reason = RadioField(
        _l("Reason of refusal"),
        [required()],
        choices=[SelectChoice(reason.value, name) for reason, name in REASONS.items()],
    )
    note = TextAreaField(_l("Reasons in writing"), [required(), Length(max=MAX_TEXT), without_nul])


class ConclusionForm(PageForm):
    """The report of the recheck laboratory."""

    report_no = StringField(_l("Report number"), [required(), Length(max=60), without_nul])
    file = FileField(_l("Report as a PDF or scan"))
